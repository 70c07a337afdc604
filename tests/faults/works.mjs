// Users who wait for their jobs on bad lines, workers who do these, and a server that comes to harm meanwhile.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { apiKey, connect, eventually, startProgram } from "../e2e/support.mjs";
import { FaultyDisk } from "../support/faulty_disk.mjs";
import { Line } from "../support/line.mjs";
import { RepeatingProxy } from "../support/repeating_proxy.mjs";
import { pause, preloaded } from "../support/server.mjs";
import { SteppedClock } from "../support/stepped_clock.mjs";

/** Numbers from 0 to 1 that a seed determines. */
export function randomOf(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A server with a store that outlives it, on a disk that may hang and with a wall clock that may be wrong (`ahead`, ms). */
export class Place {
  hanging = false;
  static async open(env = {}, ahead = 0) {
    const place = new Place();
    place.data = mkdtempSync(join(tmpdir(), "signalbox-faults-"));
    place.disk = new FaultyDisk();
    place.clock = new SteppedClock();
    place.clock.set(ahead);
    place.env = { ...preloaded(place.disk, place.clock), DATA_DIR: place.data, OUTCOME_REPLAY_MS: "0", PRESENCE_EVENTS: "off", LOG_LEVEL: "off", ...env };
    await place.start();
    return place;
  }
  async start() {
    this.server = await startProgram(this.env, this.server?.port);
  }
  kill() {
    const { exitCode, signalCode, log } = this.server.child;
    assert.equal(exitCode ?? signalCode, null, `the server had ended by itself: ${log}`);
    return this.server.stop("SIGKILL");
  }
  /** No file of the server may be written behind this byte: a full disk, or with 0 files that cannot be written at all. */
  limitFiles(bytes) {
    execFileSync("prlimit", [`--pid=${this.server.child.pid}`, `--fsize=${bytes}:`]);
  }
  /** The answer's status; undefined when there was no answer. */
  async post(userId, event, data, key) {
    const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json", ...(key && { "idempotency-key": key }) };
    const request = { method: "POST", headers, body: JSON.stringify({ userId, event, data }), signal: AbortSignal.timeout(30000) };
    const answer = await fetch(`${this.server.url}/api/emit`, request).catch(() => undefined);
    await answer?.text().catch(() => {});
    return answer?.status;
  }
  async jobsOf(user) {
    const answer = await fetch(`${this.server.url}/api/users/${user}/jobs`, { headers: { authorization: `Bearer ${apiKey}` } });
    return answer.json();
  }
  /** From now on, or no more: what is to be brought to the disk does not get there, and who brings it waits. */
  hang(on) {
    this.hanging = on;
    on ? this.disk.begin("hang") : this.disk.end("hang");
  }
  async close() {
    await this.server.stop("SIGKILL");
    this.disk.close();
    this.clock.close();
    rmSync(this.data, { recursive: true });
  }
}

/** A user who reloads, is cut off and is away at times, and writes down what comes. */
class User {
  last = new Map(); // job -> the last event that was heard of it, as JSON
  outcomes = new Set(); // those heard, each once
  again = 0; // outcomes heard before
  strange = 0;
  /** `kind`: behindProxy, away, bytesPerSecond; the rest is for the client. */
  constructor(name, kind) {
    const { behindProxy, away, bytesPerSecond, ...options } = kind;
    Object.assign(this, { name, behindProxy, away, bytesPerSecond, options });
  }
  async begin(place, random) {
    if (this.behindProxy) {
      // It repeats requests by itself: of five answers of the server one is lost.
      this.line = await RepeatingProxy.to(place.server.port);
      this.line.loses = () => (random() < 0.2 ? (random() < 0.5 ? "read" : "reset") : undefined);
      this.repeats = setInterval(() => this.line.repeatWaiting(), 500);
    } else {
      this.line = await Line.to(place.server.port);
      this.line.slow(this.bytesPerSecond);
    }
    this.open();
  }
  open() {
    const patience = { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 200 };
    this.socket = connect(this.line, { user: this.name, ...patience, ...this.options });
    for (const event of ["job_progress", "job_completed", "job_failed"]) {
      this.socket.on(event, (data) => {
        if (!data.jobId.startsWith(`${this.name}-`)) this.strange++;
        const text = JSON.stringify({ event, data });
        this.last.set(data.jobId, text);
        if (event === "job_progress") return;
        this.again += this.outcomes.has(text);
        this.outcomes.add(text);
      });
    }
  }
  async live(random, over) {
    if (this.away) return this.stayAway(over);
    const troubles = [
      () => this.line.cut(), // and the same page comes back by itself
      () => this.reload(),
      () => (this.line.cut(), this.reload()), // the page goes without a word
      async () => (this.line.down(), await pause(random() * 2000), this.line.up()),
      async () => (this.socket.disconnect(), await pause(random() * 2000), this.open()),
    ];
    while (!over()) {
      await pause(200 + random() * 1500);
      await troubles[Math.floor(random() * troubles.length)]();
    }
  }
  /** Comes back when all is over. */
  async stayAway(over) {
    this.socket.disconnect();
    while (!over()) await pause(50);
    this.open();
  }
  reload() {
    this.socket.disconnect();
    this.open();
  }
  end() {
    clearInterval(this.repeats);
    this.socket?.disconnect();
    this.line?.close();
  }
  get state() {
    const { connected, io } = this.socket;
    return { connected, engine: io.engine?.readyState, transport: io.engine?.transport?.name, upgrading: io.engine?.upgrading, line: this.line.state };
  }
}

/** What a worker tells of one job, in order: progress, an outcome, at times a failure and another try, where there are retries. */
function newJob(user, id, random, retries) {
  const size = Math.floor(random() * 2000);
  const progress = () => Array.from({ length: Math.floor(random() * 4) }, (_, i) => ({ event: "job_progress", data: { jobId: id, progress: i * 20 } }));
  const failed = { event: "job_failed", data: { jobId: id, error: "x".repeat(size) } };
  const completed = { event: "job_completed", data: { jobId: id, result: "y".repeat(size) } };
  const kind = random() * (retries ? 1 : 0.9);
  const events = kind < 0.6 ? [...progress(), completed] : kind < 0.9 ? [...progress(), failed] : [...progress(), failed, ...progress(), completed];
  return { user, id, events, final: JSON.stringify(events.at(-1)), wait: random() * 60 };
}

/** Over every transport; a fifth reads slowly. With `proxies` a quarter polls behind proxies; with `away` a quarter stays away
    until all jobs are done, half of it behind these proxies. */
function newUser(i, { proxies, away }) {
  const behindProxy = proxies && i % 4 === 3;
  const transports = behindProxy ? ["polling"] : [undefined, ["polling"], ["websocket"]][i % 3];
  return new User(`user${i}`, { transports, behindProxy, away: away && i % 8 >= 6, bytesPerSecond: i % 5 === 0 ? 20000 : Infinity });
}

/** Workers do all jobs while all `troubles` (troubles.mjs) come together, until the first of them has done its work. Then
    every user must have heard the final state of each job, and the server must know it; a place of several nodes is asked whether
    all of these say that just these users are `online`. With `size.forgets` what was received
    may be gone from the server, since a clock that was wrong at a start said that it is old, or since memory is short. With
    `size.reloads` every user loads the page anew when all is over, for what is told at a login alone; with `size.anyOrder` it is
    enough that each outcome was heard, whatever came behind it. */
export async function work(place, size, seed, ...troubles) {
  const random = randomOf(seed);
  const users = Array.from({ length: size.users }, (_, i) => newUser(i, size));
  const jobs = Array.from({ length: size.jobs }, (_, i) => newJob(users[i % size.users], `${users[i % size.users].name}-${i}`, random, size.retries ?? true));
  let working = true, watching = true;
  try {
    for (const [i, user] of users.entries()) await user.begin(place, randomOf(seed - 1 - i));
    const queue = [...jobs];
    const lives = users.map((user, i) => user.live(randomOf(seed + 1 + i), () => !working));
    const workers = Promise.all(Array.from({ length: size.workers }, () => doJobs(place, queue)));
    workers.catch(() => {}); // where a trouble fails, that is what is told
    const receipts = watchReceipts(place, users, () => !watching);
    const harm = await allAtOnce(troubles, { users, left: () => queue.length / jobs.length }, seed);
    const repeats = (await workers).reduce((sum, count) => sum + count);
    working = false;
    await Promise.all(lives);
    if (size.reloads) users.forEach((user) => user.reload());
    const checked = check(place, users, jobs, size);
    await checked.catch(() => {});
    watching = false;
    const unheard = await receipts;
    assert.deepEqual(unheard, [], "outcomes that count as received and were not heard");
    await checked;
    await place.online?.(users.map(({ name }) => name));
    const sum = (count) => users.reduce((all, user) => all + count(user), 0);
    const facts = [`${jobs.length} jobs`, `${sum((user) => user.again)} outcomes heard again`, `${repeats} requests repeated`, ...harm];
    if (size.anyOrder) facts.push(`${jobs.filter(({ user, id, final }) => user.last.get(id) !== final).length} of which older progress came last`);
    if (size.proxies) facts.push(`${sum((user) => user.line.lost ?? 0)} answers lost`);
    return `seed ${seed}: ${facts.filter(Boolean).join(", ")}`;
  } finally {
    working = watching = false;
    users.forEach((user) => user.end());
  }
}

/** The others end with the first. */
async function allAtOnce([first, ...others], facts, seed) {
  let over = false;
  const random = (i) => randomOf(seed + 1000 * i);
  const going = others.map((trouble, i) => trouble({ ...facts, over: () => over, random: random(i + 1) }));
  const done = await first({ ...facts, random: random(0) }).finally(() => (over = true));
  return [done, ...(await Promise.all(going))];
}

/** The outcomes that the server at some time took for received while their user had not heard them. */
async function watchReceipts(place, users, over) {
  const wrong = new Set();
  const look = async (user) => {
    const known = await place.jobsOf(user.name).catch(() => []); // it may be down
    for (const { event, data, had } of known)
      if (had && event && !user.outcomes.has(JSON.stringify({ event, data }))) wrong.add(`${event} of ${data.jobId}`);
  };
  for (let i = 0; !over(); i++, await pause(20)) await look(users[i % users.length]);
  for (const user of users) await look(user);
  return [...wrong];
}

/** A worker: tells all of a job, in order, and an outcome again until it is accepted. How often that was. */
async function doJobs(place, queue) {
  let repeats = 0;
  for (let job; (job = queue.shift()); await pause(job.wait)) {
    for (const [i, { event, data }] of job.events.entries()) {
      for (;; repeats++, await pause(20)) {
        const status = await place.post(job.user.name, event, data, `${job.id}/${i}`);
        if (status === 202 || event === "job_progress") break; // progress is worth no second try
        assert.ok([undefined, 429, 503].includes(status), `refused with ${status}`);
      }
    }
  }
  return repeats;
}

async function check(place, users, jobs, { forgets, anyOrder }) {
  const told = ({ user, id, final }) => (anyOrder ? user.outcomes.has(final) : user.last.get(id) === final);
  const wrong = () => jobs.filter((job) => !told(job));
  await eventually(() => wrong().length === 0, 60000).catch(() => {});
  const asKept = async (job) => (await place.jobsOf(job.user.name)).find(({ jobId }) => jobId === job.id);
  const facts = await Promise.all(wrong().slice(0, 10).map(async (job) => [job.id, job.user.state, job.user.last.get(job.id), await asKept(job)]));
  assert.deepEqual(facts, [], `${wrong().length} jobs of which their user did not hear the final state`);
  assert.equal(users.reduce((sum, user) => sum + user.strange, 0), 0, "events of another's jobs");
  if (anyOrder) return;
  for (const user of users) {
    const known = new Map((await place.jobsOf(user.name)).map(({ jobId, event, data }) => [jobId, JSON.stringify({ event, data })]));
    for (const job of jobs.filter((job) => job.user === user)) if (!forgets || known.has(job.id)) assert.equal(known.get(job.id), job.final);
  }
}
