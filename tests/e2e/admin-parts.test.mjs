// What the admin page computes: the scales of its charts, its words, the events of a stream.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { eventsOf } from "../../web/admin/src/eventStream.js";
import { healthOf, headlineOf } from "../../web/admin/src/health.js";
import { rangeOf, runsOf, timeSpan, timeTicks, valueTicks } from "../../web/admin/src/scale.js";
import { requestOf, wrongData, wrongName } from "../../web/admin/src/testEvent.js";
import * as say from "../../web/admin/src/words.js";

const minute = 60000;

describe("a chart's axes", () => {
  test("values begin at zero and stand at round steps", () => {
    assert.deepEqual(valueTicks([17000, 18900], 1), [0, 10000, 20000]);
    assert.deepEqual(valueTicks([0, 3], 1), [0, 1, 2, 3]);
    assert.deepEqual(valueTicks([0, 0], 1), [0, 1]);
    assert.deepEqual(valueTicks([null, 0.007], 1e-6).map((value) => Math.round(value * 1000)), [0, 5, 10]);
    assert.deepEqual(valueTicks([], 1), [0, 1]);
  });
  test("time is an hour at most, five minutes at least, and has whole minutes of the clock", () => {
    const now = 100 * 60 * minute + 12345;
    assert.deepEqual(timeSpan([now - 90 * minute, now]), { from: now - 60 * minute, to: now });
    assert.deepEqual(timeSpan([now - minute, now]), { from: now - 5 * minute, to: now });
    const ticks = timeTicks({ from: now - 60 * minute, to: now }, 4);
    assert.ok(ticks.length <= 4 && ticks.every((time) => time % (15 * minute) === 0), `${ticks}`);
  });
  test("a line has a gap where nothing is known, or time was left out", () => {
    const times = [0, 10, 20, 30, 90, 100];
    const runs = runsOf(times, [1, null, null, 2, 3, 4], (time, value) => ({ x: time, y: value }), 10);
    assert.deepEqual(runs.map((run) => run.map(({ x }) => x)), [[0], [30], [90, 100]]);
  });
  test("the range says nothing of what was not measured", () => {
    assert.deepEqual(rangeOf([3, null, 7, 5]), { last: 5, least: 3, most: 7 });
    assert.equal(rangeOf([3, null]).last, null);
    assert.equal(rangeOf([null]), null);
  });
});

test("numbers, sizes and times are said in words", () => {
  assert.equal(say.count(18764), "18,764");
  assert.equal(say.count(undefined), "–");
  assert.deepEqual([0, 0.04, 0.25, 41.3, 6120].map(say.rate), ["0 /s", "< 0.1 /s", "0.3 /s", "41 /s", "6,120 /s"]);
  assert.deepEqual([12, 1800, 281e6].map(say.bytes), ["12 bytes", "1.8 KB", "281 MB"]);
  assert.deepEqual([0, 18e-6, 0.0071, 1.5, null].map(say.duration), ["0", "18 µs", "7.1 ms", "1.5 s", "–"]);
  assert.match(say.moment(Date.now()), /^\d\d:\d\d:\d\d$/);
  assert.match(say.moment(Date.now() - 86400e3), /^\d+ \w+, \d\d:\d\d:\d\d$/, "whoever reads it at night would take it for tonight's");
  assert.deepEqual([5e3, 125e3, 7200e3, 3 * 86400e3].map((ago) => say.age(1e12 - ago, 1e12)), ["5 s", "2 min", "2 h", "3 days"]);
});

const well = { ready: true, reason: null, store: "ok", redis: "up", numbers: { connections: 1, connectionsLimit: 100 } };

describe("health", () => {
  const levels = (overview, nodes, queues) => healthOf(overview, nodes, queues).map(({ level }) => level);
  test("is well where all parts are", () => {
    assert.equal(headlineOf(healthOf(well, [{}, {}])).level, "good");
    assert.equal(headlineOf(healthOf({ ...well, store: "memory", redis: "none" }, [])).level, "good");
  });
  test("names the part that is not", () => {
    assert.deepEqual(levels({ ...well, ready: false, reason: "the disk is full", store: "failing" }, [{}]), ["bad", "bad", "good", "good"]);
    assert.deepEqual(levels({ ...well, numbers: { connections: 90, connectionsLimit: 100 } }, [{}]), ["warn", "good", "good", "good"]);
    assert.deepEqual(levels({ ...well, store: "full" }, [{}]), ["good", "bad", "good", "good"]);
    assert.deepEqual(levels({ ...well, redis: "down" }, [{}]), ["good", "good", "bad", "warn"]);
    assert.deepEqual(levels(well, [{}], [{ reader: "n1" }]), ["good", "good", "good", "good", "good"]);
    assert.deepEqual(levels(well, [{}], [{ reader: "n1" }, { reader: null }]), ["good", "good", "good", "good", "warn"]);
  });
});

test("each state of the store and of Redis that a server tells has words of its own", () => {
  const server = readFileSync(new URL("../../src/server/admin/admin_page.cpp", import.meta.url), "utf8");
  const told = [...server.split("store_word(")[1].split("\n}\n")[0].matchAll(/return "(\w+)"/g)].map(([, word]) => word);
  assert.ok(told.length >= 4, `${told}`);
  const wordsOf = (name, overview) => healthOf({ ...well, redis: "none", ...overview }, []).find((part) => part.name === name).words;
  for (const store of [...told, "memory"]) assert.notEqual(wordsOf("Store", { store }), store);
  for (const redis of ["none", "up", "down"]) assert.notEqual(wordsOf("Redis", { redis }), redis);
});

describe("a stream of events", () => {
  const read = async (...pieces) => {
    const events = [];
    for await (const event of eventsOf(ReadableStream.from(pieces.map((piece) => new TextEncoder().encode(piece))))) events.push(event);
    return events;
  };
  test("is read in whatever pieces it comes, comments passed over", async () => {
    const expected = [{ name: "message", data: '{"a":"é"}' }, { name: "end", data: "{}" }];
    const text = ': trace\n\ndata: {"a":"é"}\n\n: \n\nevent: end\ndata: {}\n\n';
    assert.deepEqual(await read(text), expected);
    assert.deepEqual(await read(...text), expected);
  });
  test("an event that broke off is none", async () => assert.deepEqual(await read('data: {"a":1}'), []));
});

describe("a test event", () => {
  test("is checked before it is sent", () => {
    assert.equal(wrongName("greeting"), null);
    for (const name of ["", "connect", "é".repeat(129)]) assert.match(wrongName(name), /\.$/);
    for (const text of ["", '{"a":1}', "null", '"text"']) assert.equal(wrongData(text), null);
    for (const text of ["{a:1}", "undefined", "{} {}"]) assert.match(wrongData(text), /^This is not JSON/);
  });
  test("keeps each digit that was typed", () => {
    assert.equal(requestOf('a"b', ' {"n":12345678901234567890} '), '{"event":"a\\"b","data":{"n":12345678901234567890}}');
    assert.equal(requestOf("a", ""), '{"event":"a","data":null}');
  });
});
