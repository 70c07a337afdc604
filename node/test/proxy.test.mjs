// A Node program with the engine on its http.Server, behind nginx and HAProxy as examples/proxy sets them up.
import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, describe, test } from "node:test";

import service, { wsUtils } from "signalbox";

import { patienceMs, proxies, startProxy } from "../../tests/support/proxies.mjs";
import { freePort } from "../../tests/support/server.mjs";
import { client, eventually, folder, listen, program, settings } from "./support.mjs";

afterEach(() => service.close());

const apiKey = "fedcba9876543210fedcba9876543210";
const pingIntervalMs = 500;
const clients = Object.entries({ ada: ["websocket"], bob: ["polling"], eve: ["polling", "websocket"] });
const countOf = ({ inbox }, event) => inbox.filter(([name]) => name === event).length;

for (const { name, skip } of proxies) {
  describe(`behind ${name}`, { skip }, () => {
    /** The proxy's address in front of that port. */
    const before = async (t, port) => {
      const proxy = await startProxy(name, port);
      t.after(() => proxy.stop());
      return `http://127.0.0.1:${proxy.port}`;
    };
    /** The engine in this process, and the proxy's address in front of it. */
    const begin = async (t) => {
      const { server } = await listen(t);
      service.initialize(server, { ...settings, pingIntervalMs, apiPath: "/signalbox", apiKey });
      return { io: service.getIO(), url: await before(t, server.address().port) };
    };

    test("clients hear and are heard over WebSocket, polling and an upgrade, after a silence longer than the proxy's patience as well", async (t) => {
      const { io, url } = await begin(t);
      io.on("connection", (socket) => socket.on("echo", (value, ack) => ack(value)));
      const large = "x".repeat(500_000);
      const lives = clients.map(async ([user, transports]) => {
        const one = await client(t, url, user, { transports });
        await eventually(() => one.io.engine.transport.name === transports.at(-1));
        for (let silence = 0; silence <= patienceMs; silence += pingIntervalMs) await once(one.io, "ping");
        assert.equal(wsUtils.emitToUser(io, user, "note", 1).sockets, 1);
        await eventually(() => countOf(one, "note") === 1);
        assert.equal(await one.emitWithAck("echo", large), large);
      });
      await Promise.all(lives);
    });

    test("socket.handshake has the proxy's address, and in its headers what the proxy says of the client", async (t) => {
      const { io, url } = await begin(t);
      const handshakes = [];
      io.on("connection", ({ handshake }) => handshakes.push(handshake));
      const claimed = { "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https" };
      for (const [user, transports] of clients) await client(t, url, user, { transports, extraHeaders: claimed });
      await eventually(() => handshakes.length === clients.length);
      for (const { address, headers, secure } of handshakes) {
        assert.match(address, /^(::ffff:)?127\.0\.0\.1$/);
        assert.equal(headers.host, new URL(url).host);
        assert.deepEqual([headers["x-forwarded-for"], headers["x-forwarded-proto"], secure], ["127.0.0.1", "http", false]);
      }
    });

    test("the program's other paths and the workers' interface are not passed on", async (t) => {
      const { url } = await begin(t);
      for (const path of ["/", "/signalbox/api/presence"]) assert.equal((await fetch(url + path, { headers: { Authorization: `Bearer ${apiKey}` } })).status, 404, path);
    });

    test("close() ends the clients' connections", async (t) => {
      const { url } = await begin(t);
      const connected = await Promise.all(clients.map(([user, transports]) => client(t, url, user, { transports, reconnection: false })));
      const gone = connected.map((one) => once(one, "disconnect"));
      await service.close();
      for (const [reason] of await Promise.all(gone)) assert.match(reason, /^transport (close|error)$/);
    });

    test("clients come back to a new process after a kill -9, and have the outcome of the time between", async (t) => {
      const port = await freePort(), dataDir = folder(t);
      const url = await before(t, port);
      const run = (then) => {
        const running = program(t, `import http from "node:http"; import service, { wsUtils } from "signalbox";
          const server = http.createServer();
          service.initialize(server, ${JSON.stringify({ ...settings, dataDir })});
          ${then}
          server.listen(${port}, "127.0.0.1", () => console.log("listening"));`);
        return running.line(/listening/).then(() => running);
      };
      const first = await run("");
      const soon = { reconnectionDelay: 50, reconnectionDelayMax: 200 };
      const connected = await Promise.all(clients.map(([user, transports]) => client(t, url, user, { transports, ...soon })));
      const gone = connected.map((one) => once(one, "disconnect"));
      first.child.kill("SIGKILL");
      await Promise.all(gone);
      assert.equal((await first.ended).signal, "SIGKILL");
      const users = JSON.stringify(clients.map(([user]) => user));
      await run(`for (const user of ${users}) await wsUtils.emitToUser(service.getIO(), user, "job_completed", { jobId: "7" });`);
      for (const one of connected) await eventually(() => countOf(one, "authenticated") === 2 && countOf(one, "job_completed") === 1);
    });
  });
}
