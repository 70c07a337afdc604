// A service without a port, in a program that listens itself: it hands the connections that it accepts over.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { emit, login, startLibrary, transports, upgraded } from "./support.mjs";

describe("a service without a port", () => {
  let server;
  before(async () => (server = await startLibrary({ LISTEN: "off", THREADS: "3" })));
  after(() => server.stop());

  for (const [name, allowed] of Object.entries(transports)) {
    test(`serves the real client: ${name}`, async () => {
      const socket = await login(server, { user: "ada", transports: allowed });
      if (!allowed) await upgraded(socket);
      assert.deepEqual(await socket.emitWithAck("ask", { n: 1 }), { n: 1 });
      await emit(server, "ada", "job_progress", { jobId: "7", progress: 50 });
      assert.deepEqual(await socket.heard("job_progress"), { jobId: "7", progress: 50 });
      socket.disconnect();
    });
  }

  test("knows where a client is", async () => {
    const socket = await login(server, { user: "bob" });
    assert.equal((await socket.emitWithAck("handshake")).address, "127.0.0.1");
    socket.disconnect();
  });
});
