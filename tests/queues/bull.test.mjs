// Jobs of Bull 3 and 4 reach their users' pages by what Bull publishes and keeps; the workers know nothing of it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Queue as BullMQ } from "bullmq-5";
import { Redis } from "ioredis";

import { emit, eventually, startProgram } from "../e2e/support.mjs";
import { RedisServer } from "../support/redis_server.mjs";
import { long, skip } from "../cluster/cluster.mjs";
import { env, newestFirst, Page, pageOf, queuesOf, read, withQueues, workersOf } from "./queues.mjs";

const one = { nodes: 1, env: { ...env, BULL_QUEUES: "image" } };
const size = long ? { jobs: 2000, kills: 8 } : { jobs: 200, kills: 2 };

for (const version of [3, 4]) {
  const { default: Bull } = await import(`bull-${version}`);

  async function queueOf(t, redis, name, workers = 1) {
    const queue = new Bull(name, { redis: { host: "127.0.0.1", port: redis.port, maxRetriesPerRequest: null, enableReadyCheck: false } });
    queue.on("error", () => {});
    t.after(() => queue.close());
    if (workers > 0) await workersOf(t, "bull.mjs", [version, redis.port, "{}", name], workers);
    return queue;
  }

  describe(`with Bull ${version}`, () => {
    test("a page hears a job's progress and its result, or null where there is none", { skip }, withQueues(one, async ({ nodes: [node], redis }, t) => {
      const page = await pageOf(t, node, "42");
      await read([node], ["image"]);
      const queue = await queueOf(t, redis, "image");
      await queue.add({ userId: 42, plan: { progress: [10, { progress: 40, status: "drawing" }, "half"], ms: 200, result: { imageUrl: "/a.png" } } });
      await queue.add({ userId: 42, plan: {} }, { jobId: "a:b" });
      const job = { jobId: "1", queue: "image" };
      assert.deepEqual((await page.ended(job)).at(-1), ["job_completed", { ...job, result: { imageUrl: "/a.png" } }]);
      assert.deepEqual(page.of(job).slice(0, -1).map(([, { progress, status }]) => [progress, status]), [[10, "processing"], [40, "drawing"], ["half", "processing"]]);
      assert.deepEqual(await page.ended({ jobId: "a:b", queue: "image" }), [["job_completed", { jobId: "a:b", queue: "image", result: null }]]);
    }));

    test("a page hears why a job failed, once it has failed for good", { skip }, withQueues(one, async ({ nodes: [node], redis }, t) => {
      const page = await pageOf(t, node, "ada");
      await read([node], ["image"]);
      const queue = await queueOf(t, redis, "image");
      await queue.add({ userId: "ada", plan: { fails: 9, error: "no paper" } }, { attempts: 3 });
      assert.deepEqual(await page.ended({ jobId: "1", queue: "image" }), [["job_failed", { jobId: "1", queue: "image", error: "no paper" }]]);
    }));

    test("a queue is found by itself, and one of BullMQ is not taken for Bull's", { skip }, withQueues({ nodes: 1, env: { ...env, BULL_QUEUES: "*" } }, async ({ nodes: [node], redis }, t) => {
      const other = new BullMQ("video", { connection: { host: "127.0.0.1", port: redis.port } });
      t.after(() => other.close());
      await other.add("do", { userId: "ada" });
      const page = await pageOf(t, node, "ada");
      const queue = await queueOf(t, redis, "image");
      await queue.add({ userId: "ada", plan: { result: 1 } });
      await page.ended({ jobId: "1", queue: "image" }, 20000);
      assert.deepEqual(Object.keys(await queuesOf(node)), ["image"]);
    }));

    test("what a queue of the same name in another database publishes is told to nobody", { skip }, newestFirst(async (t) => {
      const redis = await RedisServer.start();
      t.after(() => redis.stop());
      const node = await startProgram({ ...env, BULL_QUEUES: "image", BULL_REDIS_URL: `${redis.url}/3` });
      t.after(() => node.stop());
      const page = await pageOf(t, node, "ada");
      await eventually(async () => (await queuesOf(node)).image?.reader);
      const here = new Redis({ port: redis.port, db: 3 });
      t.after(() => here.disconnect());
      await here.hset("bull:image:same", { name: "__default__", data: JSON.stringify({ userId: "ada" }) });
      const there = await queueOf(t, redis, "image"); // of database 0
      await there.add({ userId: "bob", plan: { result: "of database 0" } }, { jobId: "same" });
      await eventually(async () => (await there.getCompletedCount()) === 1);
      await eventually(async () => (await queuesOf(node)).image.events > 0);
      await emit(node, "ada", "job_completed", { jobId: "marker", result: null });
      await page.ended({ jobId: "marker" });
      assert.deepEqual(page.of({ jobId: "same", queue: "image" }), []);
    }));

    test(`of ${size.jobs} jobs no end is lost while the reader is killed ${size.kills} times and Redis is restarted`, { skip, timeout: 600000 },
      withQueues({ nodes: 2, env: one.env, redis: { appendonly: true } }, async (cluster, t) => {
        const { nodes, redis } = cluster;
        const users = Array.from({ length: 10 }, (_, i) => `user${i}`), pages = new Map();
        for (const user of users) pages.set(user, await Page.open(cluster, user));
        t.after(() => pages.forEach((page) => page.close()));
        const queue = await queueOf(t, redis, "image");
        const jobs = Array.from({ length: size.jobs }, (_, n) => ({ user: users[n % users.length], fails: n % 7 === 0, n }));
        let harming = true;
        const adding = (async () => {
          for (const job of jobs) {
            const plan = { progress: [50], ms: 10, result: job.n, ...(job.fails && { fails: 9, error: `no ${job.n}` }) };
            job.id = `job-${job.n}`; // an addition that is made again is the same job
            await eventually(() => queue.add({ userId: job.user, plan }, { jobId: job.id }).catch(() => undefined), 20000); // a Redis that starts refuses
            if (harming) await new Promise((wake) => setTimeout(wake, 20));
          }
        })();
        for (let i = 0; i < size.kills; ++i) {
          await read(nodes, ["image"]);
          await nodes[i % 2].kill();
          if (i === 0) await redis.kill().then(() => redis.start());
          await nodes[i % 2].start();
        }
        harming = false;
        await adding;
        for (const { user, id: jobId, fails, n } of jobs) {
          const [event, data] = (await pages.get(user).ended({ jobId, queue: "image" }, 60000)).at(-1);
          assert.deepEqual([event, data], fails ? ["job_failed", { jobId, queue: "image", error: `no ${n}` }] : ["job_completed", { jobId, queue: "image", result: n }]);
        }
        for (const [user, page] of pages) for (const key of page.jobs) assert.ok(jobs.some((job) => `image:${job.id}` === key && job.user === user), `${user} heard of ${key}`);
      }));
  });
}
