// What the native engine's JavaScript does with what the addon tells, without the addon.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

const { NativeEngine } = createRequire(import.meta.url)("../lib/engines/native.cjs");
const committed = 5;  // of RecordKind in node/src/to_js.hpp

test("an outcome that the disk refuses later is counted, whether somebody awaits it or not", async (t) => {
  const warnings = t.mock.method(console, "warn", () => {});
  let tell;
  const engine = new NativeEngine({ dispatch: (taker) => (tell = taker), durable: () => undefined, hold() {}, release() {}, stop() {} });
  const awaited = engine.durable(2);
  tell([[committed, 1, false], [committed, 2, false], [committed, 3, true]]);
  assert.equal(await awaited, false);
  assert.equal(engine.refusals.total, 2);
  assert.match(warnings.mock.calls[0].arguments[0], /^signalbox: an emit was refused \(not_durable\)/);
});

test("the original's progress goes to the addon member by member, each read once; all other data as JSON text", () => {
  const calls = [];
  const note = (name) => (...args) => (calls.push([name, ...args.slice(0, 4)]), 1);
  const engine = new NativeEngine({ dispatch() {}, stop() {}, progress: note("progress"), emit: (user, event, text) => note("emit")(user, event, text) });
  const reads = [];
  const getter = (name, first, later) => ({ enumerable: true, get: () => (reads.includes(name) ? later : (reads.push(name), first)) });
  engine.emit("ada", "job_progress", { jobId: "7", progress: 5, status: "works" });
  engine.emit("ada", "job_progress", Object.defineProperties({}, { jobId: getter("jobId", "7"), progress: getter("progress", 6), status: getter("status", "works") }));
  engine.emit("ada", "job_progress", { jobId: 7, progress: 5, status: "works" });
  engine.emit("ada", "other", { jobId: "7", progress: 5, status: "works" });
  assert.deepEqual(calls, [
    ["progress", "ada", "7", 5, "works"],
    ["progress", "ada", "7", 6, "works"],
    ["emit", "ada", "job_progress", '{"jobId":7,"progress":5,"status":"works"}'],
    ["emit", "ada", "other", '{"jobId":"7","progress":5,"status":"works"}'],
  ]);
});
