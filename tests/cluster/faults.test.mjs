// The faults test of one node, over three: workers do jobs for users on bad lines, and the cluster comes to harm meanwhile. No accepted
// outcome is lost, nobody hears of another's job, and at the end each node knows who is there. FAULTS=long runs the full size.
import { kills } from "../faults/troubles.mjs";
import { pause } from "../support/server.mjs";
import { long, onlyLong, skip } from "./cluster.mjs";
import { faultyTest, full, onceHalfDone, short } from "./faulty_place.mjs";
import { troubles } from "./troubles.mjs";

const seconds = (full, short) => 1000 * (long ? full : short);

const harms = {
  [`nodes are killed in turn, ${full.kills} times`]: (place) => kills(place, full),
  "Redis is killed and started again with its data": onceHalfDone(async ({ redis }) => {
    await redis.kill();
    await redis.start();
  }),
  "Redis is away for a while": onceHalfDone(async ({ redis }) => {
    await redis.kill();
    await pause(seconds(30, 2));
    await redis.start();
  }),
  "Redis comes back without its memory": onceHalfDone(async ({ redis }) => {
    await redis.kill();
    redis.forget();
    await redis.start();
  }),
  "Redis stands still for a while": onceHalfDone(async ({ redis }) => {
    redis.freeze();
    await pause(seconds(30, 2));
    redis.thaw();
  }),
  "a node is cut off from Redis for a while": onceHalfDone(async ({ nodes: [a] }) => {
    a.redis.down();
    await pause(seconds(20, 4));
    a.redis.up();
  }),
};

for (const [what, harm] of Object.entries(harms)) faultyTest(what, harm, { redis: { appendonly: true } });
for (const [what, { happens }] of Object.entries(troubles).filter(([, { rare }]) => rare))
  faultyTest(what, onceHalfDone(happens), { redis: { appendonly: true }, size: short, skip: skip || onlyLong });
