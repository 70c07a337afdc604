// Every block of server code in the original's documentation, cut out of a copy of it: as it stands there, but for the
// place that is imported from.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { client, eventually, here, program } from "./support.mjs";

const document = fs.readFileSync(path.join(here, "original-system.md"), "utf8");
const blocks = [...document.matchAll(/```javascript\n([\s\S]*?)```/g)].map((found) => found[1]);
const serverBlocks = blocks.filter((block) => /websocket\/(index|config)\.js/.test(block));
const blockWith = (text) => serverBlocks.find((block) => block.includes(text));

const places = { "index.js": "signalbox", "config.js": "signalbox/config.js" };
function imported(block) {
  return block.replace(/from "([^"]*)"/g, (_, from) => {
    const known = /websocket\/(index\.js|config\.js)$/.exec(from);
    return `from "${known ? places[known[1]] : from}"`;
  });
}
/** The same block as CommonJS. */
function required(block) {
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

/** Runs `end` in a program with that block, when ada is there; what she hears. */
async function run(t, block, end, type) {
  const code = type === "mjs" ? imported(block) : required(block);
  const whole = around(code.replace(/^(import|const) logger .*$/m, ""), end, type);
  const { child, line, output } = program(t, whole, { type });
  const [, port] = await line(/port (\d+)/);
  const ada = await client(t, `http://127.0.0.1:${port}`, "ada");
  ada.inbox.length = 0;
  child.stdin.write("go\n");
  return { ada, line, output };
}

test("the document has the blocks that these tests are of", () => assert.equal(serverBlocks.length, 5));

for (const type of ["mjs", "cjs"]) {
  test(`a worker sends progress and completion (${type})`, async (t) => {
    const end = 'await new ImageGenerationWorker().process({ id: "7", data: { userId: "ada" }, updateProgress() {} });';
    const { ada } = await run(t, blockWith("class ImageGenerationWorker"), end, type);
    await eventually(() => ada.inbox.length === 2);
    assert.deepEqual(ada.inbox, [
      ["job_progress", { jobId: "7", progress: 50, status: "processing" }],
      ["job_completed", { jobId: "7", result: { imageUrl: "..." } }],
    ]);
  });

  test(`the complete integration tells progress and result, and failure (${type})`, async (t) => {
    const end = `
      const job = (id, prompt) => ({ id, data: { userId: "ada", prompt }, updateProgress() {} });
      const worker = ${type === "mjs" ? "imageGenerationWorker" : "module.exports"};
      console.log("returned", JSON.stringify(await worker(job("8", "cat.png"))));
      await worker(job("9", "impossible")).catch((error) => console.log("threw", error.message));`;
    const { ada, line } = await run(t, blockWith("generateImage(prompt)"), end, type);
    await line(/returned \{"url":"\/cat.png","width":1,"height":2\}/);
    await line(/threw no such image/);
    await eventually(() => ada.inbox.length === 6);
    assert.deepEqual(ada.inbox.map(([event, { jobId }]) => `${event} ${jobId}`), [
      "job_progress 8", "job_progress 8", "job_completed 8", "job_progress 9", "job_progress 9", "job_failed 9",
    ]);
    assert.deepEqual(ada.inbox[2][1].result, { imageUrl: "/cat.png", width: 1, height: 2 });
    assert.equal(ada.inbox[5][1].error, "no such image");
  });

  test(`presence is asked for (${type})`, async (t) => {
    const block = blockWith("const isOnline");
    const { line } = await run(t, `function ask() {\n${block.replace(/^import.*$/m, "")}\nreturn [isOnline, onlineUsers, count]; }\n${/^import.*$/m.exec(type === "mjs" ? imported(block) : block)[0]}`,
      "console.log(JSON.stringify(ask()));", type);
    await line(/\[true,\["ada"\],1\]/);
  });

  test(`the events have their names (${type})`, async (t) => {
    const { line } = await run(t, blockWith("WS_EVENTS.AUTHENTICATED "), "console.log(JSON.stringify(WS_EVENTS));", type);
    await line(/\{"AUTHENTICATED":"authenticated","UNAUTHORIZED":"unauthorized","USER_ONLINE":"user_online","USER_OFFLINE":"user_offline","JOB_PROGRESS":"job_progress","JOB_COMPLETED":"job_completed","JOB_FAILED":"job_failed",/);
  });

  test(`the helper functions run in a program's own order (${type})`, async (t) => {
    const block = blockWith('"event_name"');
    const { line } = await run(t, block, 'wsUtils.emitToUser(service.getIO(), userId, "event_name", { data }); console.log("sent");', type);
    await line(/sent/);
  });
}
