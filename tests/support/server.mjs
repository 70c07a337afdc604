// Starts a program of ours on a free port and waits until it listens.
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const buildDir = process.env.SIGNALBOX_BUILD ?? fileURLToPath(new URL("../../build/release", import.meta.url));

/** The path of a built program (SIGNALBOX_BUILD says of which build), or of another one where that is given whole. */
export const program = (name) => resolve(buildDir, name);

/** What the environments of these have a server load before it, all of it. */
export const preloaded = (...faults) => Object.assign({}, ...faults.map(({ env }) => env), { LD_PRELOAD: faults.map(({ env }) => env.LD_PRELOAD).join(":") });

const settled = (socket) => once(socket, "listening").then(() => true, () => false);

/** What has this port until it is closed or this process ends, or nothing: another has it. Who has the UDP port of a number has that number,
    also while the server on it is down: the files of tests that run at a time take none from each other. */
async function take(port) {
  const mark = createSocket("udp4").unref();
  mark.bind({ port, address: "127.0.0.1", exclusive: true });
  const server = createServer().listen(port, "127.0.0.1");
  const [mine, free] = await Promise.all([mark, server].map(settled));
  if (free) await new Promise((done) => server.close(done));
  if (mine && free) return mark;
  mark.close();
  return undefined;
}

/** A port on which nobody listens, or so many in a row. They are this process's until it ends. */
export async function freePort(inARow = 1) {
  // Below those that the kernel gives to connections: a server that starts again finds its port free.
  const port = 20000 + Math.floor(10000 * Math.random());
  const marks = await Promise.all(Array.from({ length: inARow }, (_, i) => take(port + i)));
  if (marks.every(Boolean)) return port;
  marks.forEach((mark) => mark?.close());
  return freePort(inARow);
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Somebody listens at that port, or the program that was to has ended. */
export async function untilItListens(port, child) {
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      if (child.stderr?.closed === false) await Promise.race([once(child.stderr, "close"), pause(1000)]); // its last words may come behind its end
      throw new Error(`${child.spawnfile} ended with ${child.exitCode ?? child.signalCode}: ${child.log}`);
    }
    const socket = connect(port, "127.0.0.1");
    const listening = await new Promise((done) => socket.once("connect", () => done(true)).once("error", () => done(false)));
    socket.destroy();
    if (listening) return;
    await pause(10);
  }
}

/** A program of ours on `port`, with nothing in its environment but `env`, on two threads if that says no other number.
    Sessions that a test leaves behind are waited for one second at its end. */
export async function startServer(name, args = [], env = {}, port = undefined) {
  port ??= await freePort();
  const environment = { THREADS: process.env.THREADS ?? "2", LOG_LEVEL: "warn", PORT: String(port), DATA_DIR: "", DRAIN_MS: "1000", ...env };
  const child = spawn(program(name), args, { cwd: tmpdir(), env: environment, stdio: ["pipe", "pipe", "pipe"] });
  child.log = "";
  child.stderr.on("data", (data) => (child.log += data));
  child.on("error", (error) => (child.log += error));
  const ended = once(child, "exit");
  await untilItListens(port, child);
  return {
    port,
    child,
    url: `http://127.0.0.1:${port}`,
    /** Ends the server and tells with what code and how long that took. */
    async stop(signal = "SIGTERM") {
      const start = performance.now();
      child.kill(signal);
      const [code] = await ended;
      return { code, ms: performance.now() - start };
    },
  };
}
