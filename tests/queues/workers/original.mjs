// The worker of the original's documentation, as it stands there, on the npm package: SIGNALBOX_URL and SIGNALBOX_API_KEY say where
// it emits. Its two imports come from elsewhere, and what it takes for granted is here.
//   node original.mjs PORT QUEUE
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import { Worker } from "bullmq-5";

globalThis.logger = { error() {} };
globalThis.generateImage = async (prompt) => {
  await pause(150); // longer than a first progress is held
  if (prompt === "impossible") throw new Error("no such image");
  return { url: `/${prompt}.png`, width: 1, height: 2 };
};

const document = readFileSync(new URL("../../../node/test/original-system.md", import.meta.url), "utf8");
const blocks = [...document.matchAll(/```javascript\n([\s\S]*?)```/g)].map(([, code]) => code);
const code = blocks
  .find((block) => block.includes("async function imageGenerationWorker"))
  .replace(/^import logger .*$/m, "")
  .replace(/from ".*websocket\/index.js"/, `from "${new URL("../../../node/index.mjs", import.meta.url)}"`);
const { default: imageGenerationWorker } = await import(`data:text/javascript,${encodeURIComponent(code)}`);

const [port, queue] = process.argv.slice(2);
new Worker(queue, imageGenerationWorker, { connection: { host: "127.0.0.1", port: Number(port), maxRetriesPerRequest: null }, concurrency: 10 });
process.send("ready");
process.once("disconnect", () => process.exit());
