// The worker of the original's documentation, as it stands there, with its queue read as well: it says each thing twice, and a page
// hears it once.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Queue } from "bullmq-5";

import { apiKey, eventually } from "../e2e/support.mjs";
import { long, skip } from "../cluster/cluster.mjs";
import { env, Page, queuesOf, withQueues, workersOf } from "./queues.mjs";

/** Of the worker's own word and of what it returns to the queue, which name the image differently: the first is told. */
const imageIn = ({ imageUrl, url, ...size }) => ({ ...size, image: imageUrl ?? url });

const count = long ? 2000 : 200;
test(`its ${count} jobs are told once each, on whichever of two nodes a user is`, { skip, timeout: 300000 },
  withQueues({ nodes: 2, env: { ...env, BULLMQ_QUEUES: "image", BULLMQ_HOLD_MS: "100" } }, async ({ nodes, redis }, t) => {
    Object.assign(process.env, { SIGNALBOX_URL: nodes[0].url, SIGNALBOX_API_KEY: apiKey }); // the workers'
    const users = Array.from({ length: 10 }, (_, i) => `user${i}`), pages = new Map();
    for (const [i, user] of users.entries()) pages.set(user, await Page.open(nodes[i % 2], user));
    t.after(() => pages.forEach((page) => page.close()));
    const workers = await workersOf(t, "original.mjs", [redis.port, "image"], 2);
    const queue = new Queue("image", { connection: { host: "127.0.0.1", port: redis.port } });
    t.after(() => queue.close());

    const jobs = Array.from({ length: count }, (_, n) => ({ jobId: `job-${n}`, userId: users[n % users.length], prompt: n % 9 === 4 ? "impossible" : `p${n}` }));
    for (const { jobId, userId, prompt } of jobs) await queue.add("paint", { userId, prompt }, { jobId });

    for (const { jobId, userId, prompt } of jobs) {
      const page = pages.get(userId), of = () => page.heard.filter(([, data]) => data.jobId === jobId);
      await page.until((event, data) => event !== "job_progress" && data.jobId === jobId, 30000);
      const end = prompt === "impossible" ? ["job_failed", { jobId, error: "no such image" }] : ["job_completed", { jobId, result: { width: 1, height: 2, image: `/${prompt}.png` } }];
      // On its way to the server newer progress takes the place of older: the first of the two may be missing.
      const progress = of().slice(0, -1).map(([, { progress, status }]) => `${progress} ${status}`);
      assert.deepEqual(progress.filter((each) => each !== "10 initializing"), ["50 generating"]);
      assert.ok(progress.length <= 2 && progress.at(-1) === "50 generating", String(progress));
      const [event, { queue: _, ...data }] = of().at(-1);
      if (data.result) data.result = imageIn(data.result);
      assert.deepEqual([event, data], end);
    }
    // What the queue says comes behind.
    await eventually(async () => {
      const rows = await Promise.all(nodes.map(queuesOf));
      return rows.reduce((sum, { image }) => sum + (image?.outcomes ?? 0), 0) >= count;
    });
    for (const page of pages.values()) {
      const ends = page.heard.filter(([event]) => event !== "job_progress").map(([, { jobId }]) => jobId);
      assert.equal(new Set(ends).size, ends.length, "told once each");
      assert.ok(page.heard.every(([event, { status }]) => event !== "job_progress" || status !== "processing"), "and nothing but the worker's own words");
    }
    await workers.stop();
  }));
