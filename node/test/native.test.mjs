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
