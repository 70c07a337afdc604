// A Redis stream as an outbox: whoever has Redis writes events there, and a node tells them, none twice and none lost.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Redis } from "ioredis";

import { eventually } from "../e2e/support.mjs";
import { long, skip } from "../cluster/cluster.mjs";
import { env, Page, pageOf, queuesOf, read, withQueues } from "./queues.mjs";

const stream = "signalbox:emit";
const settings = { ...env, SIGNALBOX_STREAM: stream };
const one = { nodes: 1, env: settings };

function clientOf(redis, t) {
  const client = new Redis({ port: redis.port, maxRetriesPerRequest: null }).on("error", () => {});
  t.after(() => client.disconnect());
  return client;
}
const put = (client, userId, event, data, id = "*") => client.xadd(stream, id, "userId", userId, "event", event, "data", JSON.stringify(data));
/** With an id of its own. ioredis sends a command again whose answer was lost; Redis refuses it where the first had come. */
const putOnce = (client, userId, event, data, id) =>
  put(client, userId, event, data, id).catch((error) => {
    if (!error.message.includes("equal or smaller")) throw error;
  });
const done = (client, ms) => eventually(async () => (await client.xlen(stream)) === 0, ms);
const fieldsOf = ([, fields]) => Object.fromEntries(fields.flatMap((name, i) => (i % 2 ? [] : [[name, fields[i + 1]]])));

test("events are told in their order, and an entry goes when its outcome is safe", { skip }, withQueues(one, async ({ nodes: [node], redis }, t) => {
  const client = clientOf(redis, t), page = await pageOf(t, node, "42");
  for (const progress of [10, 20, 30]) await put(client, "42", "job_progress", { jobId: "7", progress });
  await put(client, "42", "job_completed", { jobId: "7", result: 1 });
  assert.deepEqual(await page.ended({ jobId: "7" }), [
    ...[10, 20, 30].map((progress) => ["job_progress", { jobId: "7", progress }]),
    ["job_completed", { jobId: "7", result: 1 }],
  ]);
  await done(client);
  const { [stream]: row } = await queuesOf(node);
  assert.deepEqual({ ...row, reader: typeof row.reader }, { name: stream, source: "stream", events: 4, outcomes: 1, unattributed: 0, refused: 0, behind: 0, gaps: 0, reader: "string" });
}));

test("a stream whose Redis is away has no reader", { skip }, withQueues({ nodes: 1, env: { ...settings, SIGNALBOX_STREAM_URL: "redis://127.0.0.1:1" } }, async ({ nodes: [node] }) => {
  assert.equal((await queuesOf(node))[stream].reader, null);
}));

test("what was written while there was no node is told, and an outcome waits for a user who is away", { skip }, withQueues(one, async ({ nodes: [node], redis }, t) => {
  const client = clientOf(redis, t);
  await node.kill();
  for (let n = 0; n < 100; ++n) await put(client, "ada", "job_completed", { jobId: `job${n}`, result: n });
  await node.start();
  await done(client, 20000);
  const page = await pageOf(t, node, "ada");
  for (let n = 0; n < 100; ++n) assert.deepEqual(await page.ended({ jobId: `job${n}` }), [["job_completed", { jobId: `job${n}`, result: n }]]);
}));

for (const [what, fields] of Object.entries({
  "has no user": ["event", "job_completed", "data", "{}"],
  "has no event": ["userId", "42", "data", "{}"],
  "has data that is no JSON": ["userId", "42", "event", "job_completed", "data", "{jobId"],
  "has an event's name that Socket.IO keeps": ["userId", "42", "event", "disconnect", "data", "1"],
})) {
  test(`an entry that ${what} is put aside with the reason, and holds up nobody`, { skip }, withQueues(one, async ({ nodes: [node], redis }, t) => {
    const client = clientOf(redis, t), page = await pageOf(t, node, "42");
    await client.xadd(stream, "*", ...fields);
    await put(client, "42", "job_completed", { jobId: "7", result: 1 });
    await page.ended({ jobId: "7" });
    await done(client);
    const [entry] = await client.xrange(`${stream}:dead`, "-", "+");
    const { reason, ...kept } = fieldsOf(entry);
    assert.ok(reason?.length > 3, JSON.stringify(entry));
    for (const [name, value] of Object.entries(fieldsOf(["", fields]))) assert.equal(kept[name], value);
  }));
}

test("what a user's bound refuses is put aside, and others are told", { skip }, withQueues({ nodes: 1, env: { ...settings, UNREAD_OUTCOMES_PER_USER: "2" } }, async ({ nodes: [node], redis }, t) => {
  const client = clientOf(redis, t), page = await pageOf(t, node, "bob");
  for (const jobId of ["1", "2", "3"]) await put(client, "ada", "job_completed", { jobId, result: null });
  await put(client, "bob", "job_completed", { jobId: "1", result: null });
  await page.ended({ jobId: "1" });
  await done(client);
  assert.equal(await client.xlen(`${stream}:dead`), 1);
}));

const size = long ? { events: 20000, kills: 20 } : { events: 2000, kills: 3 };
test(`of ${size.events} outcomes none is lost, the order of a user's holds, and none is told twice, while the reader is killed ${size.kills} times and Redis is restarted`, { skip, timeout: 600000 },
  withQueues({ nodes: 3, env: settings, redis: { appendonly: true } }, async ({ nodes: [home, ...nodes], redis }, t) => {
    const client = clientOf(redis, t);
    home.env = env; // it does not read: pages are there, and none is cut off
    await home.kill();
    await home.start();
    const users = Array.from({ length: 10 }, (_, i) => `user${i}`), pages = new Map();
    for (const user of users) pages.set(user, await Page.open(home, user));
    t.after(() => pages.forEach((page) => page.close()));
    let harming = true;
    const writing = (async () => {
      for (let n = 0; n < size.events; ++n) {
        await putOnce(client, users[n % users.length], "job_completed", { jobId: `job${n}`, result: n }, `${n + 1}-0`);
        if (harming && n % 10 === 0) await new Promise((wake) => setTimeout(wake, 30));
      }
    })();
    for (let i = 0; i < size.kills; ++i) {
      await read([...nodes, home], [stream]);
      await nodes[i % 2].kill();
      if (i === 0) await redis.kill().then(() => redis.start());
      await nodes[i % 2].start();
    }
    harming = false;
    await writing;
    for (let n = 0; n < size.events; ++n) {
      const jobId = `job${n}`;
      await pages.get(users[n % users.length]).ended({ jobId }, 60000);
    }
    await done(client, 20000);
    for (let n = 0; n < size.events; ++n) {
      const jobId = `job${n}`;
      assert.deepEqual(pages.get(users[n % users.length]).of({ jobId }), [["job_completed", { jobId, result: n }]]);
    }
    assert.equal(await client.xlen(`${stream}:dead`), 0);
    for (const [user, page] of pages) assert.ok(page.heard.every(([, { result }]) => users[result % users.length] === user), `${user} heard of another's`);
  }));
