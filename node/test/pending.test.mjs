// What is kept of logins that a middleware let in until they are sockets, without an engine.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

const require = createRequire(import.meta.url);
const { Pending } = require("../lib/pending.cjs");
const { Sockets } = require("../lib/sockets.cjs");

const login = (user, bytes = 1) => ({ socket: { user }, user, bytes });
const here = (pending, ids) => ids.filter((id) => pending.take(id));

test("a login is taken once", () => {
  const pending = new Pending();
  const ada = login("ada");
  pending.add("1", ada);
  assert.equal(pending.take("1"), ada.socket);
  assert.equal(pending.take("1"), undefined);
});

test("one that becomes no socket is forgotten after a minute", () => {
  const pending = new Pending();
  pending.add("1", login("ada"), 1000);
  pending.add("2", login("ada"), 60_999);
  assert.deepEqual(here(pending, ["1", "2"]), ["1", "2"]);
  pending.add("1", login("ada"), 1000);
  pending.add("2", login("ada"), 61_000);
  assert.deepEqual(here(pending, ["1", "2"]), ["2"]);
});

test("where they hold too much, the oldest of the user who holds most go", () => {
  const pending = new Pending(100);
  pending.add("ada", login("ada", 10), 0);
  for (let i = 0; i < 10; ++i) pending.add(`mallory ${i}`, login("mallory", 10), 0);
  assert.deepEqual(here(pending, ["ada", ...Array.from({ length: 10 }, (_, i) => `mallory ${i}`)]), ["ada", ...[4, 5, 6, 7, 8, 9].map((i) => `mallory ${i}`)]);
});

test("a client that came back is found by its handshake, among those of its user", () => {
  const pending = new Pending();
  const ada = login("ada"), other = login("ada");
  pending.add("1", { ...other, handshake: "b" });
  pending.add("2", { ...ada, handshake: "a" });
  for (const [user, handshake] of [["ada", "c"], ["bob", "a"]]) assert.equal(pending.takeRecovered(user, handshake), undefined);
  assert.equal(pending.takeRecovered("ada", "a"), ada.socket);
  assert.deepEqual(here(pending, ["1", "2"]), ["1"]);
});

test("what was taken counts no more", () => {
  const pending = new Pending(100);
  for (let i = 0; i < 50; ++i) {
    pending.add(`${i}`, login("ada", 90), 0);
    assert.ok(pending.take(`${i}`), `${i}`);
  }
});

test("a client that comes and goes without end leaves no more behind than that", async () => {
  const sockets = new Sockets({ admit() {}, refuse() {} });
  const seen = [];
  sockets.middleware.push((socket, next) => (seen.push(new WeakRef(socket)), next()));
  const comes = (id, user, bytes) =>
    sockets.login({}, { id, userId: user, user: JSON.stringify({ id: user }), handshake: JSON.stringify({ headers: { cookie: "x".repeat(bytes) }, auth: {} }) });
  comes("ada's", "ada", 100);
  await new Promise(setImmediate);
  const ada = seen[0].deref();
  ada.data.role = "admin";
  for (let i = 0; i < 80; ++i) comes(`${i}`, "mallory", 1 << 20);
  await new Promise(setImmediate);
  const became = (id, user) => {
    sockets.introduced({ id, handle: {}, userId: user, user: JSON.stringify({ id: user }), handshake: '{"headers":{},"auth":{}}', connected: true, recovered: false });
    return sockets.find(id);
  };
  assert.equal(became("ada's", "ada"), ada);
  const kept = Array.from({ length: 80 }, (_, i) => became(`${i}`, "mallory").handshake.headers.cookie).filter(Boolean);
  assert.ok(kept.length <= 64, `${kept.length}`);
});
