// What a worker's process is kept alive for, and what it is not.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";

import { api, apiKey, freePort, startProgram } from "./support.mjs";

const lib = fileURLToPath(new URL("../../lib/remote.cjs", import.meta.url));
let server;
before(async () => (server = await startProgram()));
after(() => server.stop());

/** Runs a script that has `io`; resolves with what it printed once it has ended by itself. */
async function run(script, { url = server.url, ms = 10_000 } = {}) {
  const text = `const { RemoteIo } = require(${JSON.stringify(lib)}); const io = new RemoteIo({ url: ${JSON.stringify(url)}, apiKey: ${JSON.stringify(apiKey)} }); ${script}`;
  const child = spawn(process.execPath, ["-e", text], { stdio: ["ignore", "pipe", "inherit"], timeout: ms });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (more) => (out += more));
  const [code, signal] = await once(child, "exit");
  assert.deepEqual([code, signal], [0, null], `it did not end by itself within ${ms} ms; it said: ${out}`);
  return out.trim();
}

test("a script that has nothing else to do ends, also while it follows who is online", async () => {
  await run("");
  await run("io.start();");
  await run("io.start(); io.ready().then(() => console.log('ready'));").then((out) => assert.equal(out, "ready"));
});

test("what was emitted leaves before it ends", async () => {
  await run("io.start(); io.emit('eve', 'job_completed', JSON.stringify({ jobId: 'last words' }));");
  assert.equal((await api(server, "GET", "/api/users/eve/jobs/last%20words")).body.event, "job_completed");
});

test("a rejection that nobody listens to is no unhandled one", async () => {
  assert.equal(await run("io.emit('eve', 'disconnect', '1'); process.on('exit', () => console.log('by itself'));"), "by itself");
});

test("it waits for a server that comes later, as long as something is to be sent", async () => {
  const port = await freePort();
  const script = run("io.start(); io.emit('eve', 'job_completed', JSON.stringify({ jobId: 'late' })).settled.then(console.log);", { url: `http://127.0.0.1:${port}` });
  const late = await startProgram({}, port);
  assert.equal(await script, "accepted");
  await late.stop();
});

test("with no server to follow it ends as well", async () => {
  await run("io.start();", { url: `http://127.0.0.1:${await freePort()}` });
});
