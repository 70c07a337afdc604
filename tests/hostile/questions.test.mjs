// Questions about jobs, of which each may bring a large answer: they cost who asks, and nobody else.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";

import { pause } from "../support/server.mjs";
import { get, post, Raw, text } from "./raw.mjs";
import { apiKey, attack, crowd, login, loginByPolling, scaled, Town } from "./town.mjs";

const outcomes = 200;
const data = "x".repeat(100_000);
const outcome = (jobId) => post("/api/emit", JSON.stringify({ userId: "asker", event: "job_completed", data: { jobId, result: data } }), `Authorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\n`);

/** One shard, which keeps 20 MB of outcomes for a user who has received them, and so is not told of them again. */
async function build(env) {
  const town = await Town.build({ THREADS: "1", OUTCOME_REPLAY_MS: "0", ...env });
  const asker = await login(town.port, "asker");
  const reading = (async () => { while (await asker.message(60_000)); })();
  for (let i = 0; i < outcomes; ++i) assert.equal((await town.worker.write(outcome(i)).answer()).status, 202);
  const newest = get(`/api/users/asker/jobs/${outcomes - 1}`, `Authorization: Bearer ${apiKey}\r\n`);
  while (!JSON.parse((await town.worker.write(newest).answer()).body).had) await pause(20);
  asker.close();
  await reading;
  return town;
}

const questions = Buffer.concat(Array.from({ length: 400 }, (_, n) => text(`42${n}["jobs"]`)));
/** `{ack, jobs, next}` or `{ack, error}` of an answer. */
function read(message) {
  const [, ack, array] = /^43(\d+)(.*)$/s.exec(message);
  const [first, more] = JSON.parse(array);
  return { ack: Number(ack), error: first.error, jobs: first.length, next: more?.next };
}

// 100 ms on a quiet machine: here a neighbour may have the processor for a while.
const bounds = { eventMs: 400, memoryMb: 8, cpuMs: 1000 };

for (const [what, env] of [["by default", {}], ["without CLIENT_EVENTS_PER_S", { CLIENT_EVENTS_PER_S: "0" }]])
  describe(`400 questions about 20 MB of outcomes at once, ${what}`, () => {
    let town;
    before(async () => (town = await build(env)), { timeout: 60_000 });
    after(() => town.leave());
    const where = () => town;

    attack("of a client that reads what it can: none of its answers is larger than SEND_QUEUE_BYTES, in their order", { where, ...bounds, cpuMs: 5000 }, async ({ port }) => {
      const asker = await login(port, "asker");
      asker.write(questions);
      let answered = 0;
      for (let ack = 0, from = performance.now(); ack < 400 && performance.now() - from < 4000; ++ack) {
        const message = await asker.message(5000);
        assert.ok(message.length < 1 << 20, `${message.length} bytes`);
        const answer = read(message);
        assert.equal(answer.ack, ack);
        if (answer.error) continue;
        ++answered;
        assert.deepEqual([answer.jobs, answer.next], [10, 10]);
      }
      assert.ok(answered > 0);
      if (env.CLIENT_EVENTS_PER_S === undefined) assert.ok(answered < 10, `${answered} answers of a megabyte in 4 s`);
      asker.close();
    });

    attack("of a client that does not read: they are refused while the answer waits, and it stays connected", { where, ...bounds }, async ({ port }) => {
      const asker = (await login(port, "asker")).pause();
      asker.write(questions);
      await pause(2500);
      asker.socket.resume();
      let refused = 0, answered = 0;
      while (refused + answered < 100) read(await asker.message(5000)).error ? ++refused : ++answered;
      assert.ok(refused > 10 && answered < 20, `${refused} refused, ${answered} answered`);
      asker.close();
    });
  });

describe("450 connections of one user", () => {
  const askers = [];
  let town;
  before(async () => {
    town = await build({});
    askers.push(...(await crowd(scaled(450), 50, () => login(town.port, "asker"))));
    for (const asker of askers) asker.pause();
    await pause(500);
  }, { timeout: 60_000 });
  after(() => town.leave());

  attack("ask one question each and read nothing, then all of it", { where: () => town, ...bounds, cpuMs: 5000 }, async () => {
    for (const asker of askers) asker.write(text('420["jobs"]'));
    await pause(2500);
    for (const asker of askers) asker.socket.resume();
    const answers = await Promise.all(askers.map((asker) => asker.message(30_000)));
    for (const answer of answers) assert.deepEqual([read(answer).jobs, read(answer).next], [10, 10]);
    for (const asker of askers) asker.close();
  });
});

describe("by polling", () => {
  let town;
  before(async () => (town = await build({})), { timeout: 60_000 });
  after(() => town.leave());

  attack("400 questions in one request", { where: () => town, ...bounds, cpuMs: 3000 }, async (town) => {
    const raw = await Raw.open(town.port);
    const { target } = await loginByPolling(raw, "asker");
    const body = Array.from({ length: 400 }, (_, n) => `42${n}["jobs"]`).join("\x1e");
    assert.equal((await raw.write(post(target, body)).answer(5000)).body, "ok");
    let seen = 0;
    while (seen < 400) {
      const { status, body } = await raw.write(get(target)).answer(5000);
      assert.equal(status, 200);
      for (const packet of body.split("\x1e")) if (packet.startsWith("43")) assert.equal(read(packet).ack, seen++);
    }
    raw.close();
  });
});
