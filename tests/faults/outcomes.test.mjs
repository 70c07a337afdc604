// No accepted outcome is lost, whatever happens to the server, its disk and the lines to it. Seeded and bounded: FAULTS=long
// runs the full size, SEED repeats a run (the order of the network is not in it).
import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually, login } from "../e2e/support.mjs";
import { pause } from "../support/server.mjs";
import { departures, hangs, kills, steps } from "./troubles.mjs";
import { Place, work } from "./works.mjs";

const long = process.env.FAULTS === "long";
const seed = Number(process.env.SEED ?? 1);
const size = long
  ? { users: 200, jobs: 10000, kills: 20, workers: 8, hang: 10000, limit: 1800000 }
  : { users: 20, jobs: 400, kills: 5, workers: 4, hang: 2000, limit: process.env.SIGNALBOX_BUILD ? 360000 : 120000 };

const atPlace = (run, env = {}) => async (t) => {
  const place = await Place.open(env);
  try {
    await run(place, t);
  } finally {
    await place.close();
  }
};

test(
  `a server killed ${size.kills} times under ${size.jobs} jobs of ${size.users} users loses no outcome while its disk hangs for ${size.hang / 1000} s ` +
    "now and then, its clock is stepped, all clients leave and return together, and a proxy loses answers and repeats requests",
  { timeout: size.limit },
  atPlace(async (place, t) => {
    const all = { ...size, proxies: true, away: true, forgets: true };
    t.diagnostic(await work(place, all, seed, kills(place, size, size.hang), hangs(place, size.hang), departures, steps(place)));
    // A replay takes many polling answers, so that a receipt can follow one that was lost.
  }, { STORE_TIMEOUT_MS: String(size.hang / 2), POLLING_MAX_PACKETS: "2" }),
);

for (const [when, env, how] of [
  ["", {}, {}],
  [", with most of them in the store alone", { LEDGER_TOTAL_BYTES: String(size.jobs * 250) }, { forgets: true }],
]) {
  test(
    `a server killed ${size.kills} times under ${size.jobs} jobs of ${size.users} users loses no outcome that it accepted${when}`,
    { timeout: size.limit },
    atPlace(async (place, t) => {
      t.diagnostic(await work(place, { ...size, ...how }, seed, kills(place, size)));
    }, env),
  );
}

test(
  "nor does one whose disk is full for a while, whose files cannot be written then, and which is killed in that state",
  { timeout: size.limit },
  atPlace(async (place, t) => {
    const watcher = await login(place.server, { user: "watcher", reconnection: true, reconnectionDelay: 20 });
    let tries = 0;
    const outcome = () => place.post("watcher", "job_completed", { jobId: "watcher-outcome", result: ++tries });
    /** Outcomes are refused, and progress is delivered all the same. */
    const refuses = async (bytes) => {
      place.limitFiles(bytes);
      await eventually(async () => (await outcome()) === 503, size.limit);
      assert.equal(await place.post("watcher", "job_progress", { jobId: `watcher-${bytes}`, progress: 1 }), 202);
      await watcher.inbox.take(({ name, values }) => name === "job_progress" && values[0].jobId === `watcher-${bytes}`);
    };
    const accepts = () => eventually(async () => (await outcome()) === 202, 30000);
    const said = await work(place, size, seed, async ({ left }) => {
      await eventually(() => left() <= 0.8, size.limit);
      await refuses(150000);
      place.limitFiles("unlimited");
      await accepts();
      await eventually(() => left() <= 0.5, size.limit);
      await refuses(0);
      place.limitFiles("unlimited");
      await accepts();
      await eventually(() => left() <= 0.2, size.limit);
      await refuses(0);
      await place.kill();
      await place.start();
      await accepts();
    });
    watcher.disconnect();
    t.diagnostic(said);
  }),
);

test(
  "nor does one whose disk does not answer for ten seconds, and which is killed while it does not",
  { timeout: size.limit },
  atPlace(async (place, t) => {
    const watcher = await login(place.server, { user: "watcher", reconnection: true, reconnectionDelay: 20 });
    let tries = 0;
    const outcome = () => place.post("watcher", "job_completed", { jobId: "watcher-outcome", result: ++tries });
    /** Who waits is told, later ones are refused at once, and progress is delivered all the same. */
    const hangs = async (name) => {
      place.hang(true);
      await eventually(async () => (await outcome()) === 503, size.limit);
      assert.equal((await fetch(`${place.server.url}/readyz`)).status, 503);
      assert.equal(await place.post("watcher", "job_progress", { jobId: `watcher-${name}`, progress: 1 }), 202);
      await watcher.inbox.take(({ name: event, values }) => event === "job_progress" && values[0].jobId === `watcher-${name}`);
    };
    const accepts = async () => {
      await eventually(async () => (await outcome()) === 202, 30000);
      assert.equal((await fetch(`${place.server.url}/readyz`)).status, 200);
    };
    const said = await work(place, size, seed, async ({ left }) => {
      await eventually(() => left() <= 0.8, size.limit);
      await hangs("once");
      await pause(10000);
      place.hang(false);
      await accepts();
      await eventually(() => left() <= 0.4, size.limit);
      await hangs("again");
      await place.kill();
      place.hang(false);
      await place.start();
      await accepts();
    });
    watcher.disconnect();
    t.diagnostic(said);
  }, { STORE_TIMEOUT_MS: "1000" }),
);
