// A client on a slow line is not an attacker: it stays, and hears what counts.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { post, Raw } from "./raw.mjs";
import { apiKey, attack, loginPacket } from "./town.mjs";

const script = fileURLToPath(new URL("slow_reader.py", import.meta.url));

attack("one who reads 10 KB a second stays, and hears the last progress and every outcome", { env: { SEND_QUEUE_BYTES: "200000" }, memoryMb: 16, cpuMs: 3000 }, async ({ port }) => {
  const jobs = 200, steps = 250, slowSeconds = 4;
  const reader = spawn("/usr/bin/python3", [script, String(port), loginPacket("slow"), String(slowSeconds)], { stdio: ["pipe", "pipe", "inherit"], timeout: 20_000 });
  const lines = createInterface({ input: reader.stdout })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value;
  for (const begins of ["0{", "40{", '42["authenticated"']) assert.ok((await next())?.startsWith(begins));

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
      const end = job % 2 === 0 ? 100 + job / 2 : Infinity; // every other job ends, each at another step
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
  assert.ok(count < sent / 2, `it was told ${count} of ${sent} events`);
  reader.stdin.end();
});
