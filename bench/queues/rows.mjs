// The rows of the table: each measures one kind of server once, and tells one figure.
import { eventually } from "../../tests/e2e/support.mjs";
import { cost } from "../cluster/world.mjs";
import { newJob, stepCount, World } from "./world.mjs";

const inWorld = async (kind, measure) => {
  const world = await World.open(kind);
  try {
    await world.enter();
    return await measure(world);
  } finally {
    await world.close();
  }
};

/** Entries a second of a burst that lies there when the server looks. */
const burst = (kind, { scale }) =>
  inWorld(kind, async (world) => {
    const count = Math.ceil(30_000 * scale), all = await world.hear(count);
    world.server.kill("SIGSTOP");
    await world.endMany(count, "burst");
    const begun = performance.now();
    world.server.kill("SIGCONT");
    await all();
    return (6 * count * 1000) / (performance.now() - begun);
  });

/** A thousand jobs a second for a while: { p50, p99 } in µs from XADD to the browser, and `cpu`, the server's share of a core in per cent. */
async function steady(kind, { scale }) {
  return inWorld(kind, async (world) => {
    const seconds = Math.max(3, 20 * scale), count = 1000 * seconds, times = [];
    for (const client of world.clients) client.onEvent = (bytes) => times.push(performance.now() - Number(/"at":([\d.]+)/.exec(bytes.toString("latin1"))[1]));
    let begun;
    const used = await cost([world.server], async () => {
      begun = performance.now();
      const jobs = []; // that run: each begins at its time, and makes a step every 5 ms
      for (let n = 0; n < count || jobs.length > 0; ) {
        const ms = performance.now() - begun;
        for (; n < Math.min(count, Math.floor(ms)); ++n) jobs.push({ ...newJob(`steady-${n}`, n), begun: n });
        const due = jobs.filter((job) => ms >= job.begun + 5 * job.done);
        if (due.length > 0) world.step(due);
        while (jobs[0]?.done === stepCount) jobs.shift();
        await new Promise(setImmediate);
      }
      await eventually(() => times.length >= 2 * count, 60000); // progress that waits may be replaced by newer progress
    });
    const ms = performance.now() - begun;
    times.sort((one, other) => one - other);
    const at = (share) => 1000 * times[Math.floor(share * times.length)];
    return { p50: at(0.5), p99: at(0.99), cpu: (100 * used) / 1000 / ms };
  });
}
const steadyRuns = new Map();
const ofSteady = (what) => async (kind, options) => {
  const key = `${kind} ${options.run}`;
  if (!steadyRuns.has(key)) steadyRuns.set(key, await steady(kind, options));
  return steadyRuns.get(key)[what];
};

/** Seconds until a server that was away has told all ends, as many as there are in a hundred seconds; the streams have the last of them. */
const absence = (kind, { scale }) =>
  inWorld(kind, async (world) => {
    const count = Math.ceil(100_000 * scale);
    await world.kill();
    await world.endMany(count, "away", 100_000);
    const begun = performance.now();
    await world.start();
    await world.allTold();
    return (performance.now() - begun) / 1000;
  });

const ours = "signalbox", theirs = "QueueEvents and Socket.IO";
export const rows = [
  { name: "a burst: entries a second", measure: burst, more: true },
  { name: "1,000 jobs of six entries a second: XADD to browser, p50, µs", measure: ofSteady("p50") },
  { name: "1,000 jobs of six entries a second: XADD to browser, p99, µs", measure: ofSteady("p99") },
  { name: "1,000 jobs of six entries a second: CPU of the server, % of a core", measure: ofSteady("cpu") },
  { name: "100,000 jobs that ended while it was away: until all are told, s", measure: absence, only: ours },
];

/** What is to be reached: how it comes from the medians (row's number, kind), at least, aim; more is better. */
export const bars = [
  { what: "entries a second, times theirs", value: (of) => of(0, ours) / of(0, theirs), least: 10, aim: 20, more: true },
  { what: "p50 from XADD to the browser, of theirs", value: (of) => of(1, ours) / of(1, theirs), least: 1, aim: 0.7 },
  { what: "p99 from XADD to the browser, of theirs", value: (of) => of(2, ours) / of(2, theirs), least: 0.5, aim: 0.3 },
  { what: "CPU at 1,000 jobs a second, % of a core", value: (of) => of(3, ours), least: 3, aim: 2 },
  { what: "back after 100,000 jobs, s", value: (of) => of(4, ours), least: 10, aim: 5 },
];
