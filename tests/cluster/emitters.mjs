// The emitters that workers have: each version over each Redis client.
import { Emitter as Emitter5 } from "@socket.io/redis-emitter";
import { Redis } from "ioredis";
import { createClient as createClient5 } from "redis";
import { createClient as createClient4 } from "redis-4";
import { Emitter as Emitter4 } from "redis-emitter-4";

const nodeRedis = (createClient) => async ({ url }) => {
  const client = createClient({ url });
  await client.connect();
  return { client, end: () => client.disconnect() };
};
const clients = {
  "ioredis 5": async ({ port }) => {
    const client = new Redis(port);
    return { client, end: () => client.disconnect() };
  },
  "redis 4": nodeRedis(createClient4),
  "redis 5": nodeRedis(createClient5),
};

/** Each as {name, open(redis): {emitter, end()}}. */
export const emitters = Object.entries({ "emitter 4": Emitter4, "emitter 5": Emitter5 }).flatMap(([version, Emitter]) =>
  Object.entries(clients).map(([library, open]) => ({
    name: `${version} over ${library}`,
    async open(redis) {
      const { client, end } = await open(redis);
      return { emitter: new Emitter(client), end };
    },
  })),
);

class Money {
  toJSON() {
    return { amount: 5 };
  }
}
const nested = (depth) => (depth === 0 ? "deep" : { inner: [nested(depth - 1)] });
const text = "naïve 日本語 🦊 \u2028\u0000\"\\ \u{10ffff}";

/** Every way to say for whom an event is: `ids` are those of the sockets of user 42. */
export const targets = {
  "to a user's room": (emitter) => emitter.to("user:42").emit("note", 1),
  "in a user's room": (emitter) => emitter.in("user:42").emit("note", 2),
  "to several rooms in a row": (emitter) => emitter.to("user:42").to("user:7").emit("note", 3),
  "to an array of rooms": (emitter) => emitter.to(["user:42", "user:7", "user:nobody"]).emit("note", 4),
  "to the same room twice": (emitter) => emitter.to("user:7").to("user:7").emit("note", 5),
  "to everybody": (emitter) => emitter.emit("note", 6),
  "to a room that nobody is in": (emitter) => emitter.to("user:nobody").emit("note", 7),
  "to a room that is a number": (emitter) => emitter.to(42).emit("note", 8),
  "volatile": (emitter) => emitter.volatile.to("user:42").emit("note", 9),
  "compressed, or not": (emitter) => {
    emitter.compress(true).to("user:42").emit("note", 10);
    emitter.compress(false).to("user:42").emit("note", 11);
  },
  "to everybody except a user": (emitter) => emitter.except("user:42").emit("note", 12),
  "to rooms except one of them": (emitter) => emitter.to(["user:42", "user:7"]).except("user:7").emit("note", 13),
  "to everybody except a socket": (emitter, ids) => emitter.except(ids).emit("note", 14),
  "to a room except one of its sockets": (emitter, ids) => emitter.to("user:42").except(ids).emit("note", 15),
  "of another namespace": (emitter) => {
    emitter.of("/admin").emit("note", 16);
    emitter.of("/admin").to("user:42").emit("note", 17);
    emitter.of("/admin").in("user:42").disconnectSockets(true);
  },
  "to every server": (emitter) => emitter.serverSideEmit("hello", 1, { a: "b" }),
};

/** Every kind of value. */
export const values = {
  "a job's progress": () => ["job_progress", { jobId: "7", progress: 50, status: "processing" }],
  "no argument": () => ["note"],
  "several arguments": () => ["note", 1, "two", [3], null, true],
  "binary": () => ["note", Buffer.from([0, 1, 255])],
  "binary in an object, twice": () => ["note", { name: "a", bytes: Buffer.from("abc"), more: [new Uint8Array([9, 8])] }],
  "no bytes": () => ["note", Buffer.alloc(0)],
  "a date": () => ["note", new Date(1795474317363), { at: new Date(0) }],
  "nested": () => ["note", nested(20)],
  "undefined": () => ["note", undefined, { a: undefined, b: [undefined], c: 1 }],
  "text of many scripts": () => [`note ${text}`, { [text]: text }],
  "numbers": () => ["note", 0, -1, 127, 128, -129, 65536, 2 ** 32, 2 ** 53 - 1, -(2 ** 53 - 1), 1.5, 1e300, 5e-324, NaN, Infinity],
  "what writes itself as JSON": () => ["note", new Money(), new Map([["a", 1]])],
  "strings of every length class": () => ["note", ...[0, 1, 31, 32, 255, 256, 65535, 65536].map((length) => "x".repeat(length))],
  "arrays and objects of every length class": () => ["note", ...[0, 15, 16, 70000].map((length) => Array(length).fill(1)), Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, i]))],
  "half a megabyte": () => ["note", "x".repeat(500_000)],
};
