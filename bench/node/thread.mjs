// What the package takes of JavaScript's thread, and Socket.IO beside it: node bench/node/thread.mjs signalbox | signalbox-port |
// socket.io; the second on a port of the engine's own.
// Prints one JSON object: nanoseconds for an emit of the original's progress event to a user who is online, microseconds for the
// hand-over of an upgrade less those of one that is destroyed, and the event loop's delay (p99, ms) while USERS log in and
// 20,000 events a second go out.
import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { createRequire } from "node:module";
import net from "node:net";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";

const secret = "0123456789abcdef0123456789abcdef";
const require = createRequire(new URL("../peers/socketio/server.js", import.meta.url));
const load = new URL("../../build/release/signalbox-bench", import.meta.url).pathname;

async function signalbox(server, own = {}) {
  const { default: service, wsUtils } = await import("../../node/index.mjs");
  service.initialize(...[server].filter(Boolean), { ...own, jwtSecret: secret, logLevel: "error", dataDir: "", threads: 1, presenceEvents: false, maxConnectionsPerUser: 0 });
  const io = service.getIO();
  return (user, event, data) => wsUtils.emitToUser(io, user, event, data);
}

async function socketIo(server) {
  const { Server } = require("socket.io"), jwt = require("jsonwebtoken");
  const io = new Server(server);
  io.use((socket, next) => {
    try {
      socket.data.user = jwt.verify(socket.handshake.auth.token, secret, { algorithms: ["HS256"] });
      next();
    } catch {
      next(new Error("unauthorized"));
    }
  });
  io.on("connection", (socket) => {
    socket.join(`user:${socket.data.user.id}`);
    socket.emit("authenticated", { user: socket.data.user });
  });
  return (user, event, data) => io.to(`user:${user}`).emit(event, data);
}

const progress = (i) => ({ jobId: `job-${i % 1000}`, progress: i % 101, status: "processing" });

async function freePort() {
  const probe = net.createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Nanoseconds an emit, in turns of 1,000, so that what was emitted can leave between them. */
async function emitCost(emit) {
  let spent = 0;
  const rounds = 200, each = 1000;
  for (let round = 0; round < rounds; ++round) {
    const begun = performance.now();
    for (let i = 0; i < each; ++i) emit("user-0", "job_progress", progress(i));
    if (round >= rounds / 4) spent += performance.now() - begun;
    await sleep(5);
  }
  return (spent * 1e6) / (rounds * 0.75 * each);
}

/** Microseconds of this thread for `count` upgrades to `path`, each. */
async function upgradeCost(server, path, count = 500) {
  const { port } = server.address();
  let spent = 0, seen = 0;
  const emit = server.emit;
  server.emit = function (event, ...args) {
    if (event !== "upgrade") return emit.call(this, event, ...args);
    const begun = performance.now();
    const result = emit.call(this, event, ...args);
    spent += performance.now() - begun;
    ++seen;
    return result;
  };
  const sockets = [];
  for (let i = 0; i < count; ++i) {
    const socket = net.connect(port, "127.0.0.1").on("error", () => {});
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
    sockets.push(socket);
    if (i % 50 === 49) await sleep(20);
  }
  while (seen < count) await sleep(5);
  server.emit = emit;
  for (const socket of sockets) socket.destroy();
  return (spent * 1000) / count;
}

/** p99 of the event loop's delay, in milliseconds. */
async function delay(port, emit, users) {
  const clients = spawn("taskset", ["-c", "1", load, "logins", "--users", String(users), "--port", String(port), "--secret", secret]);
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  let i = 0;
  const timer = setInterval(() => {
    for (const end = i + 200; i < end; ++i) emit(`user-${i % users}`, "job_progress", progress(i));
  }, 10);
  await once(clients, "exit");
  clearInterval(timer);
  histogram.disable();
  return histogram.percentile(99) / 1e6;
}

const which = process.argv[2];
const server = http.createServer((request, response) => response.end());
server.on("upgrade", (request, socket) => request.url === "/destroyed" && socket.destroy());
server.listen(0, "127.0.0.1");
await once(server, "listening");
const ownPort = which === "signalbox-port" ? await freePort() : undefined;
const port = ownPort ?? server.address().port;
const emit = ownPort ? await signalbox(undefined, { port, host: "127.0.0.1" }) : await { signalbox, "socket.io": socketIo }[which](server);

const held = spawn(load, ["idle", "--users", "1000", "--seconds", "60", "--port", String(port), "--secret", secret]);
await sleep(3000);
const figures = { emit_ns: await emitCost(emit) };
held.kill();
if (!ownPort) {
  const destroyed = await upgradeCost(server, "/destroyed");
  figures.hand_over_us = (await upgradeCost(server, "/socket.io/?EIO=4&transport=websocket")) - destroyed;
}
figures.delay_p99_ms = await delay(port, emit, 2000);
console.log(JSON.stringify(figures));
process.exit();
