// The blocks of server code in the original's documentation, and the programs that have one of them in it.
import fs from "node:fs";
import path from "node:path";

import { client, here, program } from "./support.mjs";

const document = fs.readFileSync(path.join(here, "original-system.md"), "utf8");
const blocks = [...document.matchAll(/```javascript\n([\s\S]*?)```/g)].map((found) => found[1]);
export const serverBlocks = blocks.filter((block) => /websocket\/(index|config)\.js/.test(block));
export const blockWith = (text) => serverBlocks.find((block) => block.includes(text));

const places = { "index.js": "signalbox", "config.js": "signalbox/config.js" };
/** As it stands there, but for the place that is imported from. */
export function imported(block) {
  return block.replace(/from "([^"]*)"/g, (_, from) => {
    const known = /websocket\/(index\.js|config\.js)$/.exec(from);
    return `from "${known ? places[known[1]] : from}"`;
  });
}
/** A block as CommonJS. */
export function required(block) {
  return imported(block)
    .replace(/import (\w+), (\{[^}]*\}) from "([^"]*)";/g, 'const $1 = require("$3");\nconst $2 = $1;')
    .replace(/import (\{[^}]*\}) from "([^"]*)";/g, 'const $1 = require("$2");')
    .replace(/import (\w+) from "([^"]*)";/g, 'const $1 = require("$2");')
    .replace("export default async function imageGenerationWorker", "module.exports = async function imageGenerationWorker");
}

// The program around a block: a server as many applications have it, and what the block takes for granted.
const around = (block, end, type) => `
${type === "mjs" ? 'import http from "node:http";\nimport service from "signalbox";' : 'const http = require("node:http");\nconst service = require("signalbox");'}
const httpServer = http.createServer((request, response) => response.end("application"));
service.initialize(httpServer, { logLevel: "off", dataDir: "", presenceGraceMs: 0 });
httpServer.listen(0, "127.0.0.1", () => console.log("port", httpServer.address().port));
const userId = "ada", data = 1;
const logger = { error: (...line) => console.log("logged", ...line) };
async function generateImage(prompt) {
  if (prompt === "impossible") throw new Error("no such image");
  return { url: "/" + prompt, width: 1, height: 2 };
}
process.stdin.on("data", async () => {
  ${end}
});
${block}
`;

/** Runs `end` in a program with that block, when ada is there; what she hears. `options` are those of program(). */
export async function run(t, block, end, type, options = {}) {
  const code = type === "mjs" ? imported(block) : required(block);
  const whole = around(code.replace(/^(import|const) logger .*$/m, ""), end, type);
  const { child, line, output } = program(t, whole, { type, ...options });
  const [, port] = await line(/port (\d+)/);
  const ada = await client(t, `http://127.0.0.1:${port}`, "ada");
  ada.inbox.length = 0;
  child.stdin.write("go\n");
  return { ada, line, output };
}

/** The worker of the block "Send Job Updates", carrying out a job. */
export const workerBlock = blockWith("class ImageGenerationWorker");
export const workerEnd = 'await new ImageGenerationWorker().process({ id: "7", data: { userId: "ada" }, updateProgress() {} });';
export const workerTells = [
  ["job_progress", { jobId: "7", progress: 50, status: "processing" }],
  ["job_completed", { jobId: "7", result: { imageUrl: "..." } }],
];
