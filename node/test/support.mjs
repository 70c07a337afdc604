// What the tests share: tokens, clients, servers and child processes, each of which goes with its test.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { io as connectClient } from "socket.io-client";

export const here = path.dirname(fileURLToPath(import.meta.url));
export const secret = "0123456789abcdef0123456789abcdef";
process.env.JWT_SECRET = secret;

export const engine = process.env.SIGNALBOX_ENGINE || "native";

/** Why a test cannot hold on the socket.io package, as its `skip`; on the native engine it runs. */
export const onlyNative = (why) => ({ skip: engine === "socket.io" && `the socket.io package: ${why}` });

export const settings = { logLevel: "off", threads: 2, dataDir: "", presenceGraceMs: 0 };

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
export function token(claims) {
  const signed = `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** A folder that goes with the test. */
export function folder(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), "signalbox-node-"));
  t.after(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

/** The program's own server, listening; `service.initialize(server, …)` may follow. */
export async function listen(t, handler = (request, response) => response.end(`application: ${request.url}`), server = http.createServer(handler)) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections?.();
    server.close();
  });
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

/** A real client of that user, once it is logged in (or `event` came); it goes with the test. */
export async function client(t, url, user, options = {}, event = "authenticated") {
  const socket = connectClient(url, { auth: user === undefined ? {} : { token: token({ id: user }) }, forceNew: true, ...options });
  t.after(() => socket.disconnect());
  const inbox = [];
  socket.onAny((name, ...args) => inbox.push([name, ...args]));
  await next(socket, event);
  return Object.assign(socket, { inbox });
}

/** The error with which such a client is refused. */
export function refused(t, url, user, options = {}) {
  const socket = connectClient(url, { auth: { token: token({ id: user }) }, forceNew: true, reconnection: false, ...options });
  t.after(() => socket.disconnect());
  return next(socket, "connect_error");
}

/** The next event of that name; an error of the connection ends the wait. */
export function next(socket, event, milliseconds = 60_000) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event} within ${milliseconds} ms`)), milliseconds);
    socket.once(event, (...args) => (clearTimeout(timer), resolve(args[0])));
    if (event !== "connect_error") socket.once("connect_error", (error) => (clearTimeout(timer), reject(error)));
  });
}

/** Waits until `question` is answered with something true. */
export async function eventually(question, milliseconds = 30_000) {
  const end = Date.now() + milliseconds;
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    assert.ok(Date.now() < end, `not within ${milliseconds} ms: ${question}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A program of its own: `code` is an ES module (or CommonJS with `type: "cjs"`) in this folder, or in `place`. Its lines can be waited for. */
export function program(t, code, { env = {}, node = process.execPath, args = [], type = "mjs", cwd, place = here } = {}) {
  const file = path.join(place, `.program-${process.pid}-${Math.random().toString(36).slice(2)}.${type}`);
  fs.writeFileSync(file, code);
  const child = spawn(node, [...args, file], { env: { ...process.env, JWT_SECRET: secret, ...env }, cwd: cwd ?? here, stdio: ["pipe", "pipe", "pipe"] });
  const output = { out: "", err: "" };
  child.stdout.on("data", (bytes) => (output.out += bytes));
  child.stderr.on("data", (bytes) => (output.err += bytes));
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, ...output }));
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
    fs.rmSync(file, { force: true });
  });
  const line = (pattern) =>
    eventually(() => {
      const found = pattern.exec(output.out);
      if (!found && (child.exitCode !== null || child.signalCode !== null)) throw new Error(`it ended without ${pattern}:\n${output.out}${output.err}`);
      return found;
    });
  return { child, output, ended, line };
}
