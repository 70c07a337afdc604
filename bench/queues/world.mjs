// Redis, a server that reads its queues, and jobs as BullMQ's workers leave them there. Server and Redis share a core, the load has the other.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { apiKey, eventually, secret } from "../../tests/e2e/support.mjs";
import { RedisServer } from "../../tests/support/redis_server.mjs";
import { logins } from "../../tests/support/light_clients.mjs";
import { freePort, pause, program, untilItListens } from "../../tests/support/server.mjs";

const { Redis } = createRequire(new URL("../../tests/queues/package.json", import.meta.url))("ioredis");

/** Six entries of a job, of which browsers hear three; `at` says when it was written, to whom looks. */
const steps = [
  (pipeline, key, add, { id, user }) => {
    pipeline.hset(`${key}:${id}`, "name", "paint", "data", `{"userId":"user-${user}","prompt":"a house by the sea"}`, "opts", "{}", "timestamp", String(Date.now()));
    add("added", "jobId", id, "name", "paint");
    add("waiting", "jobId", id);
  },
  (pipeline, key, add, { id }) => add("active", "jobId", id, "prev", "waiting"),
  ...[30, 60].map((progress) => (pipeline, key, add, { id }) => add("progress", "jobId", id, "data", JSON.stringify({ percent: progress, at: performance.now() }))),
  (pipeline, key, add, { id }) => {
    const now = String(Date.now()), result = JSON.stringify({ imageUrl: "https://example.com/1.png", width: 1024, at: performance.now() });
    pipeline.hset(`${key}:${id}`, "finishedOn", now, "returnvalue", result);
    pipeline.zadd(`${key}:completed`, now, id);
    add("completed", "jobId", id, "returnvalue", result, "prev", "active");
  },
];
export const stepCount = steps.length;
export const newJob = (id, n) => ({ id, user: n % userCount, done: 0 });
const pairs = (list) => Array.from({ length: list.length / 2 }, (_, i) => [list[2 * i], list[2 * i + 1]]);

const serverCore = "0", userCount = 100;
const queues = ["image", "video"];
const common = { PATH: process.env.PATH, JWT_SECRET: secret, API_KEY: apiKey, BULLMQ_QUEUES: queues.join(","), PRESENCE_EVENTS: "off" };
export const kinds = {
  signalbox: { command: [program("signalbox"), "serve"], env: { THREADS: "1", LOG_LEVEL: "error", BULLMQ_HOLD_MS: "0" } },
  "QueueEvents and Socket.IO": { command: ["node", fileURLToPath(new URL("../../tests/queues/peers/queue_events.mjs", import.meta.url))], env: {} },
};

export class World {
  static async open(kind) {
    const world = new World();
    world.kind = kind;
    world.data = mkdtempSync(join(tmpdir(), "signalbox-bench-"));
    world.redis = await RedisServer.start();
    execFileSync("taskset", ["-acp", serverCore, String(world.redis.child.pid)]);
    world.client = new Redis(world.redis.port);
    for (const queue of queues) await world.client.hset(`bull:${queue}:meta`, "version", "bullmq:5.81.5");
    await world.start();
    return world;
  }
  async start() {
    this.port ??= await freePort();
    const { command, env } = kinds[this.kind], { url } = this.redis;
    const settings = { ...common, ...env, DATA_DIR: this.data, REDIS_URL: this.kind === "signalbox" ? "" : url, BULLMQ_REDIS_URL: url, PORT: String(this.port) };
    this.server = spawn("taskset", ["-c", serverCore, ...command], { env: settings, stdio: ["ignore", "ignore", "pipe"] });
    this.server.log = "";
    this.server.stderr.on("data", (data) => (this.server.log += data));
    await untilItListens(this.port, this.server);
  }
  /** One client for each user, and the server reads the queues. */
  async enter() {
    this.clients = await logins(userCount, () => this.port);
    for (let n = 0; ; ++n) {
      await this.endMany(1, `first-${n}`);
      await pause(50);
      if (this.clients.some(({ events }) => events > 0)) break;
    }
    await pause(500);
    this.clients.forEach((client) => (client.events = 0));
  }
  async kill() {
    this.server.kill("SIGKILL");
    await once(this.server, "exit");
  }
  /** Each job's next step, as its worker leaves it in Redis: { id, user, done }, where `done` is how many it has made. */
  step(jobs, maxLen) {
    const pipeline = this.client.pipeline();
    for (const job of jobs) {
      const key = `bull:${queues[job.user % 2]}`, stream = [`${key}:events`, ...(maxLen ? ["MAXLEN", "~", maxLen] : []), "*", "event"];
      steps[job.done++](pipeline, key, (...fields) => pipeline.xadd(...stream, ...fields), job);
    }
    return pipeline.exec();
  }
  /** So many jobs, of all users in turn, named by `name`, from their first entry to their end. */
  async endMany(count, name, maxLen) {
    for (let n = 0; n < count; n += 500) {
      const jobs = Array.from({ length: Math.min(500, count - n) }, (_, i) => newJob(`${name}-${n + i}`, n + i));
      for (let i = 0; i < steps.length; ++i) await this.step(jobs, maxLen);
    }
  }
  /** Resolves when all that is in the queues' streams has been told, and what was missed of them: only then do readers store that place. */
  async allTold() {
    const last = async (queue) => Object.fromEntries(pairs(await this.client.xinfo("STREAM", `bull:${queue}:events`)))["last-generated-id"];
    const stored = (queue) => this.client.get(`sb:q:{bullmq:bull:${queue}}:pos`);
    for (const queue of queues) await eventually(async () => (await stored(queue)) === (await last(queue)), 120000);
  }
  /** Resolves when clients have heard of so many ends since. */
  async hear(count) {
    let ends = 0;
    for (const client of this.clients) client.onEvent = (bytes) => (ends += bytes[8] === 0x63); // 42["job_c…
    return () => eventually(() => ends >= count, 120000);
  }
  async close() {
    this.clients?.forEach((client) => client.close());
    this.client.disconnect();
    this.server.kill("SIGKILL");
    await this.redis.stop();
    rmSync(this.data, { recursive: true, force: true });
  }
}
