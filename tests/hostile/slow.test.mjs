// A client on a slow line is not an attacker: it stays, and hears what counts.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { post, Raw } from "./raw.mjs";
import { apiKey, attack, loginPacket } from "./town.mjs";

const script = fileURLToPath(new URL("slow_reader.py", import.meta.url));

/** Logs in as "slow" and reads 10 KB a second for so long, then all there is: `next()` is a message. */
async function slowReader(port, seconds) {
  const reader = spawn("/usr/bin/python3", [script, String(port), loginPacket("slow"), String(seconds)], { stdio: ["pipe", "pipe", "inherit"], timeout: 50_000 });
  const lines = createInterface({ input: reader.stdout })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value;
  for (const begins of ["0{", "40{", '42["authenticated"']) assert.ok((await next())?.startsWith(begins));
  return { next, leave: () => reader.stdin.end() };
}

// A million events; a sanitizer's build, which is slower, gets fewer.
const [jobs, steps, slowFor] = process.env.SIGNALBOX_BUILD ? [200, 250, 4] : [1000, 1000, 15];

attack(`one who reads 10 KB a second stays under ${jobs} jobs of ${steps} steps, and hears the last progress and every outcome`, { env: { SEND_QUEUE_BYTES: "500000" }, kept: 1, memoryMb: 16, cpuMs: 5000 }, async ({ port }, t) => {
  const { next, leave } = await slowReader(port, slowFor);

  const worker = await Raw.open(port);
  const emit = async (events) => {
    const body = JSON.stringify(events.map(([event, data]) => ({ userId: "slow", event, data })));
    const { status, body: said } = await worker.write(post("/api/emit", body, `Authorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\n`)).answer();
    assert.equal(status, 202, said);
    assert.notEqual(JSON.parse(said).online, 0, "it was closed");
  };
  const outcomes = [];
  let sent = 0;
  for (let step = 1; step <= steps; ++step) {
    const events = [];
    for (let job = 0; job < jobs; ++job) {
      const end = job % 2 === 0 ? 100 + Math.floor((job * steps) / (2 * jobs)) : Infinity; // every other job ends, by and by
      if (step < end) events.push(["job_progress", { jobId: `job ${job}`, progress: (100 * step) / steps, status: "x".repeat(100) }]);
      if (step === end) events.push(["job_completed", { jobId: `job ${job}`, result: { step } }]), outcomes.push(`job ${job}`);
    }
    await emit(events);
    sent += events.length;
  }
  await emit([["last", null]]);
  worker.close();

  const progress = new Map(), heard = [];
  let count = 0;
  for (let message; (message = await next()) !== '42["last",null]'; ) {
    assert.ok(message !== undefined && message !== "closed", "it was closed");
    if (!message.startsWith("42")) continue;
    const [event, { jobId, progress: value }] = JSON.parse(message.slice(2));
    ++count;
    if (event === "job_completed") heard.push(jobId);
    if (event === "job_progress") {
      assert.ok(!heard.includes(jobId), "progress behind its outcome");
      assert.ok(value > (progress.get(jobId) ?? 0), "progress went back");
      progress.set(jobId, value);
    }
  }
  assert.deepEqual(heard, outcomes);
  for (let job = 1; job < jobs; job += 2) assert.equal(progress.get(`job ${job}`), 100);
  t.diagnostic(`it was told ${count} of ${sent} events`);
  assert.ok(count < sent / 2, `it was told ${count} of ${sent} events`);
  leave();
});

attack("a telephone that reads 10 KB a second is not taken for dead: its heartbeat goes before what waits, and has time while bytes still leave", { env: { PING_INTERVAL_MS: "300", PING_TIMEOUT_MS: "1000" }, memoryMb: 16, cpuMs: 1500 }, async (town) => {
  const { next, leave } = await slowReader(town.port, 6);
  const count = 60;
  for (let i = 0; i < count; ++i) {
    const { status, body } = await town.emit("slow", { i, pad: "x".repeat(10_000) });
    assert.deepEqual([status, JSON.parse(body).online], [202, 1]);
  }
  // Its line takes a minute for these; a ping behind them would have no answer for as long.
  let notes = 0, beforeFirstPing;
  while (notes < count) {
    const message = await next();
    assert.ok(message !== undefined && message !== "closed", `it was closed after ${notes} events`);
    if (message === "2") beforeFirstPing ??= notes;
    else assert.equal(JSON.parse(message.slice(2))[1].i, notes++);
  }
  assert.ok(beforeFirstPing < count - 10, `the first ping came behind ${beforeFirstPing} events`);
  leave();
});
