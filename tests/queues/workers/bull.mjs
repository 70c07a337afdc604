// A worker of Bull, as bullmq.mjs is one of BullMQ.
import { setTimeout as pause } from "node:timers/promises";

const [version, port, , ...queues] = process.argv.slice(2);
const { default: Bull } = await import(`bull-${version}`);
const settings = { lockDuration: 1000, stalledInterval: 300, maxStalledCount: 1000 };

async function work(job) {
  const { progress = [], ms = 0, fails = 0, error, dies, result } = job.data.plan;
  for (const value of progress) await job.progress(value);
  if (ms > 0) await pause(ms);
  if (dies && (await job.queue.client.set(`test:died:${job.queue.name}:${job.id}`, 1, "NX"))) process.kill(process.pid, "SIGKILL");
  if (job.attemptsMade < fails) throw new Error(error);
  return result;
}

for (const name of queues) {
  const queue = new Bull(name, { redis: { host: "127.0.0.1", port: Number(port), maxRetriesPerRequest: null, enableReadyCheck: false }, settings });
  queue.on("error", () => {});
  queue.process(20, work);
}
process.send?.("ready");
process.once("disconnect", () => process.exit());
