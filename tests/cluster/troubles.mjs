// What happens to Redis, or on the way to it, under a whole cluster: each is a call (cluster) and ends as it began. The rare ones
// are for the long form alone.
import { pause } from "../support/server.mjs";

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
  "Redis' answers break off, each time a few bytes later": {
    rare: true,
    happens: async ({ nodes }) => {
      for (const [i, { redis }] of nodes.entries()) {
        let bytes = i;
        redis.lastBytes = (data) => (data.length > (bytes += 7) % 97 ? (bytes % 97) : undefined);
      }
      await pause(3000);
      for (const { redis } of nodes) redis.lastBytes = () => undefined;
    },
  },
};
