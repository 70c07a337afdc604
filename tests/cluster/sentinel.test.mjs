// Nodes over Sentinel: Redis fails over under load, because the primary has died, and in the long form first in good order.
import { WatchedRedis } from "../support/watched_redis.mjs";
import { long } from "./cluster.mjs";
import { faultyTest, onceHalfDone } from "./faulty_place.mjs";

const failsOver = onceHalfDone(async ({ redis }) => {
  if (long) {
    await redis.failsOver(() => redis.command("SENTINEL", "FAILOVER", "mymaster"));
    await redis.inStep();
  }
  await redis.failsOver((primary) => primary.kill());
});

faultyTest("Redis fails over", failsOver, { redis: () => WatchedRedis.start(), redisUrl: ({ url }) => url });
