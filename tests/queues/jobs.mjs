// Jobs with random plans for queues `image` and `video`, what their users are to hear in the end, and what they heard.
import assert from "node:assert/strict";

import { eventually } from "../e2e/support.mjs";
import { randomOf } from "../faults/works.mjs";
import { pause } from "../support/server.mjs";

export const queues = ["image", "video"];
const shapes = [10, 50, 99.5, { progress: 30, status: "rendering" }, { pct: 70, step: "x" }, "half", true];

/** The kinds of jobs, each with its share of all, its plan, its options and its end. */
const kinds = [
  { share: 0.62, plan: () => ({}) },
  { share: 0.1, plan: () => ({ fails: 9, error: "boom" }), fails: true },
  { share: 0.06, plan: () => ({ fails: 2, error: "not yet" }), opts: { attempts: 3, backoff: 20 } },
  { share: 0.03, plan: () => ({ fails: 9, error: "never" }), opts: { attempts: 2 }, fails: true },
  { share: 0.03, plan: () => ({ final: true, error: "no use" }), opts: { attempts: 3 }, fails: true },
  { share: 0.03, plan: () => ({}), opts: { delay: 200 } },
  { share: 0.04, plan: () => ({}), id: (n) => `job:${n}:é` },
  { share: 0.02, plan: (n) => ({ until: `test:allowed:${n}`, error: "not allowed" }), retried: true, kept: true },
  { share: 0.05, flow: true, kept: true, plan: () => ({}) },
  { share: 0.02, flow: true, kept: true, plan: () => ({}), child: { final: true, error: "a child's" }, fails: true },
];
const killing = { plan: () => ({ dies: true, ms: 5 }), kept: true };

/** The hash of a job that is removed at its end is gone when its end is read: its user can only be known from before. */
const removals = [undefined, undefined, { age: 3600 }, { age: 3600 }, { count: 1_000_000 }, true];

function newJob(n, kind, user, random) {
  const progress = Array.from({ length: Math.floor(random() * 4) }, () => shapes[Math.floor(random() * shapes.length)]);
  const plan = { progress, ms: random() < 0.3 ? Math.floor(random() * 30) : 0, result: { n, text: "x".repeat(random() * 500) }, ...kind.plan(n) };
  const remove = kind.kept ? undefined : removals[Math.floor(random() * removals.length)];
  const kept = remove !== true;
  // Most ids are the queue's own counter. An add of one that may be gone must not be made twice.
  const jobId = kind.id?.(n) ?? (kept ? undefined : `gone-${n}`);
  const opts = { ...kind.opts, ...(jobId && { jobId }), ...(remove && { removeOnComplete: remove, removeOnFail: remove }) };
  const end = kind.fails && !kind.flow ? ["job_failed", { error: plan.error }] : ["job_completed", { result: plan.result }];
  return { n, kind, user, queue: queues[Math.floor(random() * 2)], kept, data: { userId: /^\d+$/.test(user) ? Number(user) : user, plan }, opts, end };
}

/** So many jobs, in turn of these users; `kills` of them kill the process that has them first. */
export function newJobs(count, users, seed, kills) {
  const random = randomOf(seed);
  const kindOf = (n) => {
    if (n % Math.ceil(count / kills) === 7) return killing;
    let at = random();
    return kinds.find(({ share }) => (at -= share) < 0) ?? kinds[0];
  };
  return Array.from({ length: count }, (_, n) => newJob(n, kindOf(n), users[n % users.length], random));
}

/** Gives them to BullMQ, some alone, some as flows, and what is left in bulk; each then knows its `id`. */
export async function add(jobs, { bullmq: { FlowProducer, Queue }, connection }, rate = Infinity) {
  const made = Object.fromEntries(queues.map((name) => [name, new Queue(name, { connection }).on("error", () => {})]));
  const flows = new FlowProducer({ connection }).on("error", () => {});
  const begun = performance.now();
  for (let at = 0; at < jobs.length; at += 20) {
    const part = jobs.slice(at, at + 20), alone = part.filter(({ kind }) => kind.flow || kind.retried);
    for (const queue of queues) {
      const bulk = part.filter((job) => job.queue === queue && !alone.includes(job));
      const added = await made[queue].addBulk(bulk.map(({ data, opts }) => ({ name: "work", data, opts })));
      added.forEach(({ id }, i) => (bulk[i].id = id));
    }
    for (const job of alone) await (job.kind.flow ? addFlow(flows, job) : addAlone(made[job.queue], job));
    await pause(Math.max(0, (1000 * at) / rate - (performance.now() - begun)));
  }
  return {
    /** What failed by hand, once its user knows, is allowed and tried again. */
    async retry(job, redis) {
      await redis.set(job.data.plan.until, 1);
      await (await made[job.queue].getJob(job.id)).retry("failed");
    },
    close: () => Promise.all([...Object.values(made), flows].map((each) => each.close())),
  };
}
async function addAlone(queue, job) {
  job.id = (await queue.add("work", job.data, job.opts)).id;
}
/** Two children in the other queue, whose data names no user. */
async function addFlow(flows, job) {
  const queueName = queues[1 - queues.indexOf(job.queue)], [first, second] = [job.kind.child ?? {}, {}];
  const child = (plan) => ({ name: "part", queueName, data: { plan: { result: job.n, ...plan } }, opts: { failParentOnFailure: true } });
  const { job: parent, children } = await flows.add({ name: "whole", queueName: job.queue, data: job.data, children: [child(first), child(second)] });
  job.id = parent.id;
  job.children = children.map(({ job: { id } }, i) => {
    const end = [first, second][i].error ? ["job_failed", { error: first.error }] : ["job_completed", { result: job.n }];
    return { n: job.n, kind: {}, user: job.user, queue: queueName, kept: true, id, end };
  });
  if (job.kind.fails) job.end = ["job_failed", { error: `child bull:${queueName}:${job.children[0].id} failed` }];
}

/** They and the children of their flows. */
export const all = (jobs) => jobs.flatMap((job) => [job, ...(job.children ?? [])]);

/** What the job's user is to hear last of it. */
export const endOf = ({ id: jobId, queue, end: [event, data] }) => [event, { jobId, queue, ...data }];
const same = (one, other) => {
  try {
    assert.deepEqual(one, other);
    return true;
  } catch {
    return false;
  }
};
export const knows = (pages, job) => same(pages.get(job.user).of({ jobId: job.id, queue: job.queue }).at(-1), endOf(job));

/** All ends of jobs that were kept are known to the jobs' users, and of the others all but as many as `counted` says; nobody heard of
    another's job. How many were not told. `redis`: an add whose answer got lost was made twice, and the first job is known there alone. */
export async function check(pages, jobs, { counted, redis }, ms = 60000) {
  const whole = all(jobs), untold = (kept) => whole.filter((job) => job.kept === kept && !knows(pages, job));
  await eventually(() => untold(true).length === 0 && untold(false).length <= counted(), ms).catch(() => {});
  const facts = (jobs) => jobs.slice(0, 5).map((job) => ({ wanted: endOf(job), heard: pages.get(job.user).of({ jobId: job.id, queue: job.queue }) }));
  assert.deepEqual(facts(untold(true)), [], `${untold(true).length} of ${whole.length} jobs are kept, and their user does not know their end`);
  const gone = untold(false);
  assert.ok(gone.length <= counted(), `${gone.length} ends were not told, ${counted()} counted, such as ${JSON.stringify(facts(gone))}`);
  const owners = new Map(whole.map((job) => [`${job.queue}:${job.id}`, job.user]));
  const ownerOf = async (key) => owners.get(key) ?? String(JSON.parse((await redis.hget(`bull:${key}`, "data")) ?? "{}").userId);
  const strange = [];
  for (const page of pages.values()) for (const key of page.jobs) if ((await ownerOf(key)) !== page.user) strange.push(`${page.user}: ${key}`);
  assert.deepEqual(strange, [], "jobs of which another than their user heard");
  return gone.length;
}
