// When two events are the same: each source tells a job's end, and then each other one tells it again. docs/queues.md has
// this as a table.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Redis } from "ioredis";

import { api, emit, eventually } from "../e2e/support.mjs";
import { Cluster, skip } from "../cluster/cluster.mjs";
import { emitters } from "../cluster/emitters.mjs";
import { RedisServer } from "../support/redis_server.mjs";
import { env, Page, read } from "./queues.mjs";

const stream = "signalbox:emit";
const user = "ada";
let cluster, client, results, celeryClient, emitter, page;

/** A queue's hash of a job, as its worker has left it at its end, which is the same however often it is told. */
const times = new Map();
const ended = async (prefix, jobId, kind) => {
  const key = `${prefix}:${jobId}`, now = times.get(key) ?? times.set(key, String(Date.now())).get(key);
  await client.hset(key, { name: "do", data: JSON.stringify({ userId: user }), timestamp: now, finishedOn: now, ...(kind === "completed" ? { returnvalue: "1" } : { failedReason: "no" }) });
  await client.zadd(`${prefix}:${kind}`, now, jobId);
};
const bullmq = (queue) => async (jobId, kind) => {
  const prefix = `bull:${queue}`, values = kind === "completed" ? ["returnvalue", "1"] : ["failedReason", "no"];
  await client.xadd(`${prefix}:events`, "*", "event", "active", "jobId", jobId, "prev", "waiting");
  await ended(prefix, jobId, kind);
  await client.xadd(`${prefix}:events`, "*", "event", kind, "jobId", jobId, ...values, "prev", "active");
};
const bull = (queue) => async (jobId, kind) => {
  await ended(`bull:${queue}`, jobId, kind);
  await client.publish(`bull:${queue}:${kind}`, JSON.stringify({ jobId, val: kind === "completed" ? "1" : "no" }));
};
const celery = async (jobId, kind) => {
  const result = kind === "completed" ? 1 : { exc_type: "no", exc_message: [], exc_module: "builtins" };
  const state = JSON.stringify({ status: kind === "completed" ? "SUCCESS" : "FAILURE", result, date_done: new Date().toISOString(), name: "do", args: [], kwargs: { user_id: user }, task_id: jobId });
  const key = `celery-task-meta-${jobId}`;
  await celeryClient.multi().setex(key, 86400, state).publish(key, state).exec();
};
const data = (jobId, kind) => ({ jobId, ...(kind === "completed" ? { result: 1 } : { error: "no" }) });
const http = (node) => async (jobId, kind) => assert.equal((await emit(cluster.nodes[node], user, `job_${kind}`, data(jobId, kind))).status, 202);
const python = (jobId, kind) =>
  client.publish("socketio", JSON.stringify({ method: "emit", event: `job_${kind}`, data: [data(jobId, kind)], binary: false, namespace: "/", room: `user:${user}`, skip_sid: null, callback: null, host_id: "a" }));
const outbox = (jobId, kind) => client.xadd(stream, "*", "userId", user, "event", `job_${kind}`, "data", JSON.stringify(data(jobId, kind)));
const redisEmitter = (jobId, kind) => emitter.emitter.to(`user:${user}`).emit(`job_${kind}`, data(jobId, kind));

/** `queue`: whose ids count within it, and which its events name; `explicit`: a worker said it itself. */
const sources = {
  "HTTP": { tell: http(0), explicit: true },
  "HTTP on another node": { tell: http(1), explicit: true },
  "redis-emitter": { tell: redisEmitter, explicit: true },
  "python-socketio": { tell: python, explicit: true },
  "a stream": { tell: outbox, explicit: true },
  "BullMQ": { tell: bullmq("image"), queue: "image" },
  "another queue of BullMQ": { tell: bullmq("video"), queue: "video" },
  "Bull": { tell: bull("sound"), queue: "sound" },
  "Celery": { tell: celery },
};

/** Are an end by the first and the same end by the second one thing to a page? */
function sameEnd(first, second) {
  if (first === second) return !first.explicit; // a queue that says again what it has said; an explicit event is what it is
  return Boolean(first.explicit) !== Boolean(second.explicit); // the worker's own word, and its queue's
}

before(async () => {
  if (skip) return;
  results = await RedisServer.start();
  const settings = { ...env, JOBS_PER_USER: "1000", CELERY_RESULT_URL: results.url, BULLMQ_QUEUES: "image,video", BULL_QUEUES: "sound", CELERY_USER: "kwargs.user_id", PYTHON_SOCKETIO_CHANNEL: "socketio", SIGNALBOX_STREAM: stream };
  cluster = await Cluster.start({ nodes: 2, env: settings });
  client = new Redis(cluster.redis.port);
  celeryClient = new Redis(results.port);
  for (const queue of ["image", "video"]) await client.hset(`bull:${queue}:meta`, "version", "bullmq:5.81.5");
  emitter = await emitters[0].open(cluster.redis);
  page = await Page.open(cluster.nodes[0], user);
  await read(cluster.nodes, ["image", "video", "sound", "celery", "socketio", stream]);
});
after(async () => {
  page?.close();
  emitter?.end();
  client?.disconnect();
  celeryClient?.disconnect();
  await results?.stop();
  await cluster?.stop();
});

let jobs = 0;
const of = (jobId) => page.heard.filter(([, data]) => String(data.jobId) === jobId);
const has = (jobId, count) => eventually(() => of(jobId).length >= count);
/** What has come when all sources have said something that is behind it. */
async function settled() {
  for (const { tell } of Object.values(sources)) {
    const jobId = `marker${++jobs}`;
    await tell(jobId, "completed");
    await has(jobId, 1);
  }
}

describe("an end that is told twice", { skip }, () => {
  for (const kind of ["completed", "failed"]) {
    test(`${kind}, by every pair of sources`, { timeout: 300000 }, async () => {
      const pairs = Object.entries(sources).flatMap(([first, one]) => Object.entries(sources).map(([second, other]) => ({ first, second, one, other, jobId: `pair${++jobs}` })));
      for (const { one, jobId } of pairs) await one.tell(jobId, kind);
      for (const { jobId } of pairs) await has(jobId, 1);
      await settled();
      for (const { other, jobId } of pairs) await other.tell(jobId, kind);
      for (const { one, other, jobId } of pairs) if (!sameEnd(one, other)) await has(jobId, 2).catch(() => {});
      await settled();
      const wrong = pairs
        .map(({ first, second, one, other, jobId }) => ({ pair: `${first}, then ${second}`, told: of(jobId).length, wanted: sameEnd(one, other) ? 1 : 2 }))
        .filter(({ told, wanted }) => told !== wanted);
      assert.deepEqual(wrong, []);
    });
  }
});

test("an explicit failure does not hide that the job was completed later", { skip }, async () => {
  for (const [name, { tell, explicit }] of Object.entries(sources)) {
    if (explicit) continue;
    const jobId = `later${++jobs}`;
    await http(0)(jobId, "failed");
    await has(jobId, 1);
    await tell(jobId, "completed");
    await has(jobId, 2);
    assert.deepEqual(of(jobId).map(([event]) => event), ["job_failed", "job_completed"], name);
  }
});

test("an explicit event of a job that two queues have is told beside theirs", { skip }, async () => {
  const jobId = `two${++jobs}`;
  for (const queue of ["image", "video"]) await bullmq(queue)(jobId, "completed");
  await has(jobId, 2);
  await http(0)(jobId, "completed");
  await has(jobId, 3);
  const { body } = await api(cluster.nodes[0], "GET", `/api/users/${user}/jobs`);
  assert.deepEqual(body.filter((job) => job.jobId === jobId).map(({ queue = "" }) => queue).sort(), ["", "image", "video"]);
});

test("an end that was received is received on every node, also where its worker gives it to another one later", { skip }, async () => {
  const jobId = `received${++jobs}`, path = `/api/users/${user}/jobs/${jobId}`;
  const received = (node) => eventually(async () => (await api(node, "GET", path)).body.had);
  await bullmq("image")(jobId, "completed");
  await received(cluster.nodes[0]);
  await http(1)(jobId, "completed");
  await received(cluster.nodes[1]);
  await settled();
  assert.equal(of(jobId).length, 1);
});
