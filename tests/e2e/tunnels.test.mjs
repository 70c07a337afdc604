// Real Engine.IO clients of three nodes behind a balancer that gives each connection to the next one. SIGNALBOX_NODES=port,port,… has
// them meet other nodes that echo.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { after, before, test } from "node:test";

import { Socket } from "engine.io-client";

import { program } from "../support/server.mjs";

const kClients = 20, kMessages = 10;
let nodes, balancer;

/** The ports of the nodes. */
async function ports() {
  if (process.env.SIGNALBOX_NODES) return process.env.SIGNALBOX_NODES.split(",").map(Number);
  nodes = spawn(program("echo_nodes"), { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(nodes.stdout, "data");
  return String(line).trim().split(" ").map(Number);
}

before(async () => {
  const to = await ports();
  let next = 0;
  balancer = createServer((client) => {
    const server = connect(to[next++ % to.length], "127.0.0.1");
    client.on("error", () => server.destroy()).pipe(server);
    server.on("error", () => client.destroy()).pipe(client);
  }).listen(0, "127.0.0.1");
  await once(balancer, "listening");
});
after(() => {
  balancer.close();
  nodes?.stdin.end();
});

/** A client that has got back all that it sent; the transport that it ended with. */
async function echoes(transports) {
  const socket = new Socket(`ws://127.0.0.1:${balancer.address().port}`, { path: "/socket.io/", transports });
  const sent = Array.from({ length: kMessages }, (_, i) => `message ${i}`), got = [];
  const upgraded = transports.length === 1 ? Promise.resolve() : once(socket, "upgrade");
  await new Promise((done, failed) => {
    socket.on("error", failed).on("close", (why) => failed(new Error(why)));
    socket.on("message", (text) => got.push(text) === kMessages && done());
    socket.on("open", () => sent.forEach((text) => socket.send(text)));
  });
  await upgraded;
  assert.deepEqual(got, sent);
  socket.off("close").close();
  return socket.transport.name;
}

for (const [transports, last] of [[["polling"], "polling"], [["polling", "websocket"], "websocket"]]) {
  test(`${kClients} clients with ${transports.join(" and ")} are served by whichever node they reach`, { timeout: 30_000 }, async () => {
    const ended = await Promise.all(Array.from({ length: kClients }, () => echoes(transports)));
    assert.deepEqual(ended, Array(kClients).fill(last));
  });
}
