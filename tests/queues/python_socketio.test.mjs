// What a Python process emits through python-socketio's write-only manager reaches our clients, on whichever node they are.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Redis } from "ioredis";

import { eventually, login } from "../e2e/support.mjs";
import { skip as skipWithoutRedis } from "../cluster/cluster.mjs";
import { skipWithoutPython, startPython } from "./python.mjs";
import { env, pageOf, read, withQueues } from "./queues.mjs";

const skip = skipWithoutRedis || skipWithoutPython;
const two = { nodes: 2, env: { ...env, PYTHON_SOCKETIO_CHANNEL: "socketio" } };

/** Two sockets of 42 and one of 7 on two nodes, and `emit`, which is Python: `"event", data, room="user:42"`. */
async function town({ nodes, redis }, t) {
  const sockets = [];
  for (const [node, user] of [[nodes[0], "42"], [nodes[1], "42"], [nodes[1], "7"]]) sockets.push(await login(node, { user, transports: ["websocket"] }));
  t.after(() => sockets.forEach((socket) => socket.disconnect()));
  const child = startPython(t, ["socketio_emits.py", redis.url, "socketio"]);
  await read(nodes, ["socketio"]);
  const emit = (call) => child.order(`emit(${call})`);
  // Nodes may be about to listen: each hears this, now or later.
  await eventually(async () => (await emit('"hello", 1'), sockets.every(({ inbox }) => inbox.all.some(({ name }) => name === "hello"))));
  return { sockets, emit, heard: heardBy(sockets, emit) };
}

/** The ways of an event: by one node and the users' ledgers, by each node to everybody, by each node to single sockets. Each keeps its order. */
const ways = ['room=["user:42", "user:7"]', "room=None", 'skip_sid="nobody"'];
/** What each socket has heard before the event that comes last on each way. */
const heardBy = (sockets, emit) => {
  let marks = 0;
  return async () => {
    for (const way of ways) {
      const mark = `mark${++marks}`;
      await emit(`"${mark}", None, ${way}`);
      for (const socket of sockets) await socket.heard(mark);
    }
    const heard = sockets.map(({ inbox }) => inbox.all.filter(({ name }) => name !== "hello" && !name.startsWith("mark")).map(({ name, values }) => [name, ...values]));
    sockets.forEach(({ inbox }) => inbox.clear());
    return heard;
  };
};

const progress = { jobId: "7", progress: 50, status: "processing" };
const python = JSON.stringify(progress);
const cases = {
  "to a user": [`"job_progress", ${python}, room="user:42"`, ["job_progress", progress], [0, 1]],
  "to a user by `to`": [`"note", "é🚀", to="user:7"`, ["note", "é🚀"], [2]],
  "to two users": [`"note", 1, room=["user:42", "user:7"]`, ["note", 1], [0, 1, 2]],
  "to everybody": [`"note", [1, [2]]`, ["note", [1, [2]]], [0, 1, 2]],
  "to no room of a list": [`"note", 1, room=[]`, ["note", 1], []],
  "to nobody who is there": [`"note", 1, room="user:nobody"`, ["note", 1], []],
  "nothing": [`"note", None, room="user:7"`, ["note"], [2]],
  "two arguments": [`"note", ("a", 2), room="user:42"`, ["note", "a", 2], [0, 1]],
  "bytes": [`"note", {"b": b"\\x00\\xff", "n": [b"x"]}, room="user:7"`, ["note", { b: Buffer.from([0, 255]), n: [Buffer.from("x")] }], [2]],
};

describe("the manager of python-socketio", () => {
  test("emits", { skip }, withQueues(two, async (cluster, t) => {
    const { emit, heard, sockets } = await town(cluster, t);
    await heard();
    for (const [what, [call, event, who]] of Object.entries(cases)) {
      await t.test(what, async () => {
        await emit(call);
        assert.deepEqual(await heard(), [0, 1, 2].map((i) => (who.includes(i) ? [event] : [])));
      });
    }
    await t.test("to all but a socket, or but some", async () => {
      await emit(`"note", 1, room="user:42", skip_sid="${sockets[0].id}"`);
      assert.deepEqual(await heard(), [[], [["note", 1]], []]);
      await emit(`"note", 1, skip_sid=["${sockets[0].id}", "${sockets[2].id}"]`);
      assert.deepEqual(await heard(), [[], [["note", 1]], []]);
    });
  }));

  test("emits an outcome, which is kept for a user who is away, and told once", { skip }, withQueues(two, async (cluster, t) => {
    const { emit } = await town(cluster, t);
    await emit('"job_completed", {"jobId": "9", "result": 1}, room="user:ada"');
    const there = await pageOf(t, cluster.nodes[1], "ada");
    assert.deepEqual(await there.ended({ jobId: "9" }), [["job_completed", { jobId: "9", result: 1 }]]);
    const { sockets: [, there42] } = await town(cluster, t);
    await emit(`"job_completed", {"jobId": "10", "result": 1}, room=["user:bob", "${there42.id}"]`);
    assert.deepEqual(await there42.heard("job_completed"), { jobId: "10", result: 1 });
    const bob = await pageOf(t, cluster.nodes[0], "bob");
    assert.deepEqual(await bob.ended({ jobId: "10" }), [["job_completed", { jobId: "10", result: 1 }]]);
  }));

  test("of 5.14 and 5.15 wrote the one argument itself", { skip: skipWithoutRedis }, withQueues(two, async ({ nodes: [node], redis }, t) => {
    const page = await pageOf(t, node, "42");
    const message = { method: "emit", event: "job_progress", data: progress, namespace: "/", room: "user:42", skip_sid: null, callback: null, host_id: "a" };
    await eventually(async () => {
      await redis.command("PUBLISH", "socketio", JSON.stringify(message));
      return page.heard.length > 0;
    });
    assert.deepEqual(page.heard[0], ["job_progress", progress]);
  }));

  test("of 5.13 and before wrote Python's own format, which is code: it is refused, and the log says so", { skip: skipWithoutRedis }, withQueues({ ...two, nodes: 1 }, async ({ nodes: [node], redis }, t) => {
    const client = new Redis(redis.port);
    t.after(() => client.disconnect());
    await eventually(async () => {
      await client.publish("socketio", Buffer.from([0x80, 4, 0x95, 1, 0, 0, 0, 0, 0, 0, 0, 0x2e]));
      return /pickle/i.test(node.said);
    });
  }));
});
