// GET /metrics of nodes with Redis and a queue: what it says of them, and what Prometheus makes of it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { api, apiKey, eventually, login } from "../e2e/support.mjs";
import { checks, dashboardQueries, hasPromtool, Prometheus, skipWithoutPrometheus, values } from "../support/prometheus.mjs";
import { skip, withCluster } from "./cluster.mjs";

const stream = "signalbox:emit";
const row = (name) => `signalbox_queue_${name}{queue="${stream}",source="stream"}`;
const env = { SIGNALBOX_STREAM: stream };

const scrape = async (node) => {
  const { status, text } = await api(node, "GET", "/metrics");
  assert.equal(status, 200);
  return text;
};
const reads = (node, fits, ms) => eventually(async () => {
  const now = values(await scrape(node));
  return fits(now) && now;
}, ms);
const put = (redis, user, jobId) => redis.command("XADD", stream, "*", "userId", user, "event", "job_completed", "data", JSON.stringify({ jobId, result: 1 }));

test("a queue has its rows, and promtool finds nothing wrong with them", { skip }, withCluster({ nodes: 1, env }, async ({ nodes: [node], redis }) => {
  const before = await reads(node, (now) => now[row("events_total")] === 0);
  for (const name of ["outcomes_total", "outcomes_unattributed_total", "outcomes_refused_total", "gaps_total", "behind"]) assert.equal(before[row(name)], 0, name);
  for (let job = 0; job < 3; ++job) await put(redis, "ada", `${job}`);
  await redis.command("XADD", stream, "*", "userId", "ada", "event", "job_progress", "data", '{"jobId":"3","progress":5}');
  const after = await reads(node, (now) => now[row("events_total")] === 4 && now[row("outcomes_total")] === 3);
  assert.equal(after[row("behind")], 0);
  if (hasPromtool) assert.deepEqual(checks(["metrics"], await scrape(node)), { status: 0, said: "" });
}));

test("redis_up is 0 while Redis is away, and the rest is told all the same", { skip }, withCluster({ nodes: 1, env }, async ({ nodes: [node], redis }) => {
  const before = await reads(node, (now) => now.signalbox_redis_up === 1);
  assert.equal(before.signalbox_redis_reconnects_total, 0);
  await redis.kill();
  const away = await reads(node, (now) => now.signalbox_redis_up === 0);
  assert.equal(away.signalbox_ready, 1, "it serves alone");
  assert.ok(row("behind") in away, "the queue's rows stay");
  assert.deepEqual(Object.keys(away).sort(), Object.keys(before).sort(), "no series comes or goes");
  if (hasPromtool) assert.deepEqual(checks(["metrics"], await scrape(node)), { status: 0, said: "" });
  await redis.start();
  const back = await reads(node, (now) => now.signalbox_redis_up === 1, 20000);
  assert.equal(back.signalbox_redis_reconnects_total, 1);
}));

test("two nodes say the same of who is online, and each what it has told the other", { skip }, withCluster({ nodes: 2 }, async ({ nodes: [a, b] }) => {
  const sockets = await Promise.all([login(a, { user: "ada" }), login(b, { user: "bob" }), login(b, { user: "cy" })]);
  for (const node of [a, b]) await reads(node, (now) => now.signalbox_users_online === 3);
  const before = values(await scrape(b));
  for (let step = 0; step < 5; ++step) await api(a, "POST", "/api/emit", { userId: "bob", event: "job_progress", data: { jobId: "1", progress: step } });
  await api(a, "POST", "/api/emit", { userId: "bob", event: "job_completed", data: { jobId: "1" } });
  await sockets[1].heard("job_completed");
  const told = await reads(a, (now) => now.signalbox_events_to_other_nodes_total >= 6);
  assert.equal(told.signalbox_sessions, 1);
  await reads(b, (now) => now.signalbox_events_from_other_nodes_total - before.signalbox_events_from_other_nodes_total >= 6);
  sockets.forEach((socket) => socket.disconnect());
}));

test("Prometheus takes all of it, each panel of the dashboard shows something, and each alert can be judged", { skip: skip || skipWithoutPrometheus, timeout: 60000 }, withCluster({ nodes: 2, env }, async ({ nodes, redis }) => {
  const prometheus = await Prometheus.start(nodes.map(({ port }) => port), { apiKey });
  const socket = await login(nodes[0], { user: "ada" });
  let going = true;
  const worker = (async () => {
    for (let job = 0; going; ++job) await put(redis, "ada", `${job}`), await api(nodes[1], "POST", "/api/emit", { userId: "ada", event: "job_progress", data: { jobId: "x", progress: job } });
  })();
  try {
    await eventually(async () => (await prometheus.query("up == 1")).length === 2, 20000);
    const mayBeEmpty = new Set(["Limits reached, a second"]); // shows those alone that were reached
    for (const [title, expr] of dashboardQueries({ interval: "3s" }))
      await eventually(async () => (await prometheus.query(expr)).length > 0 || mayBeEmpty.has(title), 10000).catch(({ message }) => assert.fail(`${title}: ${expr}: ${message}`));
    const alerts = await eventually(async () => {
      const all = await prometheus.alerts();
      return all.length > 10 && all.every(({ health }) => health !== "unknown") && all;
    }, 10000);
    for (const { name, health, lastError } of alerts) assert.equal(health, "ok", `${name}: ${lastError}`);
    const ofTheMachine = new Set(["SignalboxSlowDisk", "SignalboxShardBusy"]); // one slow moment is all that these have seen
    assert.deepEqual(alerts.filter(({ name, state }) => state !== "inactive" && !ofTheMachine.has(name)).map(({ name }) => name), [], "all is well");
  } finally {
    going = false;
    await worker.catch(() => {});
    socket.disconnect();
    await prometheus.stop();
  }
}));
