// The faults test of one node, over three: workers do jobs for users on bad lines, and the cluster comes to harm meanwhile. No accepted
// outcome is lost, nobody hears of another's job, and at the end each node knows who is there. FAULTS=long runs the full size.
import { test } from "node:test";

import { eventually } from "../e2e/support.mjs";
import { kills } from "../faults/troubles.mjs";
import { work } from "../faults/works.mjs";
import { pause } from "../support/server.mjs";
import { long, skip, withCluster } from "./cluster.mjs";
import { FaultyPlace } from "./faulty_place.mjs";

const seed = Number(process.env.SEED ?? 1);
const size = long
  ? { users: 200, jobs: 10000, kills: 20, workers: 8, limit: 1800000 }
  : { users: 30, jobs: 300, kills: 3, workers: 16, limit: 240000 };
const seconds = (full, short) => 1000 * (long ? full : short);

/** While half of the jobs are still to do. */
const once = (happens) => ({ cluster }) => async ({ left }) => {
  await eventually(() => left() <= 0.5, size.limit);
  await happens(cluster);
};

const harms = {
  [`nodes are killed in turn, ${size.kills} times`]: (place) => kills(place, size),
  "Redis is killed and started again with its data": once(async ({ redis }) => {
    await redis.kill();
    await redis.start();
  }),
  "Redis is away for a while": once(async ({ redis }) => {
    await redis.kill();
    await pause(seconds(30, 2));
    await redis.start();
  }),
  "Redis comes back without its memory": once(async ({ redis }) => {
    await redis.kill();
    redis.forget();
    await redis.start();
  }),
  "Redis stands still for a while": once(async ({ redis }) => {
    redis.freeze();
    await pause(seconds(30, 2));
    redis.thaw();
  }),
  "a node is cut off from Redis for a while": once(async ({ nodes: [a] }) => {
    a.redis.down();
    await pause(seconds(20, 4));
    a.redis.up();
  }),
};

// What was received is not told again, so that each telling is for one that was not. A session whose carried connection ended while
// Redis was away ends with its heartbeat.
const env = { PRESENCE_EVENTS: "off", OUTCOME_REPLAY_MS: "0", LOG_LEVEL: "warn", PING_INTERVAL_MS: "3000", PING_TIMEOUT_MS: "3000" };

for (const [what, harm] of Object.entries(harms)) {
  test(`${size.jobs} jobs of ${size.users} users on three nodes while ${what}: none is lost, and nobody hears of another's`, { skip, timeout: size.limit },
    withCluster({ env, redis: { appendonly: true } }, async (cluster, t) => {
      const place = new FaultyPlace(cluster);
      // Between nodes nothing is ordered, so each job has one outcome; and some are told at the next login alone (docs/scaling.md).
      t.diagnostic(await work(place, { ...size, forgets: true, retries: false, reloads: true, anyOrder: true }, seed, harm(place)));
      await cluster.whole();
      await place.online([]);
    }));
}
