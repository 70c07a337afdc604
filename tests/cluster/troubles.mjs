// What happens to Redis, or on the way to it, under a whole cluster: each is a call (cluster) and ends as it began. The rare ones
// are for the long form alone.
import assert from "node:assert/strict";
import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

import { eventually } from "../e2e/support.mjs";
import { pause } from "../support/server.mjs";

const refuses = (redis, why) => redis.command("SET", "any", 1).then(() => false, ({ message }) => message.includes(why));

export const troubles = {
  "Redis is killed and started again with its data": {
    happens: async ({ redis }) => {
      await redis.kill();
      await redis.start();
    },
  },
  "Redis is away for five seconds": {
    happens: async ({ redis }) => {
      await redis.kill();
      await pause(5000);
      await redis.start();
    },
  },
  "Redis comes back without its memory": {
    happens: async ({ redis }) => {
      await redis.kill();
      redis.forget();
      await redis.start();
    },
  },
  "Redis is away for five seconds and comes back without its memory": {
    rare: true,
    happens: async ({ redis }) => {
      await redis.kill();
      redis.forget();
      await pause(5000);
      await redis.start();
    },
  },
  "Redis' memory is flushed": { rare: true, happens: ({ redis }) => redis.command("FLUSHALL") },
  "Redis' scripts are flushed": { rare: true, happens: ({ redis }) => redis.command("SCRIPT", "FLUSH") },
  "Redis holds all clients up for three seconds": {
    happens: async ({ redis }) => {
      await redis.command("CLIENT", "PAUSE", 3000, "ALL");
      await pause(3000);
    },
  },
  "Redis holds all clients up for ten seconds": {
    rare: true,
    happens: async ({ redis }) => {
      await redis.command("CLIENT", "PAUSE", 10000, "ALL");
      await pause(10000);
    },
  },
  "Redis stands still for three seconds": {
    rare: true,
    happens: async ({ redis }) => {
      redis.freeze();
      await pause(3000);
      redis.thaw();
    },
  },
  "Redis has no memory left for three seconds": {
    rare: true,
    happens: async ({ redis }) => {
      await redis.command("CONFIG", "SET", "maxmemory", 1);
      await pause(3000);
      await redis.command("CONFIG", "SET", "maxmemory", 0);
    },
  },
  "Redis cannot write its snapshots for three seconds": {
    rare: true,
    happens: async ({ redis }) => {
      const inTheWay = join(redis.folder, "dump.rdb");
      mkdirSync(inTheWay);
      for (const setting of [["stop-writes-on-bgsave-error", "yes"], ["save", "3600 1"]]) await redis.command("CONFIG", "SET", ...setting);
      await redis.command("BGSAVE");
      await eventually(() => refuses(redis, "MISCONF"));
      await pause(3000);
      await redis.command("CONFIG", "SET", "save", "");
      rmdirSync(inTheWay);
    },
  },
  "Redis takes long to load its data": {
    rare: true,
    happens: async ({ redis }) => {
      // What an AOF begins with is loaded key by key, and Redis answers between.
      await redis.command("BGREWRITEAOF");
      await eventually(async () => /aof_rewrite_in_progress:0/.test(await redis.command("INFO", "persistence")));
      await redis.kill();
      await redis.start(["loading-process-events-interval-bytes 1024", "key-load-delay 10000"]);
      assert.ok(await refuses(redis, "LOADING"));
      await eventually(async () => !(await refuses(redis, "LOADING")), 30000);
    },
  },
  "Redis is a replica for three seconds": {
    rare: true,
    happens: async ({ redis }) => {
      await redis.command("REPLICAOF", "127.0.0.1", 1);
      await pause(3000);
      await redis.command("REPLICAOF", "NO", "ONE");
    },
  },
  "Redis ends every connection, again and again": {
    rare: true,
    happens: async ({ redis }) => {
      for (let i = 0; i < 10; ++i, await pause(200)) for (const type of ["normal", "pubsub"]) await redis.command("CLIENT", "KILL", "TYPE", type);
    },
  },
  "Redis' answers are late by 300 ms": {
    rare: true,
    happens: async ({ nodes }) => {
      for (const { redis } of nodes) redis.late(300);
      await pause(3000);
      for (const { redis } of nodes) redis.late(0);
    },
  },
  "what Redis says breaks off, each time some bytes later": {
    rare: true,
    happens: async ({ nodes }) => {
      for (const [i, { redis }] of nodes.entries()) {
        let limit = i;
        redis.lastBytes = (data, passed) => {
          if (passed + data.length <= limit) return undefined;
          const left = Math.max(0, limit - passed);
          limit = Math.floor(limit * 1.2) + 7;
          return left;
        };
      }
      await pause(20000);
      for (const { redis } of nodes) redis.lastBytes = () => undefined;
    },
  },
};
