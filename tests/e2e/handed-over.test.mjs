// A service without a port, in a program that listens itself: it has the service answer the requests that it reads, and hands over the
// connections of upgrades; or it hands over all that it accepts.
import assert from "node:assert/strict";
import { Agent } from "node:http";
import { after, before, describe, test } from "node:test";

import { api, emit, eventually, login, startLibrary, transports, upgraded } from "./support.mjs";

for (const [how, env] of Object.entries({ "answers requests": {}, "hands all connections over": { FRONT: "adopts" } })) {
  describe(`a program that ${how}`, () => {
    let server;
    before(async () => (server = await startLibrary({ LISTEN: "off", THREADS: "3", ...env })));
    after(() => server.stop());

    for (const [name, allowed] of Object.entries(transports)) {
      test(`serves the real client: ${name}`, async () => {
        const socket = await login(server, { user: "ada", transports: allowed });
        if (!allowed) await upgraded(socket);
        assert.deepEqual(await socket.emitWithAck("ask", { n: 1 }), { n: 1 });
        assert.equal((await emit(server, "ada", "job_progress", { jobId: "7", progress: 50 })).status, 202);
        assert.equal((await socket.heard("job_progress")).progress, 50);
        socket.disconnect();
      });
    }

    test("tells where a client is", async () => {
      const socket = await login(server, { user: "bob" });
      assert.equal((await socket.emitWithAck("handshake")).address, "127.0.0.1");
      socket.disconnect();
    });

    test("serves the HTTP interface", async () => {
      assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
      assert.equal((await fetch(`${server.url}/healthz`, { method: "HEAD" })).status, 200);
      assert.equal((await api(server, "POST", "/api/emit", { userId: "nobody", event: "x", data: 1 })).status, 202);
    });

    test("knows that a client has gone whose poll waits", async () => {
      const agent = new Agent({ keepAlive: true });
      await login(server, { user: "eve", transports: ["polling"], agent });
      const online = async () => (await server.order("presence", { user: "eve" })).online;
      assert.ok(await online());
      agent.destroy(); // resets its connections
      await eventually(async () => !(await online()));
    });
  });
}
