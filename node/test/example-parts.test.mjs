// The two programs of examples/node whose mistakes a browser does not show, with others in the place of what they use.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { folder, here, program } from "./support.mjs";

const source = (name) => fs.readFileSync(path.join(here, "../../examples/node", name), "utf8");

/** A folder with these files; those of packages are ES modules. */
function place(t, files) {
  const made = folder(t);
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(made, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
  return made;
}

test("start.mjs starts the worker once, also where the server is killed before it listens, and again after it", async (t) => {
  const cwd = place(t, {
    "node_modules/esbuild/index.mjs": "export const build = () => {};",
    "node_modules/esbuild/package.json": '{ "main": "index.mjs" }',
    "server.mjs": `import fs from "node:fs";
      fs.appendFileSync("starts", ".");
      const starts = fs.readFileSync("starts", "utf8").length;
      if (starts !== 1) process.send("listening");
      if (starts < 3) setImmediate(() => process.kill(process.pid, "SIGKILL"));
      else console.log("third server");
      process.once("disconnect", () => process.exit());`,
    "worker.mjs": 'console.log("worker"); process.once("disconnect", () => process.exit());',
  });
  const { line, output } = program(t, source("start.mjs"), { cwd, place: cwd });
  await line(/third server/);
  await line(/worker/);
  assert.equal(output.out.match(/worker/g).length, 1);
});

test("worker.mjs tells no failure of a picture that is painted, where its completion is refused", async (t) => {
  const cwd = place(t, {
    "node_modules/signalbox/index.mjs": `export default { getIO: () => ({}) };
      export const WS_EVENTS = { JOB_PROGRESS: "job_progress", JOB_COMPLETED: "job_completed", JOB_FAILED: "job_failed" };
      export const wsUtils = {
        async emitToUser(io, user, event) {
          if (event !== "job_progress") console.log(event);
          if (event === "job_completed") throw new Error("refused");
        },
      };`,
    "node_modules/signalbox/package.json": '{ "main": "index.mjs" }',
    "queue.mjs": `export const connection = {};
      export class Worker {
        constructor(_, processor) {
          processor({ id: "1", data: { userId: "ada", prompt: "A house" }, async updateProgress() {} }).then(() => console.log("done"), (error) => console.log("rejects:", error.message));
        }
      }`,
  });
  const { out } = await program(t, source("worker.mjs"), { cwd, place: cwd }).ended;
  assert.equal(out, "job_completed\nrejects: refused\n");
});
