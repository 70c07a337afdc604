// The engine on one http.Server with Express, with Fastify, and with Socket.IO's own server.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import express from "express";
import fastify from "fastify";
import service, { wsUtils } from "signalbox";
import { Server } from "socket.io";

import { client, eventually, listen, settings } from "./support.mjs";

afterEach(() => service.close());

test("Express, on the same port", async (t) => {
  const app = express();
  app.use(express.json());
  app.post("/api/orders", (request, response) => response.status(201).json(request.body));
  const { server, url } = await listen(t, app);
  service.initialize(server, settings);
  app.get("/late", (_, response) => response.send("late"));
  await client(t, url, "ada");
  const made = await fetch(`${url}/api/orders`, { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"n":1}' });
  assert.deepEqual([made.status, await made.json()], [201, { n: 1 }]);
  assert.equal(await (await fetch(`${url}/late`)).text(), "late");
  assert.equal((await fetch(`${url}/nothing`)).status, 404);
});

test("Fastify, on the same port", async (t) => {
  const app = fastify();
  app.get("/api/orders", async () => ({ orders: [] }));
  service.initialize(app.server, settings);
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  t.after(() => app.close());
  await client(t, url, "ada");
  await client(t, url, "ada", { transports: ["websocket"] });
  assert.deepEqual(await (await fetch(`${url}/api/orders`)).json(), { orders: [] });
});

for (const first of ["the engine", "Socket.IO"]) {
  test(`Socket.IO's own server at its path, where ${first} came first`, async (t) => {
    const { server, url } = await listen(t);
    const begin = [() => service.initialize(server, { ...settings, socketPath: "/jobs/" }), () => new Server(server).on("connection", (socket) => socket.emit("hello"))];
    for (const one of first === "Socket.IO" ? begin.reverse() : begin) one();
    for (const transports of [["websocket"], ["polling", "websocket"], ["polling"]]) {
      const ours = await client(t, url, "ada", { path: "/jobs/", transports });
      const theirs = await client(t, url, "ada", { transports }, "hello");
      wsUtils.emitToUser(service.getIO(), "ada", "own", 1);
      await eventually(() => ours.inbox.some(([event]) => event === "own"));
      assert.deepEqual(theirs.inbox.map(([event]) => event), ["hello"]);
    }
  });
}
