// Presence speaks for all nodes: each client hears of each coming and going once, on whichever node it is, whatever dies.
import assert from "node:assert/strict";
import { test } from "node:test";

import { api, eventually, login } from "../e2e/support.mjs";
import { goneMs, graceMs, leaseMs, nodesOf, onlyLong, skip, withCluster } from "./cluster.mjs";
import { Crowd } from "./crowd.mjs";
import { troubles } from "./troubles.mjs";

const websocket = { transports: ["websocket"] };

/** A user who goes now is announced as gone when all graces that begin now are over. */
async function graceOver(crowd, node) {
  const name = `marker${crowd.homes.size}`;
  await crowd.enter(node, [name]);
  await crowd.told(() => "+", [name]);
  crowd.leave([name]);
  await crowd.told(() => "+-", [name]);
}

test("a user with tabs on two nodes comes once and goes once, on every node", { skip }, withCluster({}, async (cluster) => {
  const crowd = await Crowd.at(cluster), [a, b] = cluster.nodes;
  await crowd.enter(a, ["ada"]);
  const tab = await login(b, { user: "ada", ...websocket });
  await crowd.told(() => "+", ["ada"]);
  tab.disconnect();
  await graceOver(crowd, b);
  await crowd.told(() => "+", ["ada"], 0);
  await crowd.goneWith((name) => (name === "ada" ? "+" : "+-"));
}));

test("a user who moves to another node within the grace is not announced", { skip }, withCluster({}, async (cluster) => {
  const crowd = await Crowd.at(cluster), [a, b, c] = cluster.nodes;
  await crowd.enter(a, ["ada"]);
  await crowd.told(() => "+", ["ada"]);
  for (const node of [b, c, a]) {
    crowd.leave(["ada"]);
    await crowd.enter(node, ["ada"]);
    await graceOver(crowd, node);
  }
  await crowd.told(() => "+", ["ada"], 0);
  await crowd.goneWith((name) => (name === "ada" ? "+" : "+-"));
}));

test("a user who is away for longer than the grace goes and comes", { skip }, withCluster({}, async (cluster) => {
  const crowd = await Crowd.at(cluster), [a, b] = cluster.nodes;
  await crowd.enter(a, ["ada"]);
  await crowd.told(() => "+", ["ada"]);
  crowd.leave(["ada"]);
  await crowd.told(() => "+-", ["ada"]);
  await crowd.enter(b, ["ada"]);
  await crowd.told(() => "+-+", ["ada"]);
  await crowd.goneWith(() => "+-+");
}));

test("each node answers for all: who is online, how many connections, and who the nodes are", { skip }, withCluster({}, async (cluster) => {
  const [a, b] = cluster.nodes;
  const sockets = await Promise.all([a, a, b].map((node) => login(node, { user: "ada", ...websocket })));
  for (const node of cluster.nodes) {
    await eventually(async () => (await api(node, "GET", "/api/presence/ada")).body.connections === 3);
    assert.deepEqual((await api(node, "GET", "/api/presence/ada")).body, { userId: "ada", online: true, connections: 3 });
    assert.deepEqual((await api(node, "GET", "/api/presence")).body, { count: 1, users: ["ada"] });
  }
  const ids = await nodesOf(a);
  assert.equal(new Set(ids).size, 3);
  sockets.forEach((socket) => socket.disconnect());
  for (const node of cluster.nodes) {
    await eventually(async () => (await api(node, "GET", "/api/presence/ada")).body.online === false);
    assert.deepEqual((await api(node, "GET", "/api/presence/ada")).body, { userId: "ada", online: false, connections: 0 });
    assert.deepEqual(await nodesOf(node), ids);
  }
}));

test("a node killed under 100 of 300 users, of whom half come back elsewhere", { skip }, withCluster({}, async (cluster) => {
  const crowd = await Crowd.at(cluster, 100), [a, b, c] = cluster.nodes;
  const left = crowd.namesAt(a), back = left.filter((_, i) => i % 2), lost = left.filter((_, i) => i % 2 === 0);
  const killed = Date.now();
  await a.kill();
  crowd.leave(left);
  await Promise.all([crowd.enter(b, back.slice(25)), crowd.enter(c, back.slice(0, 25))]);
  const wanted = (name) => (lost.includes(name) ? "+-" : "+");
  await crowd.told(wanted, undefined, killed + goneMs - Date.now());
  await crowd.agreed();
  await cluster.whole();
  await a.start();
  await cluster.whole();
  await crowd.agreed();
  await crowd.goneWith(wanted);
}));

test("a node ended by SIGTERM announces nobody who comes back in time", { skip }, withCluster({}, async (cluster) => {
  const crowd = await Crowd.at(cluster, 20), [a, b, c] = cluster.nodes;
  const left = crowd.namesAt(a), back = left.slice(10), lost = left.slice(0, 10);
  const closed = Promise.all(left.map(async (name, i) => {
    await crowd.sockets.get(name).heard("disconnect");
    if (back.includes(name)) await crowd.enter([b, c][i % 2], [name]);
    else crowd.sockets.delete(name);
  }));
  assert.equal((await a.stop()).code, 0);
  await closed;
  const wanted = (name) => (lost.includes(name) ? "+-" : "+");
  await crowd.told(wanted);
  await crowd.agreed();
  await crowd.goneWith(wanted);
}));

for (const [what, { happens, rare }] of Object.entries(troubles)) {
  test(`nobody goes while ${what}`, { skip: skip || (rare && onlyLong) }, withCluster({ redis: { appendonly: true } }, async (cluster) => {
    const crowd = await Crowd.at(cluster, 20);
    await happens(cluster);
    await crowd.agreed();
    await cluster.whole();
    await graceOver(crowd, cluster.nodes[0]); // and whoever would be announced too late
    const wanted = (name) => (name.startsWith("marker") ? "+-" : "+");
    await crowd.told(wanted, undefined, 0);
    await crowd.goneWith(wanted);
  }));
}

test("while Redis is away each node goes on with its own users, and the others hear of it afterwards", { skip }, withCluster({ redis: { appendonly: true } }, async (cluster) => {
  const crowd = await Crowd.at(cluster, 5), [a] = cluster.nodes;
  const [gone] = crowd.namesAt(a);
  await cluster.redis.kill();
  await crowd.enter(a, ["new"]);
  crowd.leave([gone]);
  const here = (name, node) => (name === "new" ? (node === a ? "+" : "") : name === gone && node === a ? "+-" : "+");
  await crowd.told(here);
  await cluster.redis.start();
  const all = (name) => (name === gone ? "+-" : "+");
  await crowd.told(all);
  await crowd.agreed();
  await crowd.goneWith(all);
}));

// A node that nobody hears of for longer than its lease and the grace is taken for dead by the others; its users are back with it.
const silences = {
  "stands still": { begin: (node) => node.freeze(), end: (node) => node.thaw() },
  "is cut off from Redis": { begin: (node) => node.redis.down(), end: (node) => node.redis.up() },
};
for (const [what, { begin, end }] of Object.entries(silences)) {
  test(`a node that ${what} for longer than its lease and the grace`, { skip }, withCluster({}, async (cluster) => {
    const crowd = await Crowd.at(cluster, 20), [a] = cluster.nodes;
    const its = crowd.namesAt(a);
    begin(a);
    await crowd.told((name, node) => (its.includes(name) && node !== a ? "+-" : "+"), undefined, goneMs + 1000);
    end(a);
    const wanted = (name, node) => (its.includes(name) && node !== a ? "+-+" : "+");
    await crowd.told(wanted);
    await crowd.agreed();
    await cluster.whole();
    await crowd.goneWith(wanted);
  }));
}

test(`a node that is cut off from Redis for less than its lease`, { skip }, withCluster({ env: { NODE_LEASE_MS: "5000" } }, async (cluster) => {
  const crowd = await Crowd.at(cluster, 20), [a] = cluster.nodes;
  a.redis.down();
  await crowd.enter(a, ["new"]);
  await crowd.told((name, node) => (name === "new" && node !== a ? "" : "+"));
  a.redis.up();
  await crowd.told(() => "+");
  await crowd.agreed();
  await crowd.goneWith(() => "+");
}));

test("a worker who follows who is online on one node hears of the users of all", { skip }, withCluster({}, async (cluster) => {
  const [a, b] = cluster.nodes;
  const abort = new AbortController();
  const answer = await fetch(`${b.url}/api/presence`, { headers: { authorization: "Bearer a key for workers", accept: "text/event-stream" }, signal: abort.signal });
  let text = "";
  const reading = (async () => {
    for await (const part of answer.body) text += Buffer.from(part);
  })().catch(() => {});
  await eventually(() => text.includes("event: ready"));
  const ada = await login(a, { user: "ada", ...websocket });
  await eventually(() => text.includes('event: online\ndata: {"userId":"ada"}'));
  ada.disconnect();
  await eventually(() => text.includes('event: offline\ndata: {"userId":"ada"}'), graceMs + leaseMs + 5000);
  abort.abort();
  await reading;
}));
