// The recipes of docs/queues.md for queues of Python do what they say, as they stand there, with the real RQ and arq.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { apiKey, startProgram } from "../e2e/support.mjs";
import { RedisServer } from "../support/redis_server.mjs";
import { skip as skipWithoutRedis } from "../cluster/cluster.mjs";
import { skipWithoutPython, startPython } from "./python.mjs";
import { newestFirst, pageOf } from "./queues.mjs";

const skip = skipWithoutRedis || skipWithoutPython;
const document = readFileSync(new URL("../../docs/queues.md", import.meta.url), "utf8");
const recipe = (name) => document.match(new RegExp(`### ${name}\n\n\`\`\`python\n([^]*?)\`\`\``))[1];

/** Redis, a node, a page of user 42, and a folder with the recipe and the `tasks` of somebody who uses it. */
async function shop(t, name, tasks) {
  const redis = await RedisServer.start();
  t.after(() => redis.stop());
  const node = await startProgram();
  t.after(() => node.stop());
  const folder = mkdtempSync(join(tmpdir(), "signalbox-recipe-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, `signalbox_${name}.py`), recipe(name === "rq" ? "RQ" : name));
  writeFileSync(join(folder, "tasks.py"), tasks);
  const env = { PYTHONPATH: folder, API_KEY: apiKey, SIGNALBOX_URL: node.url, PORT: String(redis.port) };
  return { page: await pageOf(t, node, "42"), run: (...args) => startPython(t, args, env), url: redis.url };
}

async function hears(page, ids) {
  const [good, bad, late] = ids;
  assert.deepEqual(await page.ended({ jobId: good }, 20000), [
    ["job_progress", { jobId: good, progress: 50, status: "drawing" }],
    ["job_completed", { jobId: good, result: { imageUrl: "/a house.png" } }],
  ]);
  assert.deepEqual((await page.ended({ jobId: bad }, 20000)).at(-1), ["job_failed", { jobId: bad, error: "no paper" }]);
  const ofLate = await page.ended({ jobId: late }, 20000);
  assert.deepEqual([ofLate.at(-1)[0], ofLate.filter(([event]) => event === "job_failed")], ["job_completed", []], "an attempt that is repeated has not failed");
}

test("the recipes are short", () => {
  for (const [, code] of document.split("## Any other queue")[1].matchAll(/```\w+\n([^]*?)```/g)) {
    const lines = code.split("\n").filter((line) => line.trim() && !/^(#|\/\/)/.test(line));
    assert.ok(lines.length <= 20, `${lines.length} lines: ${lines[0]}`);
  }
});

test("RQ", { skip, timeout: 60000 }, newestFirst(async (t) => {
  const { page, run, url } = await shop(t, "rq", `
import os
from redis import Redis
from rq import Queue, Retry, get_current_job
from signalbox_rq import completed, failed, tell

redis = Redis(port=int(os.environ["PORT"]))

def paint(prompt):
    tell(get_current_job(), "job_progress", progress=50, status="drawing")
    if prompt == "impossible" or (prompt == "late" and redis.incr("tries") < 2):
        raise ValueError("no paper")
    return {"imageUrl": f"/{prompt}.png"}

def give(prompt):
    return Queue(connection=redis).enqueue(paint, prompt, meta={"user_id": 42}, on_success=completed, on_failure=failed, retry=Retry(max=2) if prompt == "late" else None).id
`);
  const ids = (await ask(run, ["a house", "impossible", "late"], "print(give(prompt))"));
  run("-m", "rq.cli", "worker", "--url", url);
  await hears(page, ids);
}));

test("arq", { skip, timeout: 60000 }, newestFirst(async (t) => {
  const { page, run } = await shop(t, "arq", `
import asyncio
import os
from arq import Retry, create_pool
from arq.connections import RedisSettings
from signalbox_arq import told

@told
async def paint(ctx, user_id, prompt):
    await ctx["tell"]("job_progress", progress=50, status="drawing")
    if prompt == "impossible":
        raise ValueError("no paper")
    if prompt == "late" and ctx["job_try"] < 2:
        raise Retry(defer=0.1)
    return {"imageUrl": f"/{prompt}.png"}

class WorkerSettings:
    functions = [paint]
    redis_settings = RedisSettings(port=int(os.environ["PORT"]))

async def given(prompt):
    redis = await create_pool(WorkerSettings.redis_settings)
    return (await redis.enqueue_job("paint", 42, prompt)).job_id

def give(prompt):
    return asyncio.run(given(prompt))
`);
  const ids = await ask(run, ["a house", "impossible", "late"], "print(give(prompt))");
  run("-m", "arq", "tasks.WorkerSettings");
  await hears(page, ids);
}));

/** What these lines of Python print, one for each prompt. */
async function ask(run, prompts, code) {
  const child = run("-c", `from tasks import give\nimport sys\nfor prompt in sys.stdin:\n    prompt = prompt.strip()\n    ${code}\n    sys.stdout.flush()`);
  const answers = [];
  for (const prompt of prompts) answers.push(await child.order(prompt));
  return answers;
}
