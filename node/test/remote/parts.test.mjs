// The parts that only look at what they are given: pauses, the stream of events, who is online, what an answer means.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { backoff } from "../../lib/remote/backoff.cjs";
import { EventStream } from "../../lib/remote/event-stream.cjs";
import { Online } from "../../lib/remote/online.cjs";
import { Server } from "../../lib/remote/server.cjs";
import { verdictOf } from "../../lib/remote/verdict.cjs";

test("a pause is spread over its second half, and never longer than ten seconds nor shorter than a tenth of one", () => {
  assert.deepEqual([0, 1, 2, 6, 7, 1000].map((n) => backoff(n, () => 1)), [100, 200, 400, 6400, 10000, 10000]);
  assert.deepEqual([0, 1, 2, 7].map((n) => backoff(n, () => 0)), [100, 100, 200, 5000]);
});

describe("a stream of events", () => {
  const text = ': hello\n\nevent: a\ndata: {"x":1}\n\ndata:two\r\ndata: lines\r\n\r\nevent: none\n\nid: 7\nevent: ü\ndata: ö€\n\n';
  const events = [{ event: "a", data: '{"x":1}' }, { event: "message", data: "two\nlines" }, { event: "ü", data: "ö€" }];
  test("is the same wherever it is cut", () => {
    const bytes = Buffer.from(text);
    for (let size = 1; size < bytes.length; ++size) {
      const stream = new EventStream();
      const heard = [];
      for (let at = 0; at < bytes.length; at += size) heard.push(...stream.take(bytes.subarray(at, at + size)));
      assert.deepEqual(heard, events, `in pieces of ${size}`);
    }
  });
  test("gives nothing of an event that is not whole", () => {
    assert.deepEqual(new EventStream().take(Buffer.from("event: a\ndata: 1\n")), []);
  });
});

describe("who is online", () => {
  const says = (event, data) => ({ event, data: JSON.stringify(data) });
  test("is known from `ready` on, and follows who comes and who goes", () => {
    const online = new Online();
    online.begin();
    assert.equal(online.take(says("snapshot", { users: ["b", "a"] })), false);
    assert.equal(online.take(says("snapshot", { users: ["c"] })), false);
    assert.equal(online.take(says("ready", {})), true);
    assert.deepEqual([online.users, online.count], [["a", "b", "c"], 3]);
    online.take(says("offline", { userId: "b" }));
    online.take(says("online", { userId: "a" }));
    online.take(says("online", { userId: "d" }));
    assert.deepEqual(online.users, ["a", "c", "d"]);
    assert.equal(online.has("b"), false);
  });
  test("stays as it was while a new answer names everybody anew, also where that one breaks off", () => {
    const online = new Online();
    for (const event of [says("snapshot", { users: ["a", "b"] }), says("ready", {})]) online.take(event);
    online.begin();
    online.take(says("snapshot", { users: ["x"] }));
    online.begin();
    online.take(says("snapshot", { users: ["b"] }));
    assert.deepEqual(online.users, ["a", "b"]);
    online.take(says("ready", {}));
    assert.deepEqual(online.users, ["b"]);
  });
});

describe("an answer means", () => {
  const verdict = (status, body = {}, headers = {}) => verdictOf({ status, headers, text: typeof body === "string" ? body : JSON.stringify(body), url: "http://host:3000" });
  test("all, later, the same again, all but one, less, or never", () => {
    assert.deepEqual(verdict(202), { kind: "accepted" });
    assert.deepEqual(verdict(429, { error: "full" }, { "retry-after": "7" }), { kind: "later", at: undefined, afterMs: 7000 });
    assert.deepEqual(verdict(429, { error: "unread", index: 3 }), { kind: "later", at: 3, afterMs: 0 });
    assert.deepEqual(verdict(503, { error: "stopping" }, { "retry-after": "1" }), { kind: "repeat", afterMs: 1000 });
    for (const body of ["<html>", "null", { error: { message: "of a proxy" } }]) assert.deepEqual(verdict(500, body), { kind: "hopeless", code: "not_durable", text: undefined });
    for (const status of [502, 504]) assert.equal(verdict(status, "<html>").kind, "repeat");
    assert.deepEqual(verdict(500, { error: "no" }), { kind: "hopeless", code: "not_durable", text: "no" });
    for (const [status, code] of [[500, "not_durable"], [413, "too_large"]])
      assert.deepEqual(verdict(status, { error: "The store …" }), { kind: "partly", code, text: "The store …" });
    assert.deepEqual(verdict(400, { error: "no" }), { kind: "smaller", code: "refused", text: "no" });
    assert.deepEqual(verdict(413, { error: "no" }), { kind: "smaller", code: "too_large", text: "no" });
  });
  test("without one event, with the code that C++ has for it", () => {
    for (const [error, code] of [["[3] userId: is missing.", "invalid_user"], ["[3] event: is missing.", "invalid_event"], ["[3] event: Socket.IO keeps this event's name for itself.", "reserved_event"],
      ["[3] data.jobId: A job's id is text.", "invalid_job"], ["The body is not JSON that a browser can read: the fault is at byte 7.", "invalid_json"], ["[3] something new", "refused"]])
      assert.deepEqual(verdict(400, { error, index: 3 }), { kind: "without", at: 3, code, text: error });
  });
  test("what would be right, where the key or the address is wrong", () => {
    for (const [status, code, says] of [[401, "unauthorized", /SIGNALBOX_API_KEY/], [403, "unauthorized", /API_KEY on the server/], [404, "refused", /SIGNALBOX_URL/], [200, "refused", /SIGNALBOX_URL/], [301, "refused", /SIGNALBOX_URL/], [409, "refused", /409/]]) {
      const { kind, ...is } = verdict(status, "");
      assert.deepEqual([kind, is.code], ["refused", code]);
      assert.match(is.text, says);
    }
  });
});

describe("the address of a server", () => {
  const at = (url, apiKey = "key") => new Server({ url, apiKey }, 1);
  test("may have a path, which stands before /api", () => {
    assert.deepEqual(["http://h:3000", "http://h:3000/", "https://h/signalbox", "http://h/a/b/"].map((url) => at(url).url), ["http://h:3000", "http://h:3000", "https://h/signalbox", "http://h/a/b"]);
    assert.equal(at("http://h:3000/signalbox").request("GET", "/api/x", {}).on("error", () => {}).path, "/signalbox/api/x");
  });
  test("is refused with what would be right, and so is no key", () => {
    for (const url of [undefined, "", "localhost:3000", "ftp://h", "http://h?x", "http://user:pw@h", 3000]) assert.throws(() => at(url), /SIGNALBOX_URL \(url\): give the server's address, as http:\/\/host:3000/);
    for (const key of [null, "", "a\nb", "ü", 7]) assert.throws(() => at("http://h", key), /SIGNALBOX_API_KEY \(apiKey\): give the API_KEY/);
  });
});
