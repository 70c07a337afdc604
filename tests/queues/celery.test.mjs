// Tasks of a real Celery reach their users' pages by what its Redis result backend publishes and keeps.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { eventually, startProgram } from "../e2e/support.mjs";
import { RedisServer } from "../support/redis_server.mjs";
import { skip as skipWithoutRedis } from "../cluster/cluster.mjs";
import { skipWithoutPython, startPython } from "./python.mjs";
import { env, newestFirst, pageOf, queuesOf } from "./queues.mjs";

const skip = skipWithoutRedis || skipWithoutPython;

/** Redis, a node, a worker of Celery and a page of user 42; `give` orders a task and tells its id. */
async function shop(t, { worker = {}, node: settings = {} } = {}) {
  const redis = await RedisServer.start();
  t.after(() => redis.stop());
  const node = await nodeOf(t, redis, settings);
  const works = startPython(t, ["-m", "celery", "-A", "celery_tasks", "worker", "--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle"], { REDIS_URL: redis.url, ...worker });
  await works.said(/ready\./);
  const caller = startPython(t, ["celery_call.py"], { REDIS_URL: redis.url, ...worker });
  return { redis, node, give: caller.order, page: await pageOf(t, node, "42") };
}
async function nodeOf(t, redis, settings = {}) {
  const node = await startProgram({ ...env, CELERY_RESULT_URL: redis.url, CELERY_USER: "kwargs.user_id", LOG_LEVEL: "info", ...settings });
  t.after(() => node.stop("SIGKILL"));
  await eventually(async () => Object.values(await queuesOf(node)).some(({ source, reader }) => source === "celery" && reader));
  return node;
}
const celery = async (node) => Object.values(await queuesOf(node)).find(({ source }) => source === "celery");
const told = async (page, jobId) => (await page.ended({ jobId })).map(([event, { jobId: _, ...data }]) => [event, data]);

describe("a page hears of a task of Celery", () => {
  const progress = (progress, status = "processing") => ["job_progress", { progress, status }];
  const started = progress(0, "started");
  const completed = (result) => ["job_completed", { result }];
  const failed = (error) => ["job_failed", { error }];

  const cases = {
    "its progress in every form, and its result": [
      'paint.delay(user_id=42, states=[("PROGRESS", {"progress": 10}), ("PROGRESS", {"current": 1, "total": 3, "status": "drawing"}), ("RENDERING", {"progress": 80})], result={"imageUrl": "/a.png"})',
      [started, progress(10), progress(33, "drawing"), progress(80, "rendering"), completed({ imageUrl: "/a.png" })],
    ],
    "a result that is no JSON": ["nan.delay(user_id=42)", [started, completed(null)]],
    "why it failed": ['fails.delay(user_id=42, args=("no paper",))', [started, failed("ValueError: no paper")]],
    "why it failed, where that is more than a text": ['fails.delay(user_id=42, args=("a", {"b": [1]}, None))', [started, failed('ValueError: a, {"b":[1]}, null')]],
    "why it failed, where that is but a type": ["fails.delay(user_id=42, args=())", [started, failed("ValueError")]],
    "that it took too long, once": ["slow.delay(user_id=42)", [started, failed("TimeLimitExceeded: 1")]],
    "that it was never begun": ["paint.apply_async(kwargs={'user_id': 42}, expires=-1)", [failed("TaskRevokedError: expired")]],
  };

  test("of each kind", { skip, timeout: 120000 }, newestFirst(async (t) => {
    const { give, page } = await shop(t);
    for (const [what, [order, events]] of Object.entries(cases))
      await t.test(what, async () => assert.deepEqual((await told(page, await give(order))).map(spaced), events.map(spaced)));

    await t.test("its retries, and its end", async () => {
      const events = await told(page, await give("tries.delay(user_id=42)"));
      assert.deepEqual(events.at(-1), completed("in the end"));
      // On its way newer progress takes the place of older: one of the two may be missing.
      assert.ok(events.some(([, { status }]) => status === "retrying"), JSON.stringify(events));
    });
    await t.test("that its worker died", async () => {
      const [[event, { error }]] = (await told(page, await give("dies.delay(user_id=42)"))).slice(-1);
      assert.match(`${event} ${error}`, /^job_failed WorkerLostError: /);
    });
    await t.test("and of each of a group", async () => {
      const id = await give("group(paint.s(user_id=42, result=n) for n in range(3)).delay().results[2]");
      assert.deepEqual((await told(page, id)).at(-1), completed(2));
    });
  }));
  /** How JSON is spaced inside a text is Python's affair. */
  const spaced = ([event, data]) => [event, data.error ? { error: data.error.replaceAll(/([:,]) (?=[[{"\d])/g, "$1") } : data];
});

test("a task whose user nobody knows is counted and logged with its id, and told to nobody", { skip }, newestFirst(async (t) => {
  const { give, node, page } = await shop(t);
  const id = await give("chord([fails.s(user_id=42)], add.s(user_id=42)).delay()"); // the callback fails without its arguments
  await eventually(async () => (await celery(node)).unattributed >= 1);
  await eventually(() => node.child.log.includes(id));
  assert.deepEqual(page.of({ jobId: id }), []);
}));

test("the user may stand in the arguments or in the result", { skip }, newestFirst(async (t) => {
  const { give, page } = await shop(t, { node: { CELERY_USER: "args.0,result.user_id" } });
  const first = await give("paint.delay(42, result=1)");
  assert.equal((await told(page, first)).at(-1)[1].result, 1);
}));

test("what ended while nobody read is told afterwards, and nothing twice", { skip }, newestFirst(async (t) => {
  const { give, node, page, redis } = await shop(t);
  const before = await give("paint.delay(user_id=42, result='before')");
  await page.ended({ jobId: before });
  await eventually(async () => (await celery(node)).outcomes === 1); // it is on the disk, and that it was told is in Redis
  await node.stop("SIGKILL");
  const meanwhile = [];
  for (let n = 0; n < 20; ++n) meanwhile.push(await give(`paint.delay(user_id=42, result=${n})`));
  for (const id of meanwhile) await eventually(async () => /SUCCESS/.test(await redis.command("GET", `celery-task-meta-${id}`)));
  const later = await pageOf(t, await nodeOf(t, redis), "42");
  for (const [n, id] of meanwhile.entries()) assert.deepEqual((await told(later, id)).filter(([event]) => event === "job_completed"), [["job_completed", { result: n }]]);
  assert.deepEqual(later.of({ jobId: before }), []);
}));

test("a prefix of the backend's keys", { skip }, newestFirst(async (t) => {
  const { give, page } = await shop(t, { worker: { KEYPREFIX: "my" }, node: { CELERY_KEYPREFIX: "my" } });
  assert.equal((await told(page, await give("paint.delay(user_id=42, result=1)"))).at(-1)[1].result, 1);
}));

test("pickled results are refused, and the log says so", { skip }, newestFirst(async (t) => {
  const { give, node } = await shop(t, { worker: { RESULT_SERIALIZER: "pickle" } });
  await give("paint.delay(user_id=42, result=1)");
  await eventually(() => /pickle/i.test(node.child.log));
}));
