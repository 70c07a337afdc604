// Polling answers that are lost on their way, while a browser or a proxy repeats the request by itself.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { connect, emit, eventually, login, startLibrary, startProgram } from "../e2e/support.mjs";
import { RepeatingProxy } from "../support/repeating_proxy.mjs";
import { randomOf } from "./works.mjs";

const outcomes = 40;
const patience = { transports: ["polling"], reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 100 };

/** Once for each GET, however it is repeated. */
const onceEach = (how) => {
  const seen = new Set();
  return ({ method, target }) => (method === "GET" && !seen.has(target) && seen.add(target) ? how : undefined);
};

describe("outcomes over polling", () => {
  let server, proxy, sockets, user = 0;
  before(async () => (server = await startProgram({ OUTCOME_REPLAY_MS: "0", PRESENCE_EVENTS: "off", LOG_LEVEL: "off" })));
  after(() => server.stop());
  beforeEach(() => user++);

  const through = (run) => async () => {
    proxy = await RepeatingProxy.to(server.port);
    sockets = [];
    try {
      await run(`user ${user}`);
    } finally {
      sockets.forEach((socket) => socket.disconnect()); // or one that a failure leaves comes back for ever
      proxy.close();
    }
  };
  const makeOutcomes = async (name) => {
    for (let i = 0; i < outcomes; ++i) {
      const { status } = await emit(server, name, "job_completed", { jobId: `job ${i}`, result: "x".repeat(1000) });
      assert.equal(status, 202);
    }
  };
  /** A client that writes down what it hears. */
  const listener = (name, options) => {
    const socket = connect(proxy, { user: name, ...patience, ...options });
    sockets.push(socket);
    socket.jobs = [];
    socket.on("job_completed", ({ jobId }) => socket.jobs.push(jobId));
    return socket;
  };
  const all = Array.from({ length: outcomes }, (_, i) => `job ${i}`);
  /** What a login is told that reaches the server on a good line. */
  const unread = async (name) => {
    const socket = await login(server, { user: name, transports: ["websocket"] });
    await emit(server, name, "last", null); // behind the replay
    const jobs = [];
    for (let item; (item = await socket.inbox.take()).name !== "last"; ) if (item.name === "job_completed") jobs.push(item.values[0].jobId);
    socket.disconnect();
    return jobs;
  };

  for (const how of ["read", "reset"])
    test(`each answer is lost once (${how}): each outcome arrives once, and then counts as received`, { timeout: 60000 }, through(async (name) => {
      await makeOutcomes(name);
      proxy.loses = onceEach(how);
      const socket = listener(name);
      await eventually(() => socket.jobs.length >= outcomes, 20000);
      assert.deepEqual(socket.jobs, all);
      assert.ok(proxy.lost >= 4, `${proxy.lost} answers were lost`);
      await eventually(async () => (await unread(name)).length === 0, 20000);
      assert.deepEqual(socket.jobs, all);
      socket.disconnect();
    }));

  test("an answer is lost and the line with it: what did not arrive is unread", { timeout: 60000 }, through(async (name) => {
    await makeOutcomes(name);
    let answers = 0;
    proxy.loses = ({ method }) => (method === "GET" && ++answers >= 3 ? (proxy.down(), "read") : undefined); // the open packet, the first part, and no more
    const socket = listener(name, { reconnection: false });
    await socket.heard("disconnect", 20000);
    const heard = socket.jobs;
    assert.ok(heard.length < outcomes);
    const left = await eventually(async () => unread(name), 20000);
    assert.deepEqual([...new Set([...heard, ...left])].sort(), [...all].sort());
  }));

  test("a GET that waits is repeated while the server takes the first for alive: the session goes on", { timeout: 60000 }, through(async (name) => {
    const socket = listener(name);
    const ends = [];
    socket.on("disconnect", (reason) => ends.push(reason));
    await socket.heard("authenticated");
    const over = setInterval(() => proxy.repeatWaiting(2), 5); // once each: how long one waits is the machine's to say
    await makeOutcomes(name);
    await eventually(() => socket.jobs.length >= outcomes, 20000).finally(() => clearInterval(over));
    assert.deepEqual([socket.jobs, ends], [all, []]);
    socket.disconnect();
  }));

  test("answers to every kind of request are lost at random, over several lives: every outcome arrives", { timeout: 60000 }, through(async (name) => {
    const random = randomOf(user);
    proxy.loses = () => (random() < 0.3 ? (random() < 0.5 ? "read" : "reset") : undefined);
    const socket = listener(name);
    const cuts = setInterval(() => (random() < 0.1 ? proxy.cut() : proxy.repeatWaiting()), 50);
    await makeOutcomes(name);
    await eventually(() => new Set(socket.jobs).size === outcomes, 50000).finally(() => clearInterval(cuts));
    socket.disconnect();
  }));
});

test("each answer to a POST is lost once: each event is handled once", { timeout: 60000 }, async () => {
  const server = await startLibrary({ LOG_LEVEL: "off" });
  const proxy = await RepeatingProxy.to(server.port);
  const seen = new Set();
  proxy.loses = ({ method, target }) => (method === "POST" && !seen.has(target) && seen.add(target) ? (seen.size % 2 ? "read" : "reset") : undefined);
  const socket = await login(proxy, { user: "user", transports: ["polling"] });
  const mirrored = [];
  socket.on("mirrored", (number) => mirrored.push(number));
  for (let i = 0; i < 20; ++i) {
    socket.emit("mirror", i);
    await socket.heard("mirrored");
  }
  await socket.emitWithAck("ask", 1);
  assert.deepEqual(mirrored, [...Array(20).keys()]);
  assert.ok(proxy.lost >= 20, `${proxy.lost} answers were lost`);
  socket.disconnect();
  proxy.close();
  await server.stop();
});
