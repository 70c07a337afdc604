// No accepted outcome is lost: the server is killed again and again under working jobs, and its store may not grow.
// Seeded and bounded. FAULTS=long runs the full size; SEED repeats a run (the order of the network is not in it).
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { apiKey, connect, eventually, startProgram } from "../e2e/support.mjs";
import { pause } from "../support/server.mjs";

const long = process.env.FAULTS === "long";
const seed = Number(process.env.SEED ?? 1);
const size = long ? { users: 200, jobs: 10000, kills: 20, workers: 8, limit: 600000 } : { users: 20, jobs: 400, kills: 5, workers: 4, limit: 60000 };

/** Numbers from 0 to 1 that a seed determines. */
function randomOf(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
const post = (server, body, key) =>
  fetch(`${server.url}/api/emit`, {
    method: "POST",
    headers: key ? { ...headers, "idempotency-key": key } : headers,
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(5000),
  });
const jobsOf = (server, user) => fetch(`${server.url}/api/users/${user}/jobs`, { headers }).then((answer) => answer.json());
const newData = () => mkdtempSync(join(tmpdir(), "signalbox-faults-"));

/** A user who reloads the page at times, is away at times, and writes down every outcome that comes. */
class User {
  heard = new Map(); // job -> how often
  strange = 0;
  away = false;
  constructor(name, options) {
    Object.assign(this, { name, options });
  }
  open(server) {
    const patience = { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 200 };
    this.socket = connect(server, { user: this.name, ...patience, ...this.options });
    const hear = (data) => {
      if (!data.jobId.startsWith(`${this.name}-`)) this.strange++;
      this.heard.set(data.jobId, (this.heard.get(data.jobId) ?? 0) + 1);
    };
    this.socket.on("job_completed", hear).on("job_failed", hear);
  }
  async live(server, random, over) {
    while (!over()) {
      await pause(200 + random() * 1500);
      this.socket.disconnect();
      if (random() < 0.3) await pause(random() * 2000);
      this.open(server);
    }
  }
}

describe("a server that is killed", () => {
  let server, data;
  before(async () => {
    data = newData();
    server = await startProgram(settings());
  });
  after(async () => {
    await server.stop("SIGKILL");
    rmSync(data, { recursive: true });
  });
  const settings = () => ({ DATA_DIR: data, OUTCOME_REPLAY_MS: "0", PRESENCE_EVENTS: "off", LOG_LEVEL: "error" });

  test(`${size.kills} times under ${size.jobs} jobs of ${size.users} users loses no outcome that it accepted`, { timeout: size.limit }, async (t) => {
    const random = randomOf(seed);
    const ways = [undefined, ["polling"], ["websocket"]];
    const users = Array.from({ length: size.users }, (_, i) => new User(`user${i}`, { transports: ways[i % ways.length] }));
    const jobs = Array.from({ length: size.jobs }, (_, i) => {
      const user = users[i % size.users];
      return { user, id: `${user.name}-${i}`, failed: random() < 0.3, steps: Math.floor(random() * 4), wait: random() * 60 };
    });
    let working = true, repeats = 0;
    users.forEach((user) => user.open(server));
    const lives = users.filter((_, i) => i % 2 === 0).map((user, i) => user.live(server, randomOf(seed + 1 + i), () => !working));

    const event = (job) => (job.failed ? { event: "job_failed", data: { jobId: job.id, error: job.id } } : { event: "job_completed", data: { jobId: job.id, result: job.id } });
    const work = async (queue) => {
      for (let job; (job = queue.shift()); ) {
        for (let step = 0; step < job.steps; step++) {
          await post(server, { userId: job.user.name, event: "job_progress", data: { jobId: job.id, progress: step * 20 } }).then((answer) => answer.text(), () => {});
        }
        await pause(job.wait);
        for (;; repeats++, await pause(20)) {
          const answer = await post(server, { userId: job.user.name, ...event(job) }, job.id).catch(() => undefined);
          await answer?.text().catch(() => {});
          if (answer?.status === 202) break;
          assert.ok(!answer || [429, 503].includes(answer.status), `refused with ${answer?.status}`);
        }
      }
    };
    const queue = [...jobs];
    const kill = async () => {
      for (let i = 1; i <= size.kills; i++) {
        const due = size.jobs * (1 - (i - random() * 0.5) / (size.kills + 0.5));
        await eventually(() => queue.length <= due, size.limit);
        await server.stop("SIGKILL");
        await pause(random() * 300);
        server = await startProgram(settings(), server.port);
      }
    };
    await Promise.all([kill(), ...Array.from({ length: size.workers }, () => work(queue))]);
    working = false;
    await Promise.all(lives);

    const missing = () => jobs.filter((job) => !job.user.heard.has(job.id)).map((job) => job.id);
    await eventually(() => missing().length === 0, 15000).catch(() => {});
    assert.deepEqual(missing(), []);
    assert.equal(users.reduce((sum, user) => sum + user.strange, 0), 0, "told of another's jobs");
    for (const user of users) {
      const known = new Map((await jobsOf(server, user.name)).map((job) => [job.jobId, job]));
      for (const job of jobs.filter((one) => one.user === user)) {
        const found = known.get(job.id);
        assert.deepEqual([found?.event, found?.data], [event(job).event, event(job).data]);
      }
      user.socket.disconnect();
    }
    const times = users.flatMap((user) => [...user.heard.values()]).reduce((sum, count) => sum + count, 0);
    t.diagnostic(`seed ${seed}: ${jobs.length} outcomes, ${times - jobs.length} heard again, ${repeats} requests repeated`);
  });
});

test("a store that may not grow refuses outcomes with 503, delivers progress, recovers, and has kept what it accepted", { timeout: 60000 }, async () => {
  const data = newData();
  let server = await startProgram({ DATA_DIR: data, LOG_LEVEL: "off" });
  const limit = (bytes) => execFileSync("prlimit", [`--pid=${server.child.pid}`, `--fsize=${bytes}:`]);
  const outcome = (id) => post(server, { userId: "ada", event: "job_completed", data: { jobId: id, result: "x".repeat(5000) } }).then((answer) => answer.status);
  try {
    const accepted = [];
    limit(150000);
    let status;
    for (let i = 0; i < 100 && (status = await outcome(`${i}`)) === 202; i++) accepted.push(`${i}`);
    assert.equal(status, 503);
    assert.ok(accepted.length > 0);
    assert.equal((await post(server, { userId: "ada", event: "job_progress", data: { jobId: "runs", progress: 1 } })).status, 202);
    assert.equal(await outcome("refused"), 503);
    limit("unlimited");
    await eventually(async () => (await outcome("later")) === 202, 10000);
    await server.stop("SIGKILL");
    server = await startProgram({ DATA_DIR: data, LOG_LEVEL: "off" }, server.port);
    const kept = new Set((await jobsOf(server, "ada")).map((job) => job.jobId));
    assert.deepEqual([...accepted, "later"].filter((id) => !kept.has(id)), []);
  } finally {
    await server.stop("SIGKILL");
    rmSync(data, { recursive: true });
  }
});
