// What is sent in which request, and what follows from each answer: without a network and without a clock.
import assert from "node:assert/strict";
import { test } from "node:test";

import outbox from "../../lib/remote/outbox.cjs";

/** An outbox whose events are "user:event:jobId", with what became of each. */
function box(limits = {}) {
  let keys = 0;
  const its = new outbox.Outbox({ random: () => 1, newKey: () => `key ${++keys}`, ...limits });
  const ends = {};
  const add = (...names) => {
    for (const name of names) {
      const [user, event, jobId] = name.split(":");
      const text = JSON.stringify(jobId === undefined ? null : { jobId });
      its.add(user, { progress: "job_progress", done: "job_completed", failed: "job_failed" }[event] ?? event, text, (error, how) => (ends[name] = error?.code ?? how));
    }
  };
  const take = (now = 0) => {
    const batch = its.take(now);
    return batch && { ...batch, batch, events: JSON.parse(batch.body).map((e) => [e.userId, e.event, e.data?.jobId].filter((x) => x !== undefined).join(":")) };
  };
  return { its, ends, add, take, settle: (taken, verdict, now = 0) => its.settle(taken.batch, verdict, now) };
}
const accepted = { kind: "accepted" };

test("all that was added leaves in one request, in the order in which it came, and under a key", () => {
  const { add, take, settle, ends, its } = box();
  add("ada:x:1", "bob:done:2", "ada:done:3");
  const first = take();
  assert.deepEqual(first.events, ["ada:x:1", "bob:job_completed:2", "ada:job_completed:3"]);
  assert.equal(first.key, "key 1");
  assert.equal(take(), undefined);
  settle(first, accepted);
  assert.deepEqual(ends, { "ada:x:1": "accepted", "bob:done:2": "accepted", "ada:done:3": "accepted" });
  assert.equal(its.waiting, 0);
  assert.equal(its.next(), Infinity);
});

test("a user has one request under way at most, others go on", () => {
  const { add, take, settle } = box();
  add("ada:x:1");
  const first = take();
  add("ada:x:2", "bob:x:3");
  assert.deepEqual(take().events, ["bob:x:3"]);
  settle(first, accepted);
  assert.deepEqual(take().events, ["ada:x:2"]);
});

test("a request has so many events and bytes at most; a larger event goes alone", () => {
  const few = box({ maxEvents: 2 });
  few.add("a:x", "b:x", "c:x");
  assert.deepEqual([few.take().events, few.take().events], [["a:x", "b:x"], ["c:x"]]);
  const small = box({ maxBytes: 100 });
  small.its.add("a", "x", JSON.stringify("x".repeat(200)), () => {});
  small.add("b:x");
  assert.deepEqual([small.take().events, small.take().events], [["a:x"], ["b:x"]]);
  const { body } = box({ maxBytes: 110 }).take() ?? { body: "" };
  assert.ok(body.length <= 110);
});

test("no more requests are under way than may be", () => {
  const { add, take, settle, its } = box({ maxUnderWay: 1 });
  add("ada:x");
  const first = take();
  add("bob:x");
  assert.equal(take(), undefined);
  assert.equal(its.next(), Infinity);
  settle(first, accepted);
  assert.deepEqual(take().events, ["bob:x"]);
});

test("a request whose answer was lost is repeated as it was, under its key, and its users wait for it", () => {
  const { add, take, settle, its } = box();
  add("ada:done:1", "ada:progress:2");
  const first = take();
  its.endTurn();
  add("ada:progress:2", "ada:x:3");
  settle(first, { kind: "repeat" }, 1000);
  assert.equal(its.next(), 1100);
  assert.equal(take(1099), undefined);
  const again = take(1100);
  assert.deepEqual([again.key, again.body], [first.key, first.body]);
  assert.equal(take(1100), undefined);
  settle(again, accepted, 1200);
  assert.deepEqual(take(1200).events, ["ada:job_progress:2", "ada:x:3"]);
});

test("the pause grows from failure to failure up to ten seconds, and ends with a success", () => {
  const { add, take, settle, its } = box();
  add("ada:done:1");
  const pauses = [];
  let taken = take();
  for (let now = 0, i = 0; i < 9; ++i) {
    settle(taken, { kind: "repeat" }, now);
    pauses.push(its.next() - now);
    taken = take((now = its.next()));
  }
  assert.deepEqual(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000]);
  settle(taken, accepted, 1e6);
  add("ada:done:2");
  settle(take(1e6), { kind: "repeat" }, 1e6);
  assert.equal(its.next(), 1e6 + 100);
});

test("requests that fail together are one failure, and Retry-After is kept", () => {
  const { add, take, settle, its } = box();
  add("ada:done:1");
  const one = take();
  add("bob:done:1");
  const two = take();
  settle(one, { kind: "repeat" }, 0);
  settle(two, { kind: "repeat", afterMs: 3000 }, 0);
  assert.equal(its.next(), 3000);
  assert.deepEqual([take(3000).key, take(3000).key], ["key 1", "key 2"]);
});

test("what never reached the server is sent anew with what came since, and progress only while it is the newest", () => {
  const { add, take, settle, ends, its } = box();
  add("ada:progress:1", "ada:done:2");
  const first = take();
  its.endTurn();
  add("ada:failed:1", "ada:done:3");
  settle(first, { kind: "unsent" }, 0);
  assert.equal(take(99), undefined);
  const second = take(100);
  assert.deepEqual(second.events, ["ada:job_completed:2", "ada:job_failed:1", "ada:job_completed:3"]);
  assert.notEqual(second.key, first.key);
  assert.equal(ends["ada:progress:1"], "superseded");
});

test("what may have been taken stays under its key, also when the next try finds no server", () => {
  const { add, take, settle } = box();
  add("ada:done:1");
  const first = take();
  settle(first, { kind: "repeat" }, 0);
  settle(take(100), { kind: "unsent" }, 100);
  assert.deepEqual([take(300).key, first.key], ["key 1", "key 1"]);
});

test("progress whose answer was lost is repeated as it was, and what comes after it waits: a late copy comes behind no outcome", () => {
  const { add, take, settle, its } = box();
  add("ada:progress:1");
  const first = take();
  its.endTurn();
  add("ada:done:1");
  settle(first, { kind: "repeat" }, 0);
  const again = take(100);
  assert.deepEqual([again.key, again.events], [first.key, first.events]);
  assert.equal(take(100), undefined);
  settle(again, accepted, 100);
  assert.deepEqual(take(100).events, ["ada:job_completed:1"]);
});

test("a refusal for want of room, once an answer was lost, changes nothing of the request", () => {
  const { add, take, settle } = box();
  add("ada:done:1");
  const first = take();
  settle(first, { kind: "repeat" }, 0);
  settle(take(100), { kind: "later", afterMs: 0 }, 100);
  assert.equal(take(1000).key, first.key);
});

test("progress that waits is superseded by what is newer of its job, and by nothing else", () => {
  const { its, take, settle } = box();
  const ends = [];
  const add = (user, event, data) => its.add(user, event, JSON.stringify(data), (error, how) => ends.push([data.n, error?.code ?? how]));
  add("ada", "x", { n: 0 });
  const busy = take();
  add("ada", "job_progress", { jobId: 1, n: 1 });
  add("bob", "job_progress", { jobId: 1, n: 2 });
  its.endTurn();
  add("ada", "job_progress", { jobId: "1", n: 3 });
  add("ada", "job_progress", { jobId: 2, n: 4 });
  assert.deepEqual(ends, [[1, "superseded"]]);
  assert.equal(its.waiting, 4);
  settle(busy, accepted);
  assert.deepEqual(JSON.parse(take().body).map(({ data }) => data.n), [2, 3, 4]);
});

test("within one turn of the event loop nothing is superseded, unless the turn ends and it still waits", () => {
  const { add, take, its, ends, settle } = box();
  add("ada:progress:1", "ada:progress:2", "ada:done:1");
  const first = take();
  assert.deepEqual(first.events, ["ada:job_progress:1", "ada:job_progress:2", "ada:job_completed:1"]);
  its.endTurn();
  add("ada:progress:3", "ada:done:3");
  its.endTurn();
  assert.equal(ends["ada:progress:3"], "superseded");
  settle(first, accepted);
  assert.deepEqual(take().events, ["ada:job_completed:3"]);
});

test("a bad event is rejected and the others go on, those behind it too", () => {
  const { add, take, settle, ends } = box();
  add("ada:x:1", "ada:bad", "ada:x:2", "bob:x:3");
  settle(take(), { kind: "without", at: 1, code: "invalid_event", text: "no" });
  assert.deepEqual(ends, { "ada:bad": "invalid_event" });
  assert.deepEqual(take().events, ["ada:x:1", "ada:x:2", "bob:x:3"]);
});

test("where nobody says which event is bad, each is sent for itself", () => {
  const { add, take, settle, ends } = box();
  add("ada:x:1", "bob:bad", "ada:x:2");
  settle(take(), { kind: "smaller", code: "refused", text: "no" });
  const [one, two] = [take(), take()];
  assert.deepEqual([one.events, two.events], [["ada:x:1"], ["bob:bad"]]);
  settle(two, { kind: "smaller", code: "refused", text: "no" });
  settle(one, accepted);
  assert.deepEqual(take().events, ["ada:x:2"]);
  assert.deepEqual(ends, { "bob:bad": "refused", "ada:x:1": "accepted" });
});

test("a server that takes less at once gets less at once", () => {
  const { add, take, settle } = box();
  add("a:x", "b:x", "c:x", "d:x", "e:x");
  settle(take(), { kind: "smaller", code: "too_large", text: "no" });
  assert.deepEqual([take().events, take().events, take().events], [["a:x", "b:x"], ["c:x", "d:x"], ["e:x"]]);
});

test("a user with too much unread waits alone; a busy server has all wait", () => {
  const { add, take, settle, its } = box();
  add("ada:done:1", "ada:done:2", "bob:done:1", "ada:done:3");
  settle(take(), { kind: "later", at: 1, afterMs: 1000 }, 0);
  const others = take(0);
  assert.deepEqual(others.events, ["ada:job_completed:1", "bob:job_completed:1"]);
  settle(others, { kind: "later", afterMs: 2000 }, 0);
  assert.equal(its.next(), 2000);
  assert.deepEqual(take(2000).events, ["ada:job_completed:1", "bob:job_completed:1"]);
});

test("an event that was refused for its user alone is repeated in a request of its own, later and later", () => {
  const { add, take, settle, its } = box();
  add("ada:done:1", "ada:done:2", "bob:x:1");
  settle(take(), { kind: "later", at: 0, afterMs: 0 }, 0);
  settle(take(0), accepted, 0);
  const pauses = [];
  for (let now = its.next(); pauses.length < 8; now = its.next()) {
    add(`bob:x:${now}`);
    const both = [take(now), take(now)].map(({ events, batch }) => ({ events, batch }));
    assert.deepEqual(both.map(({ events }) => events), [["ada:job_completed:1"], [`bob:x:${now}`]]);
    settle(both[0], { kind: "later", at: 0, afterMs: 0 }, now);
    settle(both[1], accepted, now);
    pauses.push(its.next() - now);
  }
  assert.deepEqual(pauses, [200, 400, 800, 1600, 3200, 6400, 10000, 10000]);
  const last = take(its.next());
  settle(last, accepted, 1e6);
  assert.deepEqual(take(1e6).events, ["ada:job_completed:2"]);
});

test("what a server can never carry out is given up after three repeats, and holds nobody else up", () => {
  const { add, take, settle, ends } = box();
  add("ada:done:1");
  let now = 0;
  for (let i = 0; i < 4; ++i, now += 10_000) settle(take(now), { kind: "hopeless", code: "not_durable", text: "no" }, now);
  assert.deepEqual(ends, { "ada:done:1": "not_durable" });
  add("ada:x");
  assert.deepEqual(take(now).events, ["ada:x"]);
});

test("where all were told and not all outcomes are kept, each outcome is sent again for itself, and the one at fault is rejected", () => {
  const { add, take, settle, ends } = box();
  const partly = { kind: "partly", code: "not_durable", text: "The store cannot take one of these" };
  add("ada:x:1", "ada:done:1", "bob:done:2", "ada:progress:3", "bob:done:4");
  settle(take(), partly);
  assert.deepEqual(ends, { "ada:x:1": "accepted", "ada:progress:3": "accepted" });
  const [ada, bob] = [take(), take()];
  assert.deepEqual([ada.events, bob.events], [["ada:job_completed:1"], ["bob:job_completed:2"]]);
  settle(ada, accepted);
  settle(bob, partly);
  settle(take(), accepted);
  assert.deepEqual(ends, { "ada:x:1": "accepted", "ada:progress:3": "accepted", "ada:done:1": "accepted", "bob:done:2": "not_durable", "bob:done:4": "accepted" });
});

test("where not all outcomes are kept, none comes behind what the same request told newer of its job; what came later waits behind it", () => {
  const { add, take, settle, ends } = box();
  add("ada:failed:7", "ada:progress:7", "ada:failed:8", "ada:done:8", "ada:done:9");
  const first = take();
  add("ada:progress:9");
  settle(first, { kind: "partly", code: "not_durable", text: "The store cannot take one of these" });
  assert.deepEqual(ends, { "ada:failed:7": "accepted", "ada:progress:7": "accepted", "ada:failed:8": "accepted" });
  const again = [];
  for (let taken; (taken = take()); settle(taken, accepted)) again.push(...taken.events);
  assert.deepEqual(again, ["ada:job_completed:8", "ada:job_completed:9", "ada:job_progress:9"]);
});

test("a refusal rejects all of its request", () => {
  const { add, take, settle, ends } = box();
  add("ada:x", "bob:x");
  settle(take(), { kind: "refused", code: "unauthorized", text: "no" });
  assert.deepEqual(ends, { "ada:x": "unauthorized", "bob:x": "unauthorized" });
});

test("so many wait at most: the next is overloaded, until something is settled", () => {
  const { add, take, settle, ends } = box({ maxWaiting: 2 });
  add("ada:x", "bob:x", "eve:x");
  assert.deepEqual(ends, { "eve:x": "overloaded" });
  settle(take(), accepted);
  add("eve:y");
  assert.deepEqual(take().events, ["eve:y"]);
});

test("one user has so many waiting at most, under way or not: that user's next is overloaded, and nobody else's", () => {
  const { add, take, settle, ends } = box({ maxWaitingOfUser: 2 });
  add("ada:x:1");
  const first = take();
  add("ada:x:2", "ada:x:3", "bob:x:1");
  assert.deepEqual(ends, { "ada:x:3": "overloaded" });
  settle(first, accepted);
  add("ada:x:4");
  assert.deepEqual(take().events, ["ada:x:2", "bob:x:1", "ada:x:4"]);
});

test("its end rejects what waits, and what would have to be sent again", () => {
  const { add, take, settle, its, ends } = box();
  add("ada:done:1", "bob:done:1");
  const first = take();
  add("ada:x");
  its.close(Object.assign(new Error(), { code: "stopped" }));
  assert.deepEqual(ends, { "ada:x": "stopped" });
  settle(first, { kind: "repeat" }, 0);
  add("eve:x");
  assert.deepEqual(ends, { "ada:x": "stopped", "ada:done:1": "stopped", "bob:done:1": "stopped", "eve:x": "stopped" });
  assert.equal(its.waiting, 0);
});

// Any order of emits, answers and losses, against a server that may have taken what it did not answer.
test("whatever happens, each user's events arrive in their order, and none but progress is left out", () => {
  for (let seed = 1; seed <= 60; ++seed) {
    let state = seed;
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
    const its = new outbox.Outbox({ random, maxEvents: 5, maxBytes: 400, maxUnderWay: 3 });
    const heard = {}, sent = {}, keys = new Set();
    const ends = new Map();
    const hear = (batch) => {
      if (batch.key && keys.has(batch.key)) return;
      keys.add(batch.key);
      for (const { userId, event, data } of JSON.parse(batch.body)) (heard[userId] ??= []).push({ event, n: data.n });
    };
    let underWay = [], now = 0;
    for (let n = 0; n < 300 || its.waiting !== 0; ++n, now += 50) {
      assert.ok(n < 5000, `seed ${seed}: ${its.waiting} never end`);
      for (let i = 0; n < 300 && i < random() * 4; ++i) {
        const user = `user ${Math.floor(random() * 4)}`, event = random() < 0.5 ? "job_progress" : "job_completed", m = n * 10 + i;
        (sent[user] ??= []).push({ event, n: m });
        its.add(user, event, JSON.stringify({ jobId: Math.floor(random() * 2), n: m }), (error, how) => ends.set(m, error?.code ?? how));
      }
      for (let batch; (batch = its.take(now)); ) underWay.push(batch);
      its.endTurn();
      const users = underWay.flatMap((batch) => [...new Set(batch.items.map((item) => item.user))]);
      assert.equal(new Set(users).size, users.length, "one request a user");
      underWay = underWay.filter((batch) => {
        const luck = random();
        if (luck < 0.3) return true;
        if (luck < 0.6) hear(batch), its.settle(batch, accepted, now);
        else if (luck < 0.7) hear(batch), its.settle(batch, { kind: "repeat" }, now);
        else if (luck < 0.8) its.settle(batch, { kind: "repeat" }, now);
        else if (luck < 0.9 || keys.has(batch.key)) its.settle(batch, { kind: "unsent" }, now);
        else its.settle(batch, { kind: "later", at: luck < 0.95 ? 0 : undefined, afterMs: 0 }, now);
        return false;
      });
    }
    for (const [user, events] of Object.entries(sent)) {
      const outcomes = (list) => list.filter(({ event }) => event === "job_completed").map(({ n }) => n);
      assert.deepEqual(outcomes(heard[user]), outcomes(events), `seed ${seed}: each outcome once, in order`);
      const order = heard[user].map(({ n }) => n);
      const twice = order.filter((n, i) => order.indexOf(n) !== i);
      for (const n of twice) assert.equal(events.find((e) => e.n === n).event, "job_progress");
      for (const { n } of events.filter((e) => !order.includes(e.n))) assert.equal(ends.get(n), "superseded");
    }
  }
});
