// Servers of Socket.IO with the streams adapter on the same Redis: neither system hears of the other, or minds it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";

import { createAdapter } from "@socket.io/redis-streams-adapter";
import { Redis } from "ioredis";
import { Server } from "socket.io";

import { connect, emit, eventually, login } from "../e2e/support.mjs";
import { skip, withCluster } from "./cluster.mjs";

async function startServer(redis) {
  const client = new Redis(redis.port), http = createServer();
  const io = new Server(http, { adapter: createAdapter(client, { blockTimeInMs: 100, heartbeatInterval: 100 }) });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    io,
    url: `http://127.0.0.1:${http.address().port}`,
    async stop() {
      await io.close();
      client.disconnect();
    },
  };
}

test("both systems go on as if they were alone", { skip }, withCluster({}, async ({ nodes, redis }) => {
  const [one, other] = [await startServer(redis), await startServer(redis)];
  // Until it has read an entry, their adapter asks again and again for what comes from then on, and loses what comes in between.
  for (const { io } of [one, other]) await eventually(async () => (await io.of("/").adapter.serverCount()) === 2, 20000);
  const theirs = connect(other), ours = await login(nodes[1], { user: "42" });
  await theirs.heard("connect");
  ours.inbox.clear();

  one.io.emit("note", "theirs");
  assert.equal((await emit(nodes[0], "42", "note", "ours")).status, 202);
  assert.equal(await theirs.heard("note"), "theirs");
  assert.equal(await ours.heard("note"), "ours");

  // What they ask each other they ask on a channel that our nodes hear as well: these neither count as servers of theirs nor mind it.
  other.io.on("question", (answer) => answer("server"));
  theirs.on("question", (answer) => answer("client"));
  assert.deepEqual((await one.io.fetchSockets()).map(({ id }) => id), [theirs.id]);
  assert.deepEqual(await one.io.serverSideEmitWithAck("question"), ["server"]);
  assert.deepEqual(await one.io.timeout(5000).emitWithAck("question"), ["client"]);
  assert.equal((await emit(nodes[0], "42", "end", null)).status, 202);
  await ours.heard("end");
  assert.deepEqual([...ours.inbox.all, ...theirs.inbox.all.filter(({ name }) => name !== "question")], []);
  [theirs, ours].forEach((client) => client.disconnect());
  await Promise.all([one.stop(), other.stop()]);
}));
