// How io.use asks a program's middleware, and what becomes of what its code throws, without an engine.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, test } from "node:test";

const require = createRequire(import.meta.url);
const { Failures, ask } = require("../lib/middleware.cjs");
const { guarded } = require("../lib/guarded.cjs");

/** What becomes of a login: the refusal's message, "let in", or "thrown: …"; and what was thrown too late. */
async function outcome(...chain) {
  const late = [];
  const decided = await ask(chain, { data: {} }, (error) => late.push(error.message)).then(
    (refusal) => refusal?.message ?? "let in",
    (error) => `thrown: ${error.message}`,
  );
  return { decided, late };
}

describe("a middleware's answer is what it gives to next(), however late and however it is wrapped", () => {
  const later = (_, next) => void setImmediate(() => next(new Error("no permission")));
  const wrapped = {
    "(socket, next) =>": later,
    "(...args) =>": (...args) => later(...args),
    "(socket, next = …) =>": (socket, next = () => {}) => later(socket, next),
    "function () { … arguments … }": function () { return later.apply(this, arguments); },
    "async (socket, next) =>": async (socket, next) => later(socket, next),
    "async (...args) =>": async (...args) => later(...args),
  };
  for (const [how, middleware] of Object.entries(wrapped)) {
    test(how, async () => assert.equal((await outcome(middleware)).decided, "no permission"));
  }
});

test("an async middleware of one parameter answers by its promise", async () => {
  const seen = [];
  assert.equal((await outcome(async (socket) => void (await seen.push(socket.data)), (_, next) => next(new Error("second")))).decided, "second");
  assert.equal(seen.length, 1);
  assert.equal((await outcome(async (socket) => socket.none.none)).decided.slice(0, 7), "thrown:");
});

test("what is thrown or rejected behind next() changes nothing, and is told", async () => {
  const fails = () => { throw new Error("behind"); };
  assert.deepEqual(await outcome((_, next) => (next(), fails())), { decided: "let in", late: ["behind"] });
  assert.deepEqual(await outcome(async (_, next) => (next(new Error("no")), fails())), { decided: "no", late: ["behind"] });
  assert.deepEqual(await outcome(async (_, next) => (next(), await null, fails()), (_, next) => setImmediate(next)), { decided: "let in", late: ["behind"] });
});

test("failures are told at once, and then once a second, with their number and the newest", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const told = [];
  t.mock.method(console, "error", (line, error) => told.push(`${line} ${error}`));
  const failures = new Failures();
  for (const error of [1, 2, 3]) failures.note(error);
  assert.deepEqual(told.splice(0), ["signalbox: a middleware failed: 1"]);
  t.mock.timers.tick(1000);
  assert.deepEqual(told.splice(0), ["signalbox: a middleware failed 2 times, at last so: 3"]);
  failures.note(4);
  assert.deepEqual(told, []);
  t.mock.timers.tick(1000);
  failures.note(5);
  t.mock.timers.tick(1000);
  t.mock.timers.tick(1000);
  failures.note(6);
  assert.deepEqual(told, ["signalbox: a middleware failed: 4", "signalbox: a middleware failed: 5", "signalbox: a middleware failed: 6"]);
});

test("a client that has a handler throw, or reject, as often as it likes writes a line a second", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const told = [];
  t.mock.method(console, "error", (line, error) => told.push(`${line} ${error}`));
  for (let i = 1; i <= 100; ++i) guarded("move", i % 2 ? () => { throw i; } : async () => { throw i; }, []);
  guarded("other", () => { throw "of another event"; }, []);
  await null;
  assert.deepEqual(told.splice(0), ["signalbox: a handler of 'move' failed: 1", "signalbox: a handler of 'other' failed: of another event"]);
  t.mock.timers.tick(1000);
  assert.deepEqual(told, ["signalbox: a handler of 'move' failed 99 times, at last so: 100"]);
});
