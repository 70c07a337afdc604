// Who is online: told once each, however many tabs, after the grace, and never to oneself.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { api, connect, eventually, login, startLibrary, startProgram, transports } from "./support.mjs";

const presenceOf = (socket) => socket.inbox.all.filter(({ name }) => name.startsWith("user_")).map(({ name, values }) => [name, values[0].userId]);
const gone = (server, user) => eventually(async () => (await server.order("presence", { user })).connections === 0);

/** Has `socket` heard all that was sent to it so far? */
const settled = (socket) => socket.emitWithAck("ask", 1);

describe("without a grace", () => {
  let server, watcher;
  before(async () => {
    server = await startLibrary();
    watcher = await login(server, { user: "watcher" });
  });
  after(async () => {
    watcher.disconnect();
    await server.stop();
  });

  for (const [name, over] of Object.entries(transports)) {
    test(`three tabs come and go: one user_online, one user_offline, ${name}`, async () => {
      const tabs = [];
      for (let i = 0; i < 3; ++i) tabs.push(await login(server, { user: "ada", transports: over }));
      assert.deepEqual(await watcher.heard("user_online"), { userId: "ada" });
      for (const tab of tabs) tab.disconnect();
      assert.deepEqual(await watcher.heard("user_offline"), { userId: "ada" });
      await settled(watcher);
      assert.deepEqual(presenceOf(watcher), []);
    });
  }

  test("nobody hears of himself, in whichever tab", async () => {
    const first = await login(server, { user: "ada" });
    const second = await login(server, { user: "ada" });
    second.disconnect();
    await settled(first);
    assert.deepEqual(presenceOf(first), []);
    first.disconnect();
    await gone(server, "ada");
    await watcher.heard("user_online");
    await watcher.heard("user_offline");
  });

  test("a refused client is not online", async () => {
    const stranger = connect(server, { auth: { token: "x" } });
    await stranger.heard("disconnect");
    await settled(watcher);
    assert.deepEqual(presenceOf(watcher), []);
  });

  test("user_online precedes user_offline for everyone, with many coming and going at once", async () => {
    const others = await Promise.all([1, 2, 3, 4].map((n) => login(server, { user: `w${n}` })));
    const guests = Array.from({ length: 30 }, (_, i) => `g${i}`);
    await Promise.all(guests.map(async (user) => (await login(server, { user, transports: ["websocket"] })).disconnect()));
    for (const socket of [watcher, ...others]) {
      for (const user of guests) {
        await socket.inbox.take(({ name, values }) => name === "user_offline" && values[0].userId === user);
        await socket.inbox.take(({ name, values }) => name === "user_online" && values[0].userId === user);
      }
      await settled(socket);
      assert.deepEqual(presenceOf(socket).filter(([, user]) => user.startsWith("g")), []);
    }
    for (const socket of others) socket.disconnect();
    for (const n of [1, 2, 3, 4]) await gone(server, `w${n}`);
  });

  for (const [name, over] of Object.entries(transports)) {
    test(`a page asks who is online, ${name}`, async () => {
      const guests = [];
      for (const user of ["ada", "bob"]) guests.push(await login(server, { user, transports: over }));
      const asker = guests[0];
      assert.deepEqual(await asker.emitWithAck("presence"), { count: 3, users: ["ada", "bob", "watcher"] });
      assert.deepEqual(await asker.emitWithAck("presence", { limit: 1 }), { count: 3, users: ["ada"] });
      assert.deepEqual(await asker.emitWithAck("presence", { after: "ada", limit: 1 }), { count: 3, users: ["bob"] });
      assert.deepEqual(await asker.emitWithAck("presence", { after: "watcher" }), { count: 3, users: [] });
      assert.match((await asker.emitWithAck("presence", { limit: 0 })).error, /^presence takes an object with after/);
      for (const guest of guests) guest.disconnect();
      for (const user of ["ada", "bob"]) await gone(server, user);
    });
  }

  test("on_disconnect runs once for each socket, with its reason", async () => {
    const leave = async (how, reason) => {
      const socket = await login(server, { user: "leaver" });
      how(socket);
      const said = await server.said.take((line) => line.disconnected === "leaver");
      assert.equal(said.reason, reason);
      socket.disconnect();
    };
    await leave((socket) => socket.disconnect(), "client namespace disconnect");
    await leave((socket) => socket.emit("leave", false), "server namespace disconnect");
    await leave((socket) => socket.io.engine.close(), "transport close");
    assert.equal(server.said.all.some((line) => line.disconnected === "leaver"), false);
  });
});

describe("with a grace of a second", () => {
  let server, watcher;
  before(async () => {
    server = await startLibrary({ PRESENCE_GRACE_MS: "1000" });
    watcher = await login(server, { user: "watcher" });
  });
  after(async () => {
    watcher.disconnect();
    await server.stop();
  });

  test("a reload is not an absence", async () => {
    const before = await login(server, { user: "ada" });
    await watcher.heard("user_online");
    before.disconnect();
    await gone(server, "ada");
    assert.equal((await server.order("presence", { user: "ada" })).online, true, "online within the grace");
    const after = await login(server, { user: "ada" });
    const later = await login(server, { user: "later" });
    later.disconnect();
    await watcher.inbox.take(({ name, values }) => name === "user_offline" && values[0].userId === "later"); // so the grace of the first tab has passed
    assert.deepEqual(presenceOf(watcher).filter(([, user]) => user === "ada"), []);
    after.disconnect();
  });

  test("an absence is told after the grace, not before", async () => {
    await gone(server, "ada");
    const start = performance.now();
    const socket = await login(server, { user: "bob" });
    await watcher.inbox.take(({ name, values }) => name === "user_online" && values[0].userId === "bob");
    socket.disconnect();
    await watcher.inbox.take(({ name, values }) => name === "user_offline" && values[0].userId === "bob");
    assert.ok(performance.now() - start >= 995);
    assert.deepEqual((await api(server, "GET", "/api/presence/bob")).body, { userId: "bob", online: false, connections: 0 });
  });
});

describe("PRESENCE_EVENTS=off", () => {
  test("counts and tells nothing", async () => {
    const server = await startLibrary({ PRESENCE_EVENTS: "off" });
    const ada = await login(server, { user: "ada" });
    const grace = await login(server, { user: "grace" });
    assert.deepEqual((await server.order("presence", { user: "ada" })).users, ["ada", "grace"]);
    grace.disconnect();
    await eventually(async () => (await server.order("presence", { user: "ada" })).count === 1);
    await settled(ada);
    assert.deepEqual(presenceOf(ada), []);
    assert.deepEqual(await ada.emitWithAck("presence"), { error: "PRESENCE_EVENTS is off: this server tells nobody who is online." });
    ada.disconnect();
    await server.stop();
  });
});

describe("a restart", { concurrency: true }, () => {
  for (const signal of ["SIGTERM", "SIGKILL"]) {
    test(`by ${signal} is not seen by those who stay: who is not back within RESTART_GRACE_MS goes offline, once`, { timeout: 60000 }, async () => {
      const data = mkdtempSync(join(tmpdir(), "signalbox-presence-"));
      const env = { DATA_DIR: data, RESTART_GRACE_MS: "5000" };
      const first = await startProgram(env);
      const back = { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 50 };
      const staying = [];
      for (const [user, over] of [["ada", undefined], ["bob", ["polling"]], ["cyd", ["websocket"]]]) {
        staying.push(await login(first, { user, transports: over, ...back }));
      }
      await login(first, { user: "eve" });
      const stored = () => readFileSync(join(data, "outcomes.db-wal")).includes("eve");
      if (signal === "SIGKILL") await eventually(stored);
      for (const socket of staying) await socket.inbox.take(({ name, values }) => name === "user_online" && values[0].userId === "eve");
      for (const socket of staying) socket.inbox.clear();

      await first.stop(signal);
      const second = await startProgram(env, first.port);
      assert.deepEqual((await api(second, "GET", "/api/presence")).body, { count: 4, users: ["ada", "bob", "cyd", "eve"] });
      for (const socket of staying) {
        await socket.heard("authenticated");
        assert.deepEqual(await socket.heard("user_offline"), { userId: "eve" });
      }
      assert.deepEqual((await api(second, "GET", "/api/presence")).body.users, ["ada", "bob", "cyd"]);
      (await login(second, { user: "zoe" })).disconnect();
      for (const socket of staying) {
        await socket.inbox.take(({ name, values }) => name === "user_offline" && values[0].userId === "zoe");
        assert.deepEqual(presenceOf(socket), [["user_online", "zoe"]], "and nothing else was told");
      }
      for (const socket of staying) socket.disconnect();
      await second.stop();
      rmSync(data, { recursive: true });
    });
  }
});
