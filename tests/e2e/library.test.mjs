// What a program that has the server in it does from threads of its own.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { eventually, login, startLibrary, token, transports } from "./support.mjs";

describe("a socket's handle", () => {
  let server;
  before(async () => (server = await startLibrary({ THREADS: "3" })));
  after(() => server.stop());
  const reach = (user, rest) => server.order("reach_socket", { user, ...rest });

  for (const [name, over] of Object.entries(transports)) {
    test(`reaches that socket alone, in order, from any thread, ${name}`, async () => {
      const other = await login(server, { user: "ada" });
      const socket = await login(server, { user: "ada", transports: over });
      const values = Array.from({ length: 500 }, (_, n) => n);
      assert.deepEqual(await reach("ada", { values }), { id: socket.id });
      for (const n of values) assert.equal(await socket.heard("note"), n);
      assert.ok(!other.inbox.all.some((item) => item.name === "note"));
      [socket, other].forEach((each) => each.disconnect());
    });
  }

  test("sends it away, with its connection if that is asked for", async () => {
    for (const [close, reason] of [[false, "io server disconnect"], [true, /^(io server disconnect|transport close)$/]]) {
      const socket = await login(server, { user: "bob" });
      await reach("bob", { close });
      assert.match(await socket.heard("disconnect"), new RegExp(reason));
      socket.disconnect();
    }
  });

  test("does nothing once the socket has gone", async () => {
    const gone = await login(server, { user: "cyd" });
    const { id } = await reach("cyd", { values: [] });
    gone.disconnect();
    await eventually(async () => (await server.order("presence", { user: "cyd" })).connections === 0);
    const next = await login(server, { user: "dan" }); // perhaps in its place
    assert.deepEqual(await reach("cyd", { values: [1] }), { id });
    await reach("cyd", { close: true });
    await reach("dan", { values: [2] });
    assert.equal(await next.heard("note"), 2);
    next.disconnect();
  });
});

describe("a notice to all", () => {
  for (const env of [{}, { PRESENCE_EVENTS: "off" }, { RECOVERY_WINDOW_MS: "60000" }]) {
    test(`is heard once by every socket with a login, on all threads and transports, ${JSON.stringify(env)}`, async () => {
      const server = await startLibrary({ THREADS: "3", ...env });
      const users = Array.from({ length: 30 }, (_, i) => ({ user: `u${i % 20}`, transports: [["polling"], ["websocket"], undefined][i % 3] }));
      const sockets = await Promise.all(users.map((options) => login(server, options)));
      const elsewhere = await login(server, { user: "u0", nsp: "/members", auth: { token: token({ id: "u0" }), word: "sesame" } });
      const values = Array.from({ length: 100 }, (_, n) => n);
      assert.equal(await server.order("tell_all", { values }), null);
      for (const socket of sockets) {
        for (const n of values) assert.equal(await socket.heard("notice"), n);
      }
      const late = await login(server, { user: "late" });
      assert.equal(await server.order("tell_all", { values: ["x".repeat(100000)] }), null); // more than presence news may take
      for (const socket of [...sockets, late]) assert.equal((await socket.heard("notice")).length, 100000);
      for (const socket of [...sockets, late, elsewhere]) {
        assert.ok(!socket.inbox.all.some((item) => item.name === "notice"));
        socket.disconnect();
      }
      await server.stop();
    });
  }

  test("is among what a socket gets that comes back", async () => {
    const server = await startLibrary({ THREADS: "3", RECOVERY_WINDOW_MS: "60000" });
    const socket = await login(server, { user: "ada", transports: ["websocket"], reconnection: true, reconnectionDelay: 300, reconnectionDelayMax: 300 });
    await server.order("tell_all", { values: [1] }); // without an offset there is nothing to come back to
    assert.equal(await socket.heard("notice"), 1);
    socket.io.engine.close();
    await socket.heard("disconnect");
    await server.order("tell_all", { values: [2, 3] });
    await socket.heard("connect");
    for (const n of [2, 3]) assert.equal(await socket.heard("notice"), n);
    assert.ok(socket.recovered);
    await server.order("tell_all", { values: [4] });
    assert.equal(await socket.heard("notice"), 4);
    socket.disconnect();
    await server.stop();
  });
});
