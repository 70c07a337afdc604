// No accepted outcome is lost while a node with its disk, or Redis with its memory, is there; its user is told on any node.
import assert from "node:assert/strict";
import { test } from "node:test";

import { api, connect, emit, eventually, login } from "../e2e/support.mjs";
import { skip, withCluster } from "./cluster.mjs";
import { emitters } from "./emitters.mjs";

// What was received is not told again, so that each telling is for one that was not.
const env = { PRESENCE_EVENTS: "off", OUTCOME_REPLAY_MS: "0" };
const websocket = { transports: ["websocket"] };
const range = (count) => Array.from({ length: count }, (_, n) => n);

async function accepted(node, jobId, user = "ada") {
  assert.equal((await emit(node, user, "job_completed", { jobId, result: 1 })).status, 202);
}
/** It answers no ping: nothing of what it is told counts as received, however long it stays. */
function answerNoPing({ io: { engine } }) {
  const send = engine._sendPacket.bind(engine);
  engine._sendPacket = (type, ...rest) => type === "pong" || send(type, ...rest);
}
/** The jobs of the outcomes that a login on this node is told, in order. The client stays. */
async function toldAt(node, { receives = true } = {}) {
  const client = connect(node, { user: "ada", ...websocket });
  if (!receives) answerNoPing(client);
  await client.heard("authenticated");
  await emit(node, "ada", "end", null);
  await client.heard("end");
  client.jobs = client.inbox.all.filter(({ name }) => name === "job_completed").map(({ values: [{ jobId }] }) => jobId);
  return client;
}
/** Logs in again and again, each time without a receipt, until it is told just these. */
async function untilTold(node, jobs) {
  let told;
  const isTold = eventually(async () => {
    const client = await toldAt(node, { receives: false });
    client.disconnect();
    return String((told = client.jobs)) === String(jobs);
  }, 10000);
  await isTold.catch(() => assert.deepEqual(told, jobs));
}
/** The node on which the user is has noted the receipt. */
const received = (node, jobId, user = "ada") => eventually(async () => (await api(node, "GET", `/api/users/${user}/jobs/${jobId}`)).body.had, 10000);

async function assertToldNowhere(nodes) {
  for (const node of nodes) {
    const client = await toldAt(node);
    assert.deepEqual(client.jobs, []);
    client.disconnect();
  }
}

test("an outcome accepted on one node is told on another, once, and its receipt holds everywhere, through restarts", { skip }, withCluster({ env }, async ({ nodes }) => {
  const [a, b] = nodes;
  await accepted(a, "job");
  const client = await toldAt(b);
  assert.deepEqual(client.jobs, ["job"]);
  await received(b, "job");
  await received(a, "job"); // it has been told so
  client.disconnect();
  await assertToldNowhere(nodes);
  for (const node of nodes) {
    await node.kill();
    await node.start();
    await eventually(async () => (await fetch(`${node.url}/readyz`)).status === 200);
    await assertToldNowhere(nodes);
  }
}));

test("a client that is there is told at once, on whichever node, and once", { skip }, withCluster({ env }, async ({ nodes }) => {
  const clients = await Promise.all(nodes.map((node) => login(node, { user: "ada", ...websocket })));
  for (const [i, node] of nodes.entries()) await accepted(node, `job${i}`);
  for (const [i, client] of clients.entries()) {
    for (const n of range(3)) await client.inbox.take(({ name, values }) => name === "job_completed" && values[0].jobId === `job${n}`);
    await received(nodes[i], "job0");
    assert.deepEqual(client.inbox.all.filter(({ name }) => name === "job_completed"), []);
  }
  for (const node of nodes) for (const n of range(3)) await received(node, `job${n}`);
  clients.forEach((client) => client.disconnect());
  await assertToldNowhere(nodes);
}));

test("what one node was given is told in its order, on any node", { skip }, withCluster({ env }, async ({ nodes: [a, b, c] }) => {
  const jobs = range(300).map((n) => `job${n}`);
  for (const job of jobs) await accepted(a, job);
  for (const node of [b, c, a]) {
    const client = await toldAt(node, { receives: false });
    assert.deepEqual(client.jobs, jobs);
    client.disconnect();
  }
}));

test("a node that dies with its disk loses nothing that it answered 202", { skip }, withCluster({ env }, async ({ nodes: [a, b] }) => {
  for (const n of range(20)) await accepted(a, `job${n}`);
  await a.kill();
  a.forget();
  const client = await toldAt(b);
  assert.deepEqual(client.jobs, range(20).map((n) => `job${n}`));
  client.disconnect();
}));

for (const [what, forget] of [
  ["whose memory is flushed", ({ redis }) => redis.command("FLUSHALL")],
  ["that comes back without its memory", async ({ redis }) => {
    await redis.kill();
    redis.forget();
    await redis.start();
  }],
]) {
  test(`outcomes survive a Redis ${what}`, { skip }, withCluster({ env, redis: { appendonly: true } }, async (cluster) => {
    const [a, b] = cluster.nodes;
    const done = await toldAt(b);
    await accepted(a, "received");
    await done.heard("job_completed");
    await received(b, "received");
    done.disconnect();
    await eventually(async () => (await api(a, "GET", "/api/users/ada/jobs/received")).body.had); // it has been told so
    for (const n of range(5)) await accepted(a, `job${n}`);
    await forget(cluster);
    await untilTold(b, range(5).map((n) => `job${n}`));
  }));
}

test("with Redis away outcomes are accepted, told where they are, and everywhere when it is back", { skip }, withCluster({ env, redis: { appendonly: true } }, async ({ nodes: [a, b, c], redis }) => {
  const here = await toldAt(a, { receives: false }), there = await toldAt(b);
  await redis.kill();
  await accepted(a, "job");
  assert.equal((await here.heard("job_completed")).jobId, "job");
  here.disconnect();
  await redis.start();
  assert.equal((await there.heard("job_completed")).jobId, "job");
  await received(b, "job");
  there.disconnect();
  await eventually(async () => {
    const client = await toldAt(c);
    client.disconnect();
    return client.jobs.length === 0;
  });
}));

test("with a Redis that does not answer an outcome is accepted after a second", { skip }, withCluster({ env }, async ({ nodes: [a, b], redis }) => {
  redis.freeze();
  const begun = performance.now();
  await accepted(a, "job");
  const ms = performance.now() - begun;
  redis.thaw();
  assert.ok(ms < 5000, `it took ${ms} ms: Redis counts as away by then`);
  await untilTold(b, ["job"]);
}));

test("the newest progress of a job is told at a login on another node", { skip }, withCluster({ env }, async ({ nodes: [a, b] }) => {
  for (const progress of [10, 20, 30]) assert.equal((await emit(a, "ada", "job_progress", { jobId: "job", progress })).status, 202);
  await eventually(async () => {
    const client = await toldAt(b);
    client.disconnect();
    const told = client.inbox.all.filter(({ name }) => name === "job_progress").map(({ values: [{ progress }] }) => progress);
    return String(told) === "30";
  });
}));

test("nodes without a disk share their outcomes and receipts over Redis", { skip }, withCluster({ env: { ...env, DATA_DIR: "" } }, async ({ nodes }) => {
  const [a, b, c] = nodes;
  const clients = await Promise.all([b, c].map((node) => login(node, { user: "ada", ...websocket })));
  await accepted(a, "job");
  for (const client of clients) assert.equal((await client.heard("job_completed")).jobId, "job");
  for (const node of [b, c]) await received(node, "job");
  clients.forEach((client) => client.disconnect());
  await eventually(async () => (await api(a, "GET", "/api/users/ada/jobs/job")).body.had);
  await assertToldNowhere(nodes);
  await accepted(a, "kept");
  await a.kill();
  await untilTold(b, ["kept"]);
}));

test("past UNREAD_OUTCOMES_PER_USER on all nodes together a worker is refused with 429", { skip }, withCluster({ env: { ...env, UNREAD_OUTCOMES_PER_USER: "3" } }, async ({ nodes: [a, b, c] }) => {
  for (const [i, node] of [a, b, c].entries()) await accepted(node, `job${i}`);
  for (const node of [a, b, c]) assert.equal((await emit(node, "ada", "job_completed", { jobId: "one too many" })).status, 429);
  const client = await toldAt(b);
  assert.deepEqual(client.jobs.sort(), ["job0", "job1", "job2"]); // nothing orders what several nodes were given
  for (const job of client.jobs) await received(b, job);
  client.disconnect();
  await eventually(async () => (await emit(a, "ada", "job_completed", { jobId: "job3" })).status === 202); // the receipts are in Redis
}));

test("what an emitter emits twice is told twice", { skip }, withCluster({ env }, async ({ nodes: [a], redis }, t) => {
  const { emitter, end } = await emitters[0].open(redis);
  t.after(end);
  const client = await login(a, { user: "ada", ...websocket });
  for (let times = 0; times < 2; times++) {
    emitter.to("user:ada").emit("job_completed", { jobId: "job", result: 1 });
    await client.heard("job_completed");
    await received(a, "job");
  }
  client.disconnect();
}));

test("an emitter's outcome for a user who is on no node is kept by one of the nodes", { skip }, withCluster({ env }, async ({ nodes: [, b], redis }, t) => {
  const { emitter, end } = await emitters[0].open(redis);
  t.after(end);
  let job = 0;
  await eventually(async () => {
    emitter.to("user:ada").emit("job_completed", { jobId: `job ${++job}`, result: 1 });
    const client = await toldAt(b);
    client.disconnect();
    return client.inbox.all.some(({ name }) => name === "job_completed");
  });
}));

test("an emitter's outcome for a user who has just gone is kept", { skip }, withCluster({ env: { ...env, PRESENCE_GRACE_MS: "10000" } }, async ({ nodes: [a, b], redis }, t) => {
  const { emitter, end } = await emitters[0].open(redis);
  t.after(end);
  const client = await login(a, { user: "ada", ...websocket });
  client.disconnect();
  await eventually(async () => (await api(a, "GET", "/api/presence/ada")).body.connections === 0);
  emitter.to("user:ada").emit("job_completed", { jobId: "job", result: 1 });
  await untilTold(b, ["job"]);
}));
