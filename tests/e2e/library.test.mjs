// What a program that has the server in it does from threads of its own.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { eventually, login, startLibrary, transports } from "./support.mjs";

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
