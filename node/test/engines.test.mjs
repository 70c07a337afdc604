// Which engine a process has: the native one, the socket.io package in its place, or an error that says what to do.
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import { client, program, settings } from "./support.mjs";

const code = `
  import http from "node:http";
  import service, { wsUtils } from "signalbox";
  const server = http.createServer();
  service.initialize(server, ${JSON.stringify({ ...settings, logLevel: "info" })});
  server.listen(0, "127.0.0.1", () => console.log("port", server.address().port));
  service.on("where", (socket, ack) => server.getConnections((_, count) => ack(count)));`;
const run = (t, env) => program(t, code, { env: { SIGNALBOX_ENGINE: undefined, NODE_ENV: undefined, ...env } });
const noBinary = { SIGNALBOX_ADDON: "/nonexistent" };

/** The connections that Node has of one client: none where the native engine took it over. */
async function connectionsOf(t, { line }) {
  const [, port] = await line(/port (\d+)/);
  return (await client(t, `http://127.0.0.1:${port}`, "ada", { transports: ["websocket"] })).emitWithAck("where");
}
async function errorOf(t, env) {
  const { code: ended, err } = await run(t, env).ended;
  assert.equal(ended, 1);
  return err;
}

test("where the binary is, it is the engine", async (t) => {
  const started = run(t, {});
  assert.equal(await connectionsOf(t, started), 0);
  assert.doesNotMatch(started.output.err, /socket\.io package/);
});

test("without a binary the socket.io package takes its place, with one warning", async (t) => {
  const started = run(t, noBinary);
  assert.equal(await connectionsOf(t, started), 1);
  const warnings = started.output.err.trim().split("\n");
  assert.equal(warnings.length, 1, started.output.err);
  assert.match(warnings[0], /^signalbox: Signalbox's engine cannot be loaded on this machine \(linux, \w+, glibc [\d.]+\): .* not for production: outcomes are kept in memory only; it is slower/);
});

test("in production it does not by itself, and the error names the machine and both remedies", async (t) => {
  const err = await errorOf(t, { ...noBinary, NODE_ENV: "production" });
  assert.match(err, new RegExp(`\\(${process.platform}, ${process.arch}, glibc [\\d.]+\\)`));
  assert.match(err, /Use linux-x64 with glibc 2\.34 or newer; or say so: SIGNALBOX_ENGINE=socket\.io/);
});

test("SIGNALBOX_ENGINE=socket.io says so: in production too, and without a warning", async (t) => {
  const started = run(t, { NODE_ENV: "production", SIGNALBOX_ENGINE: "socket.io" });
  assert.equal(await connectionsOf(t, started), 1);
  assert.equal(started.output.err, "");
});

test("SIGNALBOX_ENGINE=native has no other in its place", async (t) => {
  assert.match(await errorOf(t, { ...noBinary, SIGNALBOX_ENGINE: "native" }), /engine cannot be loaded on this machine \(/);
});

test("SIGNALBOX_ENGINE takes no other name", async (t) => {
  assert.match(await errorOf(t, { SIGNALBOX_ENGINE: "nonsense" }), /SIGNALBOX_ENGINE is 'nonsense'; it is native or socket\.io/);
});

test("settings that change nothing there are named", async (t) => {
  const started = run(t, { SIGNALBOX_ENGINE: "socket.io", SIGNALBOX_RECOVERY_WINDOW_MS: "1000" });
  await started.line(/port/);
  assert.match(started.output.err, /^signalbox: on the socket\.io package these settings change nothing: RECOVERY_WINDOW_MS\n$/);
});

test("in a bundler's file, where nothing of the package lies beside it, the error says how to leave it out", () => {
  /** The module as it is there: its code, and another folder. */
  const bundled = (name, others = {}) => {
    const file = new URL(`../lib/${name}`, import.meta.url), module = { exports: {} };
    const requires = (wanted) => others[wanted] ?? createRequire(file)(wanted);
    new Function("require", "module", "exports", "__dirname", fs.readFileSync(file, "utf8"))(requires, module, module.exports, "/nowhere");
    return module.exports;
  };
  const { WebSocketService } = bundled("service.cjs", { "./engines.cjs": bundled("engines.cjs") });
  const service = new WebSocketService();
  const how = "signalbox is in a bundler's file, .* serverExternalPackages: \\[\"signalbox\"\\]";
  assert.throws(() => service.initialize(0, settings), new RegExp(`^Error: ${how}`));
  assert.throws(() => service.getIO(), new RegExp(`If it does run in this process: ${how}`));
  service.connect({ url: "http://127.0.0.1:1", apiKey: "a worker needs no engine" });
  assert.equal(service.getIO().getOnlineUsersCount(), 0);
  return service.close();
});
