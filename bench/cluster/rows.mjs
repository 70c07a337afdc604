// The rows of the table: each measures one kind of server once, and tells one figure.
import { createRequire } from "node:module";

import { api } from "../../tests/e2e/support.mjs";
import { pause } from "../../tests/support/server.mjs";
import { Client, comeBack, heard, logins, prepareTokens } from "../../tests/support/light_clients.mjs";
import { cost, World } from "./world.mjs";

const peer = createRequire(new URL("../peers/socketio/server.js", import.meta.url));

async function inWorld(kind, count, options, measure) {
  const world = await World.open(kind, count, options);
  try {
    return await measure(world);
  } finally {
    await world.close();
  }
}

/** One client has its server emit `count` events to the users, who hear them all; again and again. */
async function bursts(emitter, clients, rounds, count) {
  for (let round = 0; round < rounds; ++round) {
    const before = clients.reduce((sum, { events }) => sum + events, 0);
    emitter.send(`42["bench_burst",${JSON.stringify({ count, users: clients.length })}]`);
    await heard(clients, before + count);
  }
}

/** µs of CPU an event, of all that take part: from the node at `from` to users of that at `to`. */
const emitted = (nodes, from, to, options = {}) => (kind, { scale }) =>
  inWorld(kind, nodes, options, async (world) => {
    const clients = await logins(1000, () => world.nodes[to].port);
    const emitter = await Client.login(world.nodes[from].port, "emitter");
    await pause(1500); // until all nodes know of each other
    await bursts(emitter, clients, 3, 10_000);
    const rounds = Math.ceil(20 * scale), taking = from === to ? [world.nodes[from]] : [world.nodes[from], world.nodes[to], world.redis];
    const used = await cost(taking, () => bursts(emitter, clients, rounds, 10_000));
    clients.concat(emitter).forEach((client) => client.close());
    return used / (rounds * 10_000);
  });

/** µs of CPU an event of those nodes that have nobody to tell: their median, so that one of them may keep outcomes. */
const bystanders = (kind, { scale }) =>
  inWorld(kind, 10, {}, async ({ nodes, redis }) => {
    const { Redis } = peer("ioredis"), { Emitter } = peer("@socket.io/redis-emitter");
    const clients = await logins(100, () => nodes[0].port);
    const client = new Redis(redis.port), emitter = new Emitter(client);
    const count = Math.ceil(100_000 * scale), others = nodes.slice(1);
    const publish = async () => {
      for (let i = 0; i < count; ++i) {
        emitter.to(`user:user-${i % 100}`).emit("job_progress", { jobId: `job-${i}`, progress: i % 101, status: "processing" });
        if (i % 1000 === 999) await client.ping();
      }
      await heard(clients, count);
    };
    await pause(1500);
    const begun = performance.now();
    const used = [];
    await publishing(others, publish, used);
    const ms = performance.now() - begun;
    const idle = [];
    await publishing(others, () => pause(ms), idle);
    clients.forEach((each) => each.close());
    client.disconnect();
    const more = used.map((each, i) => (each - idle[i]) / count).sort((one, other) => one - other);
    return Math.max(0, more[Math.floor(more.length / 2)]);
  });
/** What each of them uses meanwhile. */
async function publishing(nodes, act, used) {
  let done;
  const over = new Promise((resolve) => (done = resolve));
  const all = nodes.map((node) => cost([node], () => over));
  await act();
  done();
  used.push(...(await Promise.all(all)));
}

/** p50 in µs from a worker's socket on one node to a user's on another, at 5,000 events a second. */
const latency = (kind, { scale }) =>
  inWorld(kind, 2, {}, async ({ nodes }) => {
    const clients = await logins(100, () => nodes[1].port), times = [];
    const worker = await Client.login(nodes[0].port, "worker");
    for (const client of clients) client.onEvent = (bytes) => times.push(performance.now() - JSON.parse(bytes.subarray(2).toString())[1].at);
    await pause(1500);
    const count = Math.ceil(25_000 * scale), begun = performance.now();
    for (let i = 0; i < count; ) {
      for (; i < count && i < (performance.now() - begun) * 5; ++i)
        worker.send(`42["bench_emit",${JSON.stringify({ userId: `user-${i % 100}`, jobId: `job-${i}`, at: performance.now() })}]`);
      await new Promise(setImmediate);
    }
    await heard(clients, count);
    clients.concat(worker).forEach((client) => client.close());
    return times.sort((one, other) => one - other)[Math.floor(times.length / 2)] * 1000;
  });

/** µs of CPU of its node a login. */
const login = (nodes, options) => (kind, { scale }) =>
  inWorld(kind, nodes, options, async (world) => {
    const count = Math.ceil(5000 * scale);
    prepareTokens(count);
    for (const client of await logins(200, () => world.nodes[0].port)) client.close();
    await pause(500);
    let clients;
    const used = await cost([world.nodes[0]], async () => (clients = await logins(count, () => world.nodes[0].port)));
    clients.forEach((client) => client.close());
    return used / count;
  });

/** Seconds from the kill of one of three nodes until its users are back on the others and all nodes say so. */
const killed = (kind, { scale }) =>
  inWorld(kind, 3, {}, async (world) => {
    const count = Math.ceil(19_000 * scale), [dead, ...others] = world.nodes;
    prepareTokens(count);
    const clients = await logins(count, (i) => world.nodes[i % 3].port);
    const begun = performance.now();
    await world.kill(dead);
    const back = clients.filter((_, i) => i % 3 === 0).map((client, i) => comeBack(client.user, others[i % 2].port));
    const again = await Promise.all(back);
    if (kind === "signalbox") while (!(await Promise.all(others.map((node) => isRight(node, count, 2)))).every(Boolean)) await pause(50);
    const seconds = (performance.now() - begun) / 1000;
    clients.concat(again).forEach((client) => client.close());
    return seconds;
  });
async function isRight(node, users, nodes) {
  const [presence, living] = await Promise.all([api(node, "GET", "/api/presence?limit=1"), api(node, "GET", "/api/nodes")]);
  return presence.body?.count === users && living.body?.nodes?.length === nodes;
}

const alone = { redis: false };
/** What each row is called, and how it is measured. */
export const rows = [
  ["emitted on one node, delivered on another: CPU of both and Redis, µs an event", emitted(2, 0, 1)],
  ["redis-emitter to users of one of ten nodes: CPU of each other node, µs an event", bystanders],
  ["emitted to the same node, with Redis: CPU, µs an event", emitted(2, 0, 0)],
  ["emitted to the same node, without Redis: CPU, µs an event", emitted(1, 0, 0, alone)],
  ["worker on one node, client on another, 5,000/s: p50, µs", latency],
  ["login, with Redis: CPU, µs", login(2, {})],
  ["login, without Redis: CPU, µs", login(1, alone)],
  ["19,000 users, one of three nodes killed: until all are back, s", killed],
].map(([name, measure]) => ({ name, measure }));

const ours = "signalbox", theirs = "socket.io";
/** What is to be reached: how it comes from the medians (row's number, kind), at least, aim; more is better. */
export const bars = [
  { what: "events to another node against Socket.IO, times less CPU", value: (of) => of(0, theirs) / of(0, ours), least: 8, aim: 15, more: true },
  { what: "CPU of a node that has nobody to tell, of that of a delivery", value: (of) => of(1, ours) / of(0, ours), least: 0.01, aim: 0.01 },
  { what: "emit to the same node with Redis, of that without", value: (of) => of(2, ours) / of(3, ours), least: 1.1, aim: 1.03 },
  { what: "latency to another node, of Socket.IO's", value: (of) => of(4, ours) / of(4, theirs), least: 1, aim: 0.7 },
  { what: "login with Redis, of one without", value: (of) => of(5, ours) / of(6, ours), least: 2, aim: 1.4 },
  { what: "a node killed: seconds until all is right, of lease + grace + 2", value: (of) => of(7, ours) / 12, least: 1, aim: 1 },
];
