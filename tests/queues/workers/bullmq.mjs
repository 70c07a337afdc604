// A worker of BullMQ that knows nothing of Signalbox. What happens to a job stands in its plan (jobs.mjs).
//   node bullmq.mjs VERSION PORT OPTIONS QUEUE…
import { setTimeout as pause } from "node:timers/promises";

import { Redis } from "ioredis";

const [version, port, options, ...queues] = process.argv.slice(2);
const { UnrecoverableError, Worker } = await import(`bullmq-${version}`);
const connection = { host: "127.0.0.1", port: Number(port), maxRetriesPerRequest: null };
const redis = new Redis(connection).on("error", () => {});

async function work(job) {
  const { progress = [], ms = 0, fails = 0, error, final, dies, until, result } = job.data.plan;
  for (const value of progress) await job.updateProgress(value === "NaN" ? NaN : value);
  if (ms > 0) await pause(ms);
  // Each process that takes it dies, or the first one alone.
  if (dies === "always" || (dies && (await redis.set(`test:died:${job.queueName}:${job.id}`, 1, "NX")))) process.kill(process.pid, "SIGKILL");
  if (final) throw new UnrecoverableError(error);
  if (until && !(await redis.exists(until))) throw new Error(error);
  if (job.attemptsMade < fails) throw new Error(error);
  return result;
}

for (const queue of queues) new Worker(queue, work, { connection, concurrency: 20, lockDuration: 1000, stalledInterval: 300, maxStalledCount: 1000, ...JSON.parse(options) }).on("error", () => {});
process.send?.("ready");
process.once("disconnect", () => process.exit());
