// Connection state recovery, with the real client on a line that is cut: nothing missing, nothing twice, order kept.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import { Line } from "../support/line.mjs";
import { connect, emit, eventually, login, startLibrary, startProgram, transports, upgraded } from "./support.mjs";

// A WebSocket that dies in the middle of an upgrade leaves its client waiting for a ping that does not come: hence the short heartbeat.
const on = { RECOVERY_WINDOW_MS: "60000", PRESENCE_EVENTS: "off", PING_INTERVAL_MS: "1000", PING_TIMEOUT_MS: "1000" };
const eager = { reconnection: true, reconnectionDelay: 5, reconnectionDelayMax: 20, randomizationFactor: 0, timeout: 5000 };

const ends = [];
afterEach(() => ends.splice(0).forEach((end) => end())); // also where a test failed

/** A client on a line of its own that counts: `numbers` are those it heard, `recoveries` what it was told at each connect. */
async function counting(server, user, over) {
  const line = await Line.to(server.port);
  const socket = connect({ url: line.url }, { user, transports: over, ...eager });
  const client = { line, socket, user, numbers: [], recoveries: [], ids: new Set() };
  socket.on("count", ({ n }) => client.numbers.push(n));
  socket.on("connect", () => (client.recoveries.push(socket.recovered), client.ids.add(socket.id)));
  await socket.heard("authenticated");
  client.end = () => (socket.disconnect(), line.close());
  ends.push(client.end);
  return client;
}

/** Waits until the client is back for another time than `before`; does this to its line until it notices (one that polls has no connection at times). */
async function back(client, before, harm) {
  await eventually(() => {
    if (client.socket.connected && client.recoveries.length === before) harm();
    return client.recoveries.length > before;
  });
}

const cutAndBack = (client) => back(client, client.recoveries.length, () => client.line.cut());

/** Checks that it heard 0 to `count` - 1 in order and once, as one socket all the while. */
function assertWhole(client, count) {
  const wrong = client.numbers.findIndex((n, at) => n !== at);
  assert.equal(wrong, -1, `${client.user}: heard ${client.numbers.slice(Math.max(0, wrong - 2), wrong + 5)} at ${wrong}`);
  assert.equal(client.numbers.length, count);
  assert.deepEqual([...new Set(client.recoveries.slice(1))], [true], `${client.user}: ${client.recoveries}`);
  assert.equal(client.ids.size, 1);
}

/** Cuts the line at the first sight of each of these numbers: before its event, in the middle of it, or right behind it. */
function cutAt(client, points) {
  const left = [...points];
  client.line.lastBytes = (bytes) => {
    if (left.length === 0) return undefined;
    const at = bytes.indexOf(`{"n":${left[0]}}`);
    if (at < 0) return undefined;
    return Math.min(bytes.length, at + [-12, 3, 60][left.shift() % 3]);
  };
}

const count = (server, user, from, to) => server.order("count_up", { user, from, to });

for (const [name, over] of Object.entries(transports)) {
  describe(`recovery, ${name}`, () => {
    let server;
    before(async () => (server = await startLibrary(on)));
    after(() => server.stop());

    test("a stream of 1,000 events is whole, wherever in it the line is cut", async () => {
      const total = 1000, crowd = 40;
      const clients = await Promise.all(Array.from({ length: crowd }, (_, i) => counting(server, `u${i}`, over)));
      clients.forEach((client, i) => cutAt(client, Array.from({ length: total / crowd }, (_, k) => k * crowd + i)));
      for (let n = 0; n < total; n += 5) {
        await Promise.all(clients.map(({ user }) => count(server, user, n, n + 5)));
        // No faster than the cuts are mended, or most of them would find one long backlog.
        await eventually(() => clients.filter(({ numbers }) => numbers.length >= n - 40).length > crowd * 0.9, 20000);
      }
      await eventually(() => clients.every(({ numbers }) => numbers.length >= total), 20000);
      for (const client of clients) {
        assertWhole(client, total);
        assert.ok(client.recoveries.length > 10, `${client.recoveries.length} connects`);

      }
    });

    test("a line that is cut again while the missed events come, and again, loses nothing", async () => {
      const client = await counting(server, "again", over);
      await count(server, client.user, 0, 50);
      await eventually(() => client.numbers.length === 50);
      client.line.down();
      await count(server, client.user, 50, 150);
      // Each time one more of them comes through.
      cutAt(client, Array.from({ length: 100 }, (_, k) => k + 50));
      client.line.up();
      await eventually(() => client.numbers.length === 150, 20000);
      await count(server, client.user, 150, 200);
      await eventually(() => client.numbers.length === 200);
      assertWhole(client, 200);

    });

    test("a line that is cut in each byte of the answer to its return loses nothing", async () => {
      const client = await counting(server, "answer", over);
      let returns = 0;
      for (let at = 0; at < 60; at += 3) {
        let cuts = 0;
        client.line.lastBytes = (bytes) => {
          const begin = bytes.indexOf('40{"sid"');
          return begin < 0 || cuts++ > 0 ? undefined : Math.min(bytes.length, begin + at);
        };
        client.line.cut();
        await count(server, client.user, returns * 3, returns * 3 + 3);
        ++returns;
        await eventually(() => client.numbers.length === returns * 3, 20000);
      }
      assertWhole(client, returns * 3);

    });

    test("a half-open line is taken over: the server's old connection is still there, and its end is nothing", async () => {
      const client = await counting(server, "half", over);
      if (over === undefined) await upgraded(client.socket);
      for (let round = 0; round < 5; ++round) {
        await count(server, client.user, round * 20, round * 20 + 10);
        const before = client.recoveries.length;
        client.line.vanish();
        await count(server, client.user, round * 20 + 10, round * 20 + 20);
        await back(client, before, () => client.line.vanish());
        await eventually(() => client.numbers.length === round * 20 + 20, 20000);
      }
      assertWhole(client, 100);
      assert.deepEqual((await server.order("presence", { user: "half" })).connections, 1);
      client.line.cut(); // the old ones as well
      await count(server, client.user, 100, 110);
      await eventually(() => client.numbers.length === 110);
      assertWhole(client, 110);

    });

    test("who comes back is the same socket, and is told what was missed, then authenticated, then news", async () => {
      const { socket, line } = await counting(server, "ivy", over);
      const { id } = socket;
      server.said.clear();
      socket.inbox.clear();
      line.down();
      await socket.heard("disconnect");
      await server.order("emit", { user: "ivy", event: "missed", data: 1 });
      await server.order("emit", { user: "ivy", event: "missed", data: 2 });
      line.up();
      await socket.heard("connect");
      assert.deepEqual([socket.recovered, socket.id], [true, id]);
      await socket.inbox.take((item) => item.name === "missed" && item.values[0] === 1);
      await socket.inbox.take((item) => item.name === "missed" && item.values[0] === 2);
      assert.deepEqual(await socket.heard("authenticated"), { user: { id: "ivy", email: "ivy@example.com" } });
      assert.equal((await server.said.take((line) => line.recovered)).recovered, id);
      assert.deepEqual(await server.order("emit", { user: "ivy", event: "news", data: 3 }), { sockets: 1 });
      const { values } = await socket.inbox.take((item) => item.name === "news");
      assert.equal(values.length, 2);
      assert.match(values[1], /^[\w-]{8}\.\d\.\d+$/);
    });

    test("a quiet client recovers, and so does one that has had no job event", async () => {
      const client = await counting(server, "quiet", over);
      for (let i = 0; i < 4; ++i) await cutAndBack(client);
      await count(server, client.user, 0, 1);
      await eventually(() => client.numbers.length === 1);
      assertWhole(client, 1);

    });

    test("disconnect() and connect() make a new socket, also after a recovery", async () => {
      const client = await counting(server, "leaver", over);
      await cutAndBack(client);
      await client.socket.heard("authenticated");
      client.socket.disconnect();
      // Over polling it says so on another connection than the one that it comes back on: first the one has to be heard.
      await eventually(async () => (await server.order("presence", { user: client.user })).connections === 0);
      await count(server, client.user, 0, 3);
      client.socket.connect();
      await eventually(() => client.recoveries.length === 3);
      assert.deepEqual(client.recoveries, [false, true, false]);
      assert.equal(client.ids.size, 2);
      // It shows the new pid with the offset of the old socket if it is cut before its first event: nothing comes of that.
      await cutAndBack(client);
      await count(server, client.user, 0, 3);
      await eventually(() => client.numbers.length === 3);
      assert.deepEqual(client.numbers, [0, 1, 2]);

    });
  });
}

test("after a restart nobody is recovered at a wrong place, and outcomes come from the ledger", async () => {
  let server = await startProgram({ ...on });
  const client = await counting(server, "ada", ["websocket"]);
  const done = [];
  client.socket.on("job_completed", ({ jobId }) => done.push(jobId));
  await emit(server, "ada", "job_completed", { jobId: "1" });
  await eventually(() => done.length === 1);
  client.line.down();
  await server.stop("SIGKILL");
  server = await startProgram({ ...on }, server.port);
  await emit(server, "ada", "job_completed", { jobId: "2" });
  client.line.up();
  await eventually(() => done.length === 2);
  assert.deepEqual(done, ["1", "2"]);
  assert.deepEqual(client.recoveries, [false, false]);

  await server.stop();
});

test("with recovery off events have their own arguments alone", async () => {
  const server = await startProgram();
  const socket = await login(server, { user: "ada" });
  await emit(server, "ada", "news", 1);
  assert.deepEqual((await socket.inbox.take((item) => item.name === "news")).values, [1]);
  assert.ok(!socket.recovered);
  socket.disconnect();
  await server.stop();
});

test("those who stay see nothing of one who recovers within the grace, and are told what they missed themselves", async () => {
  const server = await startProgram({ ...on, PRESENCE_EVENTS: "on", PRESENCE_GRACE_MS: "5000" });
  const stays = await login(server, { user: "stays" });
  const client = await counting(server, "comes back", ["websocket"]);
  assert.deepEqual(await stays.heard("user_online"), { userId: "comes back" });
  await cutAndBack(client);
  client.line.down();
  await client.socket.heard("disconnect");
  const third = await login(server, { user: "third" });
  client.line.up();
  assert.deepEqual(await client.socket.heard("user_online"), { userId: "third" });
  assert.deepEqual(client.recoveries, [false, true, true]);
  assert.deepEqual(stays.inbox.all.filter(({ name }) => name.startsWith("user_")).map(({ values }) => values[0].userId), ["third"]);
  for (const socket of [stays, third]) socket.disconnect();

  await server.stop();
});
