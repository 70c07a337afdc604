// The worker. It knows nothing of Signalbox, nor of any page.
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "bullmq";

async function paint(job) {
  for (let progress = 10; progress < 100; progress += 10, await pause(300)) await job.updateProgress(progress);
  if (job.data.prompt === "nothing") throw new Error("there is nothing to paint");
  return { colour: `hsl(${(job.data.prompt.length * 47) % 360} 60% 70%)` };
}

new Worker("pictures", paint, { connection: { url: process.env.REDIS_URL } });
