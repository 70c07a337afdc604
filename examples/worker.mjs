// A queue worker in Node, with nothing but fetch: node worker.mjs USER JOB, with API_KEY and SIGNALBOX_URL from the environment.
const url = process.env.SIGNALBOX_URL ?? "http://localhost:3000";

/** Sends one event to every browser of a user; tells whether the user has one. Retries what is worth it. */
async function emitToUser(userId, event, data, idempotencyKey) {
  for (let attempt = 1; ; ++attempt) {
    const response = await fetch(`${url}/api/emit`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${process.env.API_KEY}`,
        "Content-Type": "application/json",
        ...(idempotencyKey && { "Idempotency-Key": idempotencyKey }),
      },
      body: JSON.stringify({ userId, event, data }),
    }).catch(() => undefined); // the server starts anew, perhaps
    if (response?.status === 202) return (await response.json()).online > 0;
    const later = !response || [429, 502, 503, 504].includes(response.status);
    if (!later || attempt === 5) throw new Error(response ? `${response.status}: ${await response.text()}` : `${url} cannot be reached`);
    await new Promise((wake) => setTimeout(wake, 1000 * Number(response?.headers.get("retry-after") ?? attempt)));
  }
}

async function imageGenerationWorker({ id: jobId, userId }, generateImage) {
  let result;
  try {
    await emitToUser(userId, "job_progress", { jobId, progress: 10, status: "initializing" });
    await emitToUser(userId, "job_progress", { jobId, progress: 50, status: "generating" });
    result = await generateImage();
  } catch (error) {
    await emitToUser(userId, "job_failed", { jobId, error: error.message }, `${jobId}-failed`);
    throw error;
  }
  const seen = await emitToUser(userId, "job_completed", { jobId, result }, `${jobId}-completed`);
  if (!seen) console.log(`${userId} is offline: time for an e-mail`);
}

const [userId, id] = process.argv.slice(2);
await imageGenerationWorker({ id, userId }, async () => ({ imageUrl: `https://example.com/${id}.png`, width: 512, height: 512 }));
