// examples/monitoring: what Prometheus and Grafana are given to read GET /metrics with.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { checks, dashboard, dashboardQueries, rulesFile, withFile, withPromtool } from "../support/prometheus.mjs";
import { freePort } from "../support/server.mjs";
import { startProgram } from "./support.mjs";

const rules = readFileSync(rulesFile, "utf8");

test("the alert rules are such as promtool takes", withPromtool, () => {
  const { status, said } = checks(["rules", rulesFile]);
  assert.equal(status, 0, said);
  assert.match(said, /SUCCESS: \d+ rules found/);
});

test("each query of the dashboard is one of PromQL", withPromtool, () => {
  const queries = dashboardQueries();
  assert.ok(queries.length > 30);
  assert.deepEqual(queries.filter(([, expr]) => expr.includes("$")), [], "a variable that Grafana does not know");
  for (const [title, expr] of queries) {
    const { status, said } = withFile(["check", "rules"], { groups: [{ name: "dashboard", rules: [{ record: "one", expr }] }] });
    assert.equal(status, 0, `${title}: ${said}`);
  }
});

test("rules and dashboard ask for series that there are", async () => {
  const port = await freePort();
  const server = await startProgram({ METRICS_PORT: String(port) });
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  await server.stop();
  const types = Object.fromEntries([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));
  for (const [file, content] of Object.entries({ "alerts.yml": rules, "dashboard.json": JSON.stringify(dashboard) })) {
    const asked = new Set([...content.matchAll(/\bsignalbox_\w+/g)].map(([name]) => name));
    assert.ok(asked.size > 5, file);
    for (const name of asked) {
      const base = name.replace(/_(bucket|sum|count)$/, "");
      assert.ok(types[name] === "gauge" || types[name] === "counter" || types[base] === "histogram", `${file} asks for ${name}, which there is not`);
    }
  }
});

test("the dashboard can be imported: it asks for its source, its job and its instance, and no two panels lie on each other", () => {
  assert.deepEqual(dashboard.templating.list.map(({ name }) => name), ["datasource", "job", "instance"]);
  const ids = dashboard.panels.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const taken = new Set();
  for (const { title, type, targets = [], datasource, gridPos: { x, y, w, h } } of dashboard.panels) {
    assert.ok(x >= 0 && w > 0 && h > 0 && x + w <= 24, title);
    for (let row = y; row < y + h; ++row)
      for (let column = x; column < x + w; ++column) {
        assert.ok(!taken.has(`${row} ${column}`), `${title} lies on another`);
        taken.add(`${row} ${column}`);
      }
    if (type === "row") continue;
    assert.equal(datasource.uid, "${datasource}", title);
    assert.ok(targets.length > 0, title);
    assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
  }
});

/** By alert: series of a node in trouble, for so many minutes, with the labels that the alert then has; and series of nodes that are well.
    "1+10x60": 1, and 60 times 10 more, a minute each. */
const node = 'job="signalbox",instance="n"';
const seconds = (name, slow, times = 120) => ({
  [`signalbox_${name}_seconds_bucket{${node},le="0.00128"}`]: slow ? `0x${times}` : `0+100x${times}`,
  [`signalbox_${name}_seconds_bucket{${node},le="1.31072"}`]: `0+100x${times}`,
  [`signalbox_${name}_seconds_bucket{${node},le="+Inf"}`]: `0+100x${times}`,
});
const series = (name, values, labels = "") => ({ [`${name}{${node}${labels}}`]: values });
const alone = { job: "signalbox", instance: "n" };
const cases = {
  SignalboxDown: { sick: series("up", "0x10"), well: series("up", "1x10"), after: "2m", labels: alone },
  SignalboxNotReady: { sick: series("signalbox_ready", "0x10"), well: series("signalbox_ready", "1x10"), after: "3m", labels: alone },
  SignalboxDiskRefuses: { sick: series("signalbox_store_ready", "0x10"), well: series("signalbox_store_ready", "1x10"), after: "2m", labels: alone },
  SignalboxSlowDisk: { sick: seconds("commit", true), well: seconds("commit", false), after: "30m", labels: { instance: "n" } },
  SignalboxRedisGone: { sick: series("signalbox_redis_up", "1x10 0x10"), well: series("signalbox_redis_up", "0x20"), after: "15m", labels: alone },
  SignalboxMessagesLost: { sick: series("signalbox_redis_messages_not_taken_total", "0x5 3x10"), well: series("signalbox_redis_messages_not_taken_total", "3x15"), after: "10m", labels: alone },
  SignalboxConnectionsNearlyFull: {
    sick: { ...series("signalbox_connections", "90x20"), ...series("signalbox_connections_limit", "100x20") },
    well: { ...series("signalbox_connections", "80x20"), ...series("signalbox_connections_limit", "100x20") }, after: "10m", labels: alone,
  },
  SignalboxLimitReached: { sick: series("signalbox_limits_reached_total", "0+5x60", ',limit="MAX_CONNECTIONS"'), well: series("signalbox_limits_reached_total", "0x30 1x30", ',limit="MAX_CONNECTIONS"'), after: "45m", labels: { instance: "n", limit: "MAX_CONNECTIONS" } },
  SignalboxEmitsRefused: { sick: series("signalbox_emits_refused_total", "0+5x30", ',reason="overloaded"'), well: series("signalbox_emits_refused_total", "7x30", ',reason="overloaded"'), after: "15m", labels: { instance: "n", reason: "overloaded" } },
  SignalboxLoginsRefused: {
    sick: { ...series("signalbox_logins_refused_total", "0+120x60", ',reason="signature"'), ...series("signalbox_login_seconds_count", "0+60x60") },
    well: { ...series("signalbox_logins_refused_total", "0+120x60", ',reason="expired"'), ...series("signalbox_login_seconds_count", "0+600x60") }, after: "30m", labels: { instance: "n" },
  },
  SignalboxShardBusy: { sick: seconds("turn", true), well: seconds("turn", false), after: "30m", labels: { instance: "n" } },
  SignalboxOutcomesUnread: { sick: series("signalbox_outcomes_expired_unread_total", "0+10x90"), well: series("signalbox_outcomes_expired_unread_total", "0+1x90"), after: "80m", labels: alone },
  SignalboxQueueBehind: { sick: series("signalbox_queue_behind", "2000x20", ',queue="image",source="bullmq"'), well: series("signalbox_queue_behind", "20x20", ',queue="image",source="bullmq"'), after: "10m", labels: { ...alone, queue: "image", source: "bullmq" } },
};
const severity = Object.fromEntries([...rules.matchAll(/alert: (\w+)[^]*?severity: (\w+)/g)].map(([, name, said]) => [name, said]));

describe("of the alerts", () => {
  test("each has a case here", () => assert.deepEqual(Object.keys(severity).sort(), Object.keys(cases).sort()));

  for (const [name, { sick, well, after, labels }] of Object.entries(cases)) {
    for (const [what, input, firing] of [["fires for a node in trouble", sick, true], ["leaves a node alone that is well", well, false]]) {
      test(`${name} ${what}`, withPromtool, () => {
        const { status, said } = withFile(["test", "rules"], {
          rule_files: [rulesFile], evaluation_interval: "1m",
          tests: [{
            interval: "1m", input_series: Object.entries(input).map(([series, values]) => ({ series, values })),
            promql_expr_test: [{
              expr: `count by (alertname, instance, limit, reason, queue, source, job, severity) (ALERTS{alertname="${name}",alertstate="firing"})`, eval_time: after,
              exp_samples: firing ? [{ labels: labelsText({ alertname: name, severity: severity[name], ...labels }), value: 1 }] : [],
            }],
          }],
        });
        assert.equal(status, 0, said);
      });
    }
  }
});

function labelsText(labels) {
  return `{${Object.entries(labels).map(([name, value]) => `${name}="${value}"`).join(",")}}`;
}
