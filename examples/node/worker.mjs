// The worker: a process of its own, which takes jobs from the queue. SIGNALBOX_URL and SIGNALBOX_API_KEY say where its events go.
import { setTimeout as pause } from "node:timers/promises";
import websocketService, { wsUtils, WS_EVENTS } from "signalbox";
import { Worker, connection } from "./queue.mjs";

async function imageGenerationWorker(job) {
  const { userId, prompt, fails } = job.data;
  const io = websocketService.getIO();
  let result;

  try {
    for (let progress = 10; progress < 100; progress += 10) {
      await job.updateProgress(progress);
      wsUtils.emitToUser(io, userId, WS_EVENTS.JOB_PROGRESS, {
        jobId: job.id,
        progress,
        status: `${prompt}: ${progress < 40 ? "sketching" : "painting"}`,
      });
      await pause(300);
      if (fails && progress === 50 && job.attemptsMade === 0) throw new Error(`${prompt}: the painter ran out of blue`);
    }
    result = { prompt, imageUrl: paint(prompt) };
  } catch (error) {
    console.error(`Job ${job.id} failed: ${error.message}`);
    await wsUtils.emitToUser(io, userId, WS_EVENTS.JOB_FAILED, { jobId: job.id, error: error.message });
    throw error;
  }
  // Awaited, it is on the server's disk before the queue forgets the job.
  await wsUtils.emitToUser(io, userId, WS_EVENTS.JOB_COMPLETED, { jobId: job.id, result });
  return result;
}

/** A sun over hills, in colours that come of the prompt. */
function paint(prompt) {
  const hue = [...prompt].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 0);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 90">
    <rect width="160" height="90" fill="hsl(${hue} 60% 75%)"/><circle cx="${20 + (hue % 120)}" cy="30" r="14" fill="hsl(45 95% 65%)"/>
    <path d="M0 65Q40 35 80 62T160 50V90H0Z" fill="hsl(${hue + 100} 35% 45%)"/><path d="M0 82Q60 56 160 80V90H0Z" fill="hsl(${hue + 120} 40% 30%)"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

new Worker("pictures", imageGenerationWorker, { connection });
process.once("disconnect", () => process.exit());
