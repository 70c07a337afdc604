// A thousand workers follow who is online and do not read, or read one byte after the other; those that read, and all other requests, go on.
import assert from "node:assert/strict";
import { test } from "node:test";

import { pause, startServer } from "../support/server.mjs";
import { get, Raw } from "./raw.mjs";
import { apiKey, crowd, login, proc, scaled, secret } from "./town.mjs";

const key = apiKey.repeat(2);
const followed = get("/api/presence", `Authorization: Bearer ${key}\r\nAccept: text/event-stream\r\n`);

/** Follows and reads: who is online, once it is ready. */
class Follower {
  constructor(raw) {
    this.online = new Set();
    this.ready = false;
    this.rest = "";
    raw.write(followed);
    raw.socket.removeAllListeners("data");
    raw.socket.setEncoding("utf8").on("data", (data) => this.#take(data));
  }
  // Chunks begin where events do, so that their framing lies between the events.
  #take(data) {
    const events = (this.rest + data).split("\n\n");
    this.rest = events.pop();
    for (const event of events) {
      const [, name, json] = /event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
      if (!name) continue;
      const said = JSON.parse(json);
      if (name === "ready") this.ready = true;
      for (const user of said.users ?? [said.userId].filter(Boolean)) name === "offline" ? this.online.delete(user) : this.online.add(user);
    }
  }
}

async function until(check, what, ms = 30_000) {
  for (const end = Date.now() + ms; !check(); await pause(10)) if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
}

test("1,000 followers that do not read cost a bounded piece each, and disturb nobody", { timeout: 180_000, skip: process.env.SIGNALBOX_BUILD && "it watches clocks, and a sanitizer is too slow" }, async (t) => {
  const [slow, guests, rounds] = [scaled(1000), 300, 12];
  const name = (i) => `guest ${i} ${"x".repeat(240)}`;
  const server = await startServer("hostile_server", [], { JWT_SECRET: secret, PRESENCE_GRACE_MS: "0", PRESENCE_EVENTS: "off", API_KEY: key, SEND_QUEUE_BYTES: "65536", LOG_LEVEL: "warn" });
  try {
    const idle = await crowd(slow, 100, async () => (await Raw.open(server.port)).pause().write(followed));
    const reader = new Follower(await Raw.open(server.port));
    await until(() => reader.ready, "the reader's snapshot");
    const memory = () => proc(server.child.pid).memoryKb() * 1024;
    const before = memory();
    let slowest = 0, over = false;
    const health = (async () => {
      const raw = await Raw.open(server.port);
      for (; !over; await pause(5)) {
        const begun = performance.now();
        assert.equal((await raw.write(get("/healthz")).answer(30_000)).status, 200);
        slowest = Math.max(slowest, performance.now() - begun);
      }
      raw.close();
    })();
    for (let round = 0; round < rounds; ++round) {
      const here = await crowd(guests, 50, (i) => login(server.port, name(i)));
      await until(() => reader.online.size === guests, "all who came");
      for (const guest of here) guest.reset();
      await until(() => reader.online.size === 0, "all who went");
    }
    over = true;
    await health;
    const grown = memory() - before;
    t.diagnostic(`${rounds * guests * 2} transitions to ${slow} who do not read: ${(grown / 1e6).toFixed(1)} MB more, the slowest answer took ${slowest.toFixed(0)} ms`);
    assert.ok(grown < slow * 2 * 65_536 + 20e6, `${grown} bytes more`);
    assert.ok(slowest < 1000, `an answer took ${slowest} ms`);
    // One of them reads at last: what was on its way, and the end.
    idle[0].socket.resume();
    await idle[0].until((got) => got.subarray(-5).toString() === "0\r\n\r\n", "the end of an answer that fell behind", 10_000);
    const anew = new Follower(await Raw.open(server.port));
    await until(() => anew.ready, "a new snapshot");
    for (const one of idle) one.close();
    assert.match(server.child.log, /^([^\n]*SEND_QUEUE_BYTES is reached: a follower[^\n]*\n)+$/, "and nothing else is said");
  } finally {
    await server.stop("SIGKILL");
  }
});

test("followers that come and go by the hundred, many in the middle of a snapshot, leave nothing behind", { timeout: 120_000 }, async () => {
  const server = await startServer("hostile_server", [], { JWT_SECRET: secret, API_KEY: key, LOG_LEVEL: "warn" });
  try {
    const guests = await crowd(200, 50, (i) => login(server.port, `guest ${i}`));
    for (let round = 0; round < 5; ++round) {
      const all = await crowd(scaled(300), 100, async () => (await Raw.open(server.port)).write(followed));
      for (const one of all) round % 2 ? one.reset() : one.close();
    }
    const counts = async () => {
      const raw = await Raw.open(server.port);
      const { body } = await raw.write(get("/counts")).answer();
      raw.close();
      return JSON.parse(body);
    };
    let last;
    for (const end = Date.now() + 10_000; ; await pause(20)) {
      last = await counts();
      if (last.connections === guests.length + 1 && last.queuedBytes === 0) break;
      if (Date.now() > end) assert.fail(`is left: ${JSON.stringify(last)}`);
    }
    for (const guest of guests) guest.close();
  } finally {
    await server.stop("SIGKILL");
  }
});
