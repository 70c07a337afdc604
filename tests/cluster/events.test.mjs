// An event reaches its user on whichever node that is: in order, byte for byte, and with Redis away on each node by itself.
import assert from "node:assert/strict";
import { test } from "node:test";

import { openSocketIo } from "../conformance/wire.mjs";
import { api, emit, eventually, login, token } from "../e2e/support.mjs";
import { Line } from "../support/line.mjs";
import { RedisServer } from "../support/redis_server.mjs";
import { startServer } from "../support/server.mjs";
import { common, nodesOf, skip, withCluster } from "./cluster.mjs";

const quiet = { PRESENCE_EVENTS: "off" };
const websocket = { transports: ["websocket"] };
const range = (count) => Array.from({ length: count }, (_, n) => n);

test("an event posted to one node arrives on the others, byte for byte", { skip }, withCluster({ env: quiet }, async ({ nodes: [a, ...others] }) => {
  const data = '{"a":1.0,"b":1e5,"n":12345678901234567890,"t":"\\u00e9 é \\ud83e\\udd8a"}';
  const wires = [];
  for (const node of [a, ...others]) {
    const wire = await openSocketIo(node.url);
    wire.send(`40${JSON.stringify({ token: token({ id: "ada" }) })}`);
    for (const packet of [/^40/, /^42\["authenticated"/]) assert.match(await wire.nextPacket(), packet);
    wires.push(wire);
  }
  assert.equal((await api(a, "POST", "/api/emit", `{"userId":"ada","event":"note","data":${data}}`)).status, 202);
  for (const wire of wires) {
    assert.equal(await wire.nextPacket(), `42["note",${data}]`);
    wire.close();
  }
}));

test("a worker's events come in order, and each once", { skip }, withCluster({ env: quiet }, async ({ nodes }) => {
  const clients = await Promise.all(nodes.map((node) => login(node, { user: "ada", ...websocket })));
  const work = async (worker, node) => {
    for (const part of range(100)) {
      const events = range(10).map((n) => ({ userId: "ada", event: "count", data: { worker, n: part * 10 + n } }));
      assert.equal((await api(node, "POST", "/api/emit", events)).status, 202);
    }
  };
  await Promise.all(nodes.map((node, worker) => work(worker, node)));
  for (const client of clients) {
    const next = nodes.map(() => 0);
    for (const _ of range(3000)) {
      const { worker, n } = await client.heard("count");
      assert.equal(n, next[worker]++, `of worker ${worker}`);
    }
    client.disconnect();
  }
}));

test("`online` counts the events whose user is on any node", { skip }, withCluster({ env: quiet }, async ({ nodes: [a, b, c] }) => {
  const clients = await Promise.all([[a, "ada"], [b, "grace"], [c, "grace"]].map(([node, user]) => login(node, { user, ...websocket })));
  const events = ["ada", "grace", "nobody", "grace"].map((userId) => ({ userId, event: "note", data: 1 }));
  for (const node of [a, b, c]) await eventually(async () => (await api(node, "POST", "/api/emit", events)).body.online === 3);
  clients.forEach((client) => client.disconnect());
  for (const node of [a, b, c]) await eventually(async () => (await api(node, "POST", "/api/emit", events)).body.online === 0);
}));

test("an event that is emitted behind `authenticated` arrives, whatever the node", { skip }, withCluster({ env: quiet }, async ({ nodes }) => {
  for (const n of range(100)) {
    // The same users again: their node has just left off hearing of them, or is about to.
    const node = nodes[n % 3], user = `user${n % 40}`;
    const client = await login(node, { user, ...websocket });
    assert.equal((await emit(nodes[(n + 1) % 3], user, "note", n)).status, 202);
    assert.equal(await client.heard("note"), n);
    assert.deepEqual(client.inbox.all.filter(({ name }) => name === "note"), []);
    client.disconnect();
  }
}));

test("progress is conflated for a slow client of another node, and its end comes", { skip }, withCluster({ nodes: 2, env: quiet }, async ({ nodes: [a, b] }) => {
  const line = await Line.to(b.port);
  const client = await login(line, { user: "ada", ...websocket });
  line.slow(100_000);
  const rounds = 40, jobs = 10;
  const progress = (round) => range(500).map((n) => ({ userId: "ada", event: "job_progress", data: { jobId: `job${n % jobs}`, progress: round, at: n, text: "x".repeat(1000) } }));
  for (const round of range(rounds)) assert.equal((await api(a, "POST", "/api/emit", progress(round))).status, 202);
  line.slow(Infinity);
  const last = new Map();
  let count = 0;
  while (last.size < jobs || [...last.values()].some(({ progress, at }) => progress < rounds - 1 || at < 500 - jobs)) {
    const data = await client.heard("job_progress");
    last.set(data.jobId, data);
    ++count;
  }
  assert.ok(count < rounds * 500, `all ${count} came`);
  client.disconnect();
  line.close();
}));

test("while Redis is away each node serves its own, and afterwards all again", { skip }, withCluster({ env: quiet }, async ({ nodes: [a, b], redis }) => {
  const before = await login(a, { user: "ada", ...websocket });
  await redis.kill();
  const ada = await login(a, { user: "ada", ...websocket });
  assert.deepEqual((await emit(a, "ada", "note", 1)).body, { accepted: 1, online: 1 });
  for (const client of [before, ada]) assert.equal(await client.heard("note"), 1);
  for (const path of ["/healthz", "/readyz"]) assert.equal((await fetch(a.url + path)).status, 200, path);
  await a.logged(/Redis/);
  await redis.start();
  await eventually(async () => {
    await emit(b, "ada", "back", 1);
    return [before, ada].every((client) => client.inbox.all.some(({ name }) => name === "back"));
  });
  [before, ada].forEach((client) => client.disconnect());
}));

test("a login does not wait for a Redis that is slow for longer than a second", { skip }, withCluster({ nodes: 1, env: quiet }, async ({ nodes: [a], redis }) => {
  redis.freeze();
  const begun = performance.now();
  const ada = await login(a, { user: "ada", ...websocket });
  const ms = performance.now() - begun;
  redis.thaw();
  assert.ok(ms < 2000, `it took ${ms} ms`);
  ada.disconnect();
}));

test("a node that starts without Redis serves its own, and is ready when Redis has come", { skip }, withCluster({ env: quiet }, async ({ nodes: [a, b], redis }) => {
  await a.kill();
  await redis.kill();
  await a.start();
  assert.equal((await fetch(`${a.url}/readyz`)).status, 503);
  assert.equal((await fetch(`${a.url}/healthz`)).status, 200);
  await a.logged(/Redis.*(connect|refused)/i);
  const ada = await login(a, { user: "ada", ...websocket });
  assert.equal((await emit(a, "ada", "note", 1)).status, 202);
  assert.equal(await ada.heard("note"), 1);
  await redis.start();
  await eventually(async () => (await fetch(`${a.url}/readyz`)).status === 200);
  await eventually(async () => {
    await emit(b, "ada", "from b", 1);
    return ada.inbox.all.some(({ name }) => name === "from b");
  });
  ada.disconnect();
}));

// What Redis says when it does not want us, and what of it an operator reads.
const refusals = {
  "a wrong password": { settings: ["requirepass sesame"], url: ":hocuspocus@", says: /password in REDIS_URL is wrong/ },
  "no password": { settings: ["requirepass sesame"], url: "", says: /password.*REDIS_URL/ },
  "a password that is not wanted": { settings: [], url: "nobody:hocuspocus@", says: /REDIS_URL/ },
  "a user who may not hear of channels": { users: ["user default off", "user sb on >hocuspocus ~* resetchannels +@all"], url: "sb:hocuspocus@", says: /ACL/ },
};
for (const [what, { settings, users, url, says }] of Object.entries(refusals)) {
  test(`with ${what} the server starts and says what to do, without the password`, { skip }, async () => {
    const redis = await RedisServer.start({ settings, users });
    const server = await startServer("signalbox", ["serve"], { ...common, DATA_DIR: "", REDIS_URL: `redis://${url}127.0.0.1:${redis.port}` });
    try {
      await eventually(() => says.test(server.child.log));
      assert.equal((await fetch(`${server.url}/readyz`)).status, 503);
      assert.ok(!server.child.log.includes("hocuspocus"), server.child.log);
      const ada = await login(server, { user: "ada", ...websocket });
      ada.disconnect();
    } finally {
      await server.stop("SIGKILL");
      await redis.stop();
    }
  });
}

test("nodes with another REDIS_PREFIX and REDIS_KEY are another system on the same Redis", { skip }, withCluster({ nodes: 2 }, async ({ nodes, redis }) => {
  const stranger = await startServer("signalbox", ["serve"], { ...common, DATA_DIR: "", REDIS_URL: redis.url, REDIS_PREFIX: "other", REDIS_KEY: "other" });
  try {
    await eventually(async () => (await fetch(`${stranger.url}/readyz`)).status === 200);
    const ada = await login(nodes[0], { user: "ada", ...websocket });
    const grace = await login(stranger, { user: "grace", ...websocket });
    assert.equal((await nodesOf(stranger)).length, 1);
    assert.deepEqual((await api(stranger, "GET", "/api/presence")).body.users, ["grace"]);
    for (const node of nodes) await eventually(async () => String((await api(node, "GET", "/api/presence")).body.users) === "ada");
    assert.deepEqual((await emit(nodes[1], "grace", "note", 1)).body, { accepted: 1, online: 0 });
    [ada, grace].forEach((client) => client.disconnect());
  } finally {
    await stranger.stop("SIGKILL");
  }
}));
