// GET /metrics, as Prometheus and whoever watches a server see it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { freePort } from "../support/server.mjs";
import { api, apiKey, connect, emit, eventually, login, startProgram, upgraded } from "./support.mjs";

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
const withPromtool = { skip: !hasPromtool && "promtool is not installed" };
const monitoring = fileURLToPath(new URL("../../examples/monitoring/", import.meta.url));
const checks = (args, input) => {
  const { status, stdout, stderr } = spawnSync("promtool", ["check", ...args], { input });
  return { status, said: `${stdout}${stderr}` };
};

/** What stands behind each series: {"signalbox_users_online": 3, …}. */
const values = (text) => Object.fromEntries(text.split("\n").filter((line) => line && !line.startsWith("#")).map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));

describe("GET /metrics", { timeout: 60000 }, () => {
  let server, metricsUrl, folder;
  const scrape = async () => {
    const response = await fetch(metricsUrl);
    assert.equal(response.status, 200);
    return response.text();
  };
  /** Once it says so. */
  const reads = (fits) => eventually(async () => {
    const now = values(await scrape());
    return fits(now) && now;
  });
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "signalbox-metrics-"));
    const port = await freePort();
    server = await startProgram({ METRICS_PORT: String(port), DATA_DIR: folder });
    metricsUrl = `http://127.0.0.1:${port}/metrics`;
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  test("is in the text format 0.0.4, and promtool finds nothing wrong with it", withPromtool, async () => {
    const response = await fetch(metricsUrl);
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert.deepEqual(checks(["metrics"], await response.text()), { status: 0, said: "" });
  });

  test("says under load what goes on: users, transports, logins, events, commits and receipts", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `user ${i}`);
    const sockets = await Promise.all(names.map((user) => login(server, { user })));
    await Promise.all(sockets.map(upgraded));
    const polling = await login(server, { user: "ada", transports: ["polling"] });
    const before = await reads((now) => now.signalbox_users_online === 21 && now.signalbox_websockets === 20 && now.signalbox_sessions === 21);
    assert.ok(before.signalbox_login_seconds_count >= 21);

    const rounds = 30;
    const work = async (user) => {
      for (let step = 0; step < rounds; ++step) await emit(server, user, "job_progress", { jobId: "7", progress: step });
      await emit(server, user, "job_completed", { jobId: "7", result: null });
    };
    await Promise.all(names.map(work));
    if (hasPromtool) assert.deepEqual(checks(["metrics"], await scrape()), { status: 0, said: "" });
    await Promise.all(sockets.map((socket) => socket.heard("job_completed")));
    const now = await reads((now) => now.signalbox_receipt_seconds_count - before.signalbox_receipt_seconds_count >= 20);
    const events = (rounds + 1) * names.length;
    assert.ok(now.signalbox_delivery_seconds_count - before.signalbox_delivery_seconds_count >= events);
    assert.ok(now.signalbox_commit_seconds_count > before.signalbox_commit_seconds_count);
    assert.ok(now.signalbox_turn_seconds_count > before.signalbox_turn_seconds_count);
    assert.ok(now.signalbox_turn_seconds_sum < 60 && now.signalbox_delivery_seconds_sum > 0);
    assert.ok(now.signalbox_cpu_seconds_total > 0 && now.signalbox_resident_memory_bytes > 1e6);
    sockets.forEach((socket) => socket.disconnect());
    polling.disconnect();
    const left = await reads((now) => now.signalbox_users_online === 0 && now.signalbox_sessions === 0 && now.signalbox_websockets === 0);
    assert.equal(left.signalbox_ready, 1);
  });

  test("names no user", async () => {
    const socket = await login(server, { user: "someone secret" });
    await emit(server, "someone secret", "job_failed", { jobId: "a job of theirs" });
    assert.doesNotMatch(await scrape(), /someone|a job of theirs/);
    socket.disconnect();
  });

  test("counts refused logins by what was wrong with the token", async () => {
    const before = values(await scrape());
    const socket = connect(server, { auth: { token: "no token" } });
    await socket.heard("unauthorized");
    const series = 'signalbox_logins_refused_total{reason="malformed"}';
    await reads((now) => now[series] === before[series] + 1);
  });

  test("takes a HEAD, and no other method", async () => {
    const head = await fetch(metricsUrl, { method: "HEAD" });
    assert.equal(head.status, 200);
    assert.ok(Number(head.headers.get("content-length")) > 1000);
    const post = await fetch(metricsUrl, { method: "POST", body: "x" });
    assert.deepEqual([post.status, post.headers.get("allow")], [405, "GET, HEAD"]);
  });

  test("is all that there is at METRICS_PORT: neither clients nor workers are served there", async () => {
    for (const path of ["/", "/healthz", "/api/presence", "/socket.io/?EIO=4&transport=polling", "/socket.io/socket.io.js"]) {
      const response = await fetch(new URL(path, metricsUrl), { headers: { Authorization: `Bearer ${apiKey}` } });
      assert.equal(response.status, 404, path);
    }
  });

  test("is at PORT as well, for whoever has API_KEY", async () => {
    const url = `${server.url}/metrics`;
    assert.equal((await fetch(url)).status, 401);
    const response = await fetch(url, { headers: { Authorization: `Bearer ${apiKey}` } });
    assert.equal(response.status, 200);
    assert.match(await response.text(), /^signalbox_users_online \d+$/m);
  });

  test("is answered to nobody where neither METRICS_PORT nor API_KEY is set", async () => {
    const closed = await startProgram({ API_KEY: "" });
    assert.equal((await fetch(`${closed.url}/metrics`)).status, 403);
    await closed.stop();
  });

  test("says that the server is not ready once it has been told to end", async () => {
    const port = await freePort();
    const ending = await startProgram({ METRICS_PORT: String(port), SHUTDOWN_DELAY_MS: "60000" });
    ending.child.kill("SIGTERM");
    await eventually(async () => values(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).signalbox_ready === 0);
    await ending.stop();
  });
});

describe("examples/monitoring", { timeout: 60000 }, () => {
  test("has alert rules that promtool takes", withPromtool, () => {
    const { status, said } = checks(["rules", join(monitoring, "alerts.yml")]);
    assert.equal(status, 0, said);
    assert.match(said, /SUCCESS: \d+ rules found/);
  });

  test("and its dashboard ask for series that there are", async () => {
    const { readFileSync } = await import("node:fs");
    const port = await freePort();
    const server = await startProgram({ METRICS_PORT: String(port) });
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    await server.stop();
    const types = Object.fromEntries([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));
    for (const file of ["alerts.yml", "dashboard.json"]) {
      const asked = new Set([...readFileSync(join(monitoring, file), "utf8").matchAll(/\bsignalbox_\w+/g)].map(([name]) => name));
      assert.ok(asked.size > 5, file);
      for (const name of asked) {
        const base = name.replace(/_(bucket|sum|count)$/, "");
        assert.ok(types[name] === "gauge" || types[name] === "counter" || types[base] === "histogram", `${file} asks for ${name}, which there is not`);
      }
    }
    const dashboard = JSON.parse(readFileSync(join(monitoring, "dashboard.json"), "utf8"));
    assert.deepEqual(dashboard.templating.list.map(({ name }) => name).filter((name) => name !== "datasource"), ["job", "instance"]);
  });
});
