// Jobs of BullMQ reach their users' pages, and no worker knows of it: the workers here are plain ones, and only
// BULLMQ_QUEUES says that a node is to read. FAULTS=long does ten thousand jobs.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Redis } from "ioredis";

import { emit, eventually, startProgram } from "../e2e/support.mjs";
import { randomOf } from "../faults/works.mjs";
import { RedisServer } from "../support/redis_server.mjs";
import { pause } from "../support/server.mjs";
import { long, skip } from "../cluster/cluster.mjs";
import { add, all, check, newJobs, queues } from "./jobs.mjs";
import { env, newestFirst, Page, pageOf, queuesOf, read, Unattributed, withQueues, workersOf } from "./queues.mjs";

const seed = Number(process.env.SEED ?? 1);
const size = long ? { jobs: 10000, rate: 100, kills: 20, users: 50 } : { jobs: 500, rate: 80, kills: 3, users: 20 };
const one = { nodes: 1, env: { ...env, BULLMQ_QUEUES: queues.join(",") } };
const two = { nodes: 2, env: { ...env, BULLMQ_QUEUES: queues.join(",") }, redis: { appendonly: true } };

/** The tests with one version of BullMQ. */
export async function tests(version) {
  const bullmq = await import(`bullmq-${version}`);
  const connectionTo = (redis) => ({ host: "127.0.0.1", port: redis.port, maxRetriesPerRequest: null });

  /** A queue and a worker for it, both of the test. */
  async function queueOf(t, redis, name, { workerOptions = {}, workers = 1, ...options } = {}) {
    const queue = new bullmq.Queue(name, { connection: connectionTo(redis), ...options }).on("error", () => {});
    t.after(() => queue.close());
    if (workers > 0) await workersOf(t, "bullmq.mjs", [version, redis.port, JSON.stringify(workerOptions), name], workers);
    return queue;
  }

  describe(`with BullMQ ${version}`, () => {
    test("a page hears a job's progress in every shape, and its result", { skip }, withQueues(one, async ({ nodes: [node], redis }, t) => {
      const page = await pageOf(t, node, "42");
      const queue = await queueOf(t, redis, "image");
      await queue.add("paint", { userId: 42, plan: { progress: [10, { progress: 50, status: "drawing" }, { pct: 60 }, "nearly", true], ms: 200, result: { imageUrl: "/a.png" } } });
      const job = { jobId: "1", queue: "image" };
      assert.deepEqual((await page.ended(job)).at(-1), ["job_completed", { ...job, result: { imageUrl: "/a.png" } }]);
      const progress = page.of(job).slice(0, -1).map(([event, { progress, status, pct }]) => [event, progress, status, pct]);
      assert.deepEqual(progress, [
        ["job_progress", 10, "processing", undefined],
        ["job_progress", 50, "drawing", undefined],
        ["job_progress", { pct: 60 }, "processing", undefined],
        ["job_progress", "nearly", "processing", undefined],
        ["job_progress", true, "processing", undefined],
      ]);
    }));

    test("a page hears why a job failed, once it has failed for good", { skip }, withQueues(one, async ({ nodes: [node], redis }, t) => {
      const page = await pageOf(t, node, "ada");
      const queue = await queueOf(t, redis, "image");
      await queue.add("paint", { userId: "ada", plan: { fails: 9, error: "no paper" } }, { attempts: 3 });
      assert.deepEqual(await page.ended({ jobId: "1", queue: "image" }), [["job_failed", { jobId: "1", queue: "image", error: "no paper" }]]);
    }));

    test("a result without a value is null, and one that is too large is left out", { skip }, withQueues({ ...one, env: { ...one.env, MAX_PAYLOAD_BYTES: "20000" } }, async ({ nodes: [node], redis }, t) => {
      const page = await pageOf(t, node, "ada");
      const queue = await queueOf(t, redis, "image");
      for (const result of [undefined, "x".repeat(30000)]) await queue.add("paint", { userId: "ada", plan: { result } });
      assert.deepEqual((await page.ended({ jobId: "1", queue: "image" })).at(-1)[1], { jobId: "1", queue: "image", result: null });
      assert.deepEqual((await page.ended({ jobId: "2", queue: "image" })).at(-1)[1], { jobId: "2", queue: "image", result: null, truncated: true });
    }));

    test("the first jobs of two queues are two jobs", { skip }, withQueues(one, async ({ nodes: [node], redis }, t) => {
      const page = await pageOf(t, node, "ada");
      for (const name of queues) await (await queueOf(t, redis, name)).add("do", { userId: "ada", plan: { result: name } });
      for (const queue of queues) assert.deepEqual(await page.ended({ jobId: "1", queue }), [["job_completed", { jobId: "1", queue, result: queue }]]);
    }));

    test("a job whose worker dies again and again fails, and one whose worker dies once does not", { skip }, withQueues(one, async ({ nodes: [node], redis }, t) => {
      const page = await pageOf(t, node, "ada");
      const queue = await queueOf(t, redis, "image", { workerOptions: { concurrency: 1, maxStalledCount: 1 } });
      await queue.add("do", { userId: "ada", plan: { dies: "once", result: "in the end" } });
      assert.equal((await page.ended({ jobId: "1", queue: "image" })).at(-1)[1].result, "in the end");
      await queue.add("do", { userId: "ada", plan: { dies: "always" } });
      assert.match((await page.ended({ jobId: "2", queue: "image" })).at(-1)[1].error, /stalled/);
    }));

    test("the user is found under whichever path there is, and a child without one is its parent's", { skip },
      withQueues({ nodes: 1, env: { ...env, BULLMQ_QUEUES: "image", BULLMQ_USER: "data.owner.id,data.userId" } }, async ({ nodes: [node], redis }, t) => {
        const ada = await pageOf(t, node, "ada"), seven = await pageOf(t, node, "7");
        const queue = await queueOf(t, redis, "image");
        await queue.add("do", { owner: { id: 7 }, plan: { result: 1 } });
        assert.equal((await seven.ended({ jobId: "1", queue: "image" })).at(-1)[1].result, 1);
        const flows = new bullmq.FlowProducer({ connection: connectionTo(redis) });
        t.after(() => flows.close());
        const { job, children } = await flows.add({
          name: "whole", queueName: "image", data: { userId: "ada", plan: { result: 2 } },
          children: [{ name: "part", queueName: "image", data: { plan: { result: 3 } } }],
        });
        for (const [{ id }, result] of [[children[0].job, 3], [job, 2]]) assert.equal((await ada.ended({ jobId: id, queue: "image" })).at(-1)[1].result, result);
      }));

    test("a grandchild without a user is its grandparent's", { skip }, withQueues(one, async ({ nodes: [node], redis }, t) => {
      const ada = await pageOf(t, node, "ada");
      for (const name of queues) await queueOf(t, redis, name);
      const flows = new bullmq.FlowProducer({ connection: connectionTo(redis) });
      t.after(() => flows.close());
      const part = (queueName, result, children = []) => ({ name: "part", queueName, data: { plan: { result } }, children });
      const { children: [child] } = await flows.add({ ...part("image", 1, [part("video", 2, [part("image", 3)])]), data: { userId: "ada", plan: { result: 1 } } });
      assert.equal((await ada.ended({ jobId: child.children[0].job.id, queue: "image" })).at(-1)[1].result, 3);
      assert.equal((await ada.ended({ jobId: child.job.id, queue: "video" })).at(-1)[1].result, 2);
    }));

    test("the jobs of a scheduler are told, each by its id", { skip }, withQueues(one, async ({ nodes: [node], redis }, t) => {
      const page = await pageOf(t, node, "ada");
      const queue = await queueOf(t, redis, "image");
      await read([node], ["image"]);
      await queue.upsertJobScheduler("tick", { every: 100, limit: 2 }, { name: "do", data: { userId: "ada", plan: { result: 1 } } });
      await eventually(() => page.jobs.length >= 2, 20000);
      for (const key of page.jobs) assert.match(key, /^image:repeat:tick:\d+$/);
    }));

    test("an id that is used again is its new job's", { skip }, withQueues(one, async ({ nodes: [node], redis }, t) => {
      const pages = { ada: await pageOf(t, node, "ada"), bob: await pageOf(t, node, "bob") };
      const queue = await queueOf(t, redis, "image", { defaultJobOptions: { removeOnComplete: true } });
      await read([node], ["image"]);
      const job = { jobId: "same", queue: "image" };
      for (const [n, user] of ["ada", "bob", "ada", "bob"].entries()) {
        await queue.add("do", { userId: user, plan: { ms: 100, result: n } }, { jobId: job.jobId });
        await pages[user].until((event, { result }) => result === n);
      }
      assert.deepEqual(pages.ada.of(job).map(([, { result }]) => result), [0, 2]);
      assert.deepEqual(pages.bob.of(job).map(([, { result }]) => result), [1, 3]);
    }));

    test("a queue that nobody has named is found by itself, and its first job is told", { skip }, withQueues({ nodes: 1, env: { ...env, BULLMQ_QUEUES: "*" } }, async ({ nodes: [node], redis }, t) => {
      const page = await pageOf(t, node, "ada");
      const queue = await queueOf(t, redis, "found");
      await queue.add("do", { userId: "ada", plan: { result: 1 } });
      await page.ended({ jobId: "1", queue: "found" }, 20000);
    }));

    test("one node reads without REDIS_URL, and a queue that begins later", { skip }, newestFirst(async (t) => {
      const redis = await RedisServer.start();
      t.after(() => redis.stop());
      const node = await startProgram({ ...env, BULLMQ_QUEUES: "image", BULLMQ_REDIS_URL: redis.url, BULLMQ_PREFIX: "{mine}" });
      t.after(() => node.stop());
      const page = await pageOf(t, node, "ada");
      const queue = await queueOf(t, redis, "image", { prefix: "{mine}", workerOptions: { prefix: "{mine}" } });
      await queue.add("do", { userId: "ada", plan: { result: 1 } });
      await page.ended({ jobId: "1", queue: "image" }, 20000);
      await eventually(async () => (await queuesOf(node)).image.outcomes === 1); // once it is on the disk
      const { image } = await queuesOf(node);
      assert.deepEqual([image.source, image.unattributed, image.gaps], ["bullmq", 0, 0]);
    }));

    for (const [how, away, back] of [["nobody read", "kill", "start"], ["the reader stood still", "freeze", "thaw"]])
      test(`what ended while ${how} is told afterwards, also what the queue's stream has no more`, { skip }, withQueues(one, async ({ nodes: [node], redis }, t) => {
        const queue = await queueOf(t, redis, "image", { streams: { events: { maxLen: 10 } } });
        await queue.add("do", { userId: "ada", plan: {} });
        await read([node], ["image"]);
        await eventually(async () => (await queuesOf(node)).image.outcomes === 1);
        await node[away]();
        const count = 400; // the stream is cut in pieces of a hundred
        await queue.addBulk(Array.from({ length: count }, (_, n) => ({ name: "do", data: { userId: "ada", plan: { result: n } }, opts: { jobId: `later-${n}` } })));
        await eventually(async () => (await queue.getCompletedCount()) === count + 1, 20000);
        await redis.command("XTRIM", "bull:image:events", "MAXLEN", "=", "5");
        await node[back]();
        const page = await pageOf(t, node, "ada");
        for (let n = 0; n < count; ++n) assert.equal((await page.ended({ jobId: `later-${n}`, queue: "image" }, 20000)).at(-1)[1].result, n);
        await eventually(async () => (await queuesOf(node)).image.gaps >= 1);
      }));

    test("what was removed while nobody read is counted and logged by its id, and told to nobody", { skip }, withQueues(one, async ({ nodes: [node], redis }, t) => {
      const queue = await queueOf(t, redis, "image", { defaultJobOptions: { removeOnComplete: true } });
      await queue.add("do", { userId: "ada", plan: {} }, { removeOnComplete: false });
      await read([node], ["image"]);
      await eventually(async () => (await queuesOf(node)).image.outcomes === 1);
      await node.kill();
      for (const n of [1, 2, 3]) await queue.add("do", { userId: "ada", plan: {} }, { jobId: `gone-${n}` });
      await eventually(async () => (await queue.getJobCountByTypes("waiting", "active")) === 0);
      await node.start();
      await eventually(async () => (await queuesOf(node)).image?.unattributed === 3, 20000);
      for (const n of [1, 2, 3]) await node.logged(new RegExp(`gone-${n}\\b`));
      const page = await pageOf(t, node, "ada");
      await emit(node, "ada", "job_completed", { jobId: "marker", result: null });
      await page.ended({ jobId: "marker" });
      assert.deepEqual(page.jobs.filter((key) => key.includes("gone")), []);
    }));

    test(`of ${size.jobs} jobs no end is lost while workers die, Redis is restarted and the reader is killed ${size.kills} times (seed ${seed})`,
      { skip, timeout: long ? 1800000 : 120000 },
      withQueues(two, async (cluster, t) => {
        const { nodes, redis } = cluster, random = randomOf(seed + version);
        const users = Array.from({ length: size.users }, (_, i) => (i % 2 ? `user${i}` : String(i)));
        const pages = new Map();
        for (const user of users) pages.set(user, await Page.open(cluster, user));
        t.after(() => pages.forEach((page) => page.close()));
        const workers = await workersOf(t, "bullmq.mjs", [version, redis.port, "{}", ...queues], 2);
        const client = new Redis({ port: redis.port, maxRetriesPerRequest: null }).on("error", () => {});
        t.after(() => client.disconnect());

        const unattributed = new Unattributed(nodes);
        t.after(() => unattributed.stop());

        const jobs = newJobs(size.jobs, users, seed + version, size.kills);
        let restarts = 0;
        const harm = async () => {
          for (let i = 0; i < size.kills; ++i) {
            await read(nodes, queues);
            await pause(random() * 500);
            const reader = nodes[i % 2]; // since the other one was killed before
            await reader.kill();
            if (i === Math.floor(size.kills / 2)) await redis.kill().then(() => redis.start()), ++restarts;
            await pause(random() * 300);
            await reader.start();
          }
        };
        const [adding] = await Promise.all([add(jobs, { bullmq, connection: connectionTo(redis) }, size.rate), harm()]);
        t.after(() => adding.close());
        for (const job of jobs.filter(({ kind }) => kind.retried)) {
          await pages.get(job.user).until((event, data) => event === "job_failed" && data.jobId === job.id && data.queue === job.queue, 60000);
          await adding.retry(job, client);
        }
        const untold = await check(pages, jobs, { counted: () => unattributed.count, redis: client });
        t.diagnostic(`${all(jobs).length} jobs, ${workers.deaths} workers died, ${size.kills} kills, ${restarts} restart of Redis, ${untold} that had no user any more, ${unattributed.count} counted`);
      }));
  });
}
