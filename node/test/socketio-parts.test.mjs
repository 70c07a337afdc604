// The parts of the engine on the socket.io package that decide without a network: tokens, events, jobs, origins, settings.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { describe, test } from "node:test";

const part = (name) => createRequire(import.meta.url)(`../lib/engines/socketio/${name}.cjs`);
const { noticeBefore, verify } = part("tokens");
const { checkEvent, deeperThan, userFault } = part("checks");
const { Client } = part("client");
const { Hub } = part("hub");
const { WorkersApi } = part("workers_api");
const { Ledger } = part("ledger");
const { jobs, jobStatus } = part("questions");
const { allowsWebSocket, lists } = part("origins");
const { readConfig } = part("config");

describe("a token", () => {
  const secret = "s".repeat(32), now = 1_000_000;  // milliseconds
  const options = { secret, idClaims: ["id", "userId", "sub"] };
  const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  function sign(claims, header = { alg: "HS256", typ: "JWT" }, key = secret) {
    const signed = `${base64url(header)}.${base64url(claims)}`;
    return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
  }
  const messageOf = (token, more) => verify(token, { ...options, ...more }, now).error?.message;

  test("says who the user is by the first claim that is there, and keeps what is no claim of the token's own", () => {
    assert.deepEqual(verify(sign({ sub: "s", userId: 7, email: "e", iat: 5, exp: 1001, iss: "i" }), options, now),
      { id: "7", user: { id: "7", sub: "s", userId: 7, email: "e" }, expiresAt: 1_001_000, issuedAt: 5000 });
    assert.equal(verify(`bEARER ${sign({ id: "ada" })}`, options, now).id, "ada");
  });
  test("is refused for what is wrong with it", () => {
    const none = "No token was given: connect with auth: { token }.";
    for (const nothing of [undefined, "", 5, "Bearer "]) assert.equal(messageOf(nothing), none);
    assert.match(messageOf("x".repeat(8193)), /larger than 8 KiB/);
    for (const wrong of ["x", "a.b", "a.b.c.d", `${base64url([])}.e30.`, `${sign({ id: 1 })}!`]) assert.match(messageOf(wrong), /not a JSON Web Token/, wrong);
    for (const alg of ["none", "HS512", "RS256", undefined]) assert.match(messageOf(sign({ id: 1 }, { alg })), /not signed with HS256/);
    assert.match(messageOf(sign({ id: 1 }, { alg: "HS256", crit: [] })), /not signed with HS256/);
    assert.match(messageOf(sign({ id: 1 }, undefined, "another")), /signature is wrong/);
    assert.match(messageOf(sign({ id: 1 }).replace(/\.[^.]*$/, ".")), /signature is wrong/);
    for (const id of ["", "a\nb", "x".repeat(257), 1.5, null, {}, true]) assert.match(messageOf(sign({ id, sub: "s" })), /who the user is/, JSON.stringify(id));
    assert.match(messageOf(sign({ name: "x" })), /who the user is/);
  });
  test("holds from nbf until exp, with the leeway", () => {
    const at = (claims, more) => messageOf(sign({ id: 1, ...claims }), more);
    assert.equal(at({ exp: 1001, nbf: 1000 }), undefined);
    assert.match(at({ exp: 1000 }), /expired/);
    assert.match(at({ nbf: 1001 }), /not valid yet/);
    assert.equal(at({ exp: 991, nbf: 1010 }, { leeway: 10 }), undefined);
    assert.match(at({ exp: "1001" }), /claims cannot be used/);
    assert.match(at({ nbf: null }), /claims cannot be used/);
    assert.match(at({}, { requireExp: true }), /claims cannot be used/);
  });
  test("its end is told a minute before, and no earlier than at half of its life", () => {
    assert.equal(noticeBefore({ expiresAt: now + 3_600_000 }, now), 60_000);
    assert.equal(noticeBefore({ expiresAt: now + 3000 }, now), 1500);
    assert.equal(noticeBefore({ expiresAt: now + 3000, issuedAt: now - 97_000 }, now), 50_000);
  });
});

describe("an event", () => {
  const check = (event, data) => checkEvent(event, typeof data === "string" ? data : JSON.stringify(data), { maxPayload: 100, jsonDepth: 3 });
  test("is refused by the codes of EmitError", () => {
    assert.equal(check("", "1").code, "invalid_event");
    assert.equal(check("é".repeat(129), "1").code, "invalid_event");
    assert.equal(check("\ud800", "1").code, "invalid_event");
    assert.equal(check("disconnecting", "1").code, "reserved_event");
    assert.equal(check("x", `"${"y".repeat(99)}"`).code, "too_large");
    assert.equal(check("x", "[[[[]]]]").code, "invalid_json");
    assert.equal(check("x", '["[[[[[\\"[["]').code, undefined);
    assert.equal(check("x", '["[[\\\\",[[[]]]]').code, "invalid_json");
    assert.equal(checkEvent("x", JSON.stringify(`${"y".repeat(2e7)}"[[[[`), { maxPayload: 1e8, jsonDepth: 3 }).code, undefined);
    assert.deepEqual(["", "a\tb", "x".repeat(257), undefined, 5].map(userFault), Array(5).fill("invalid_user"));
    assert.equal(userFault("ünï 😀"), undefined);
  });
  test("of a job is kept under its id, if that is text or an integer", () => {
    const idOf = (jobId) => check("job_completed", { jobId }).jobId;
    assert.deepEqual(["a", 7, -7, "", 1.5, 1e300, null, [1]].map(idOf), ["a", "7", "-7", "", "", "", "", ""]);
    assert.equal(check("other", { jobId: "a" }).jobId, "");
    assert.equal(checkEvent("job_failed", JSON.stringify({ jobId: "x".repeat(257) }), { maxPayload: 1000, jsonDepth: 3 }).code, "invalid_job");
  });
});

describe("the ledger", () => {
  const options = { outcomeTtl: 1000, progressTtl: 100, outcomeReplay: 50, jobsPerUser: 2, unreadOutcomes: 3, unreadTotalBytes: 1000 };
  function begin(more) {
    const ledger = new Ledger({ ...options, ...more });
    const keep = (kind, jobId, now = 0, size = 1) => ledger.keep("ada", { event: kind, data: jobId, kind, jobId, size }, now);
    const told = (now = 0) => ledger.replay("ada", now).map(({ event, data }) => `${event} ${data}`);
    return { ledger, keep, told };
  }
  test("tells the newest progress of each job, and outcomes, in the order in which they happened", () => {
    const { keep, told } = begin();
    keep("progress", "a"), keep("progress", "a"), keep("outcome", "b"), keep("progress", "c"), keep("outcome", "c");
    assert.deepEqual(told(), ["progress a", "outcome b", "outcome c"]);
  });
  test("keeps an outcome behind the progress of a further try, until there is another", () => {
    const { keep, told } = begin();
    keep("outcome", "a"), keep("progress", "a"), keep("progress", "a");
    assert.deepEqual(told(), ["outcome a", "progress a"]);
    keep("outcome", "a");
    assert.deepEqual(told(), ["outcome a"]);
  });
  test("tells a received outcome again for OUTCOME_REPLAY_MS", () => {
    const { ledger, keep, told } = begin();
    keep("outcome", "a");
    const { number } = keep("outcome", "b");
    ledger.confirm("ada", number - 1, 10);
    assert.deepEqual([told(59), told(60)], [["outcome a", "outcome b"], ["outcome b"]]);
  });
  test("forgets what has had its time, also before it is asked", () => {
    const { ledger, keep, told } = begin();
    keep("outcome", "a"), keep("progress", "b"), keep("progress", "a");
    assert.deepEqual(told(99), ["outcome a", "progress b", "progress a"]);
    assert.deepEqual(told(100), ["outcome a"]);
    ledger.expire(1000);
    assert.deepEqual(told(1000), []);
  });
  test("past JOBS_PER_USER received outcomes go first, then progress; unread ones stay", () => {
    const { ledger, keep, told } = begin();
    keep("progress", "p");
    const { number } = keep("outcome", "r");
    ledger.confirm("ada", number, 0);
    keep("outcome", "u"), keep("progress", "q");
    assert.deepEqual(told(), ["progress p", "outcome u", "progress q"]);
    keep("progress", "s");
    assert.deepEqual(told(), ["outcome u", "progress q", "progress s"]);
  });
  test("refuses unread outcomes past its bounds, but not a further one of the same job", () => {
    const { keep } = begin();
    for (const job of ["a", "b", "c"]) assert.equal(keep("outcome", job).code, undefined);
    assert.equal(keep("outcome", "d").code, "too_many_unread");
    assert.equal(keep("outcome", "a").code, undefined);
    assert.equal(keep("progress", "d").code, undefined);
    const { ledger, keep: keepLarge } = begin();
    const { number } = keepLarge("outcome", "a", 0, 600);
    assert.equal(keepLarge("outcome", "b", 0, 600).code, "unread_full");
    ledger.confirm("ada", number, 0);
    assert.equal(keepLarge("outcome", "b", 0, 600).code, undefined);
  });
  test("answers pages in the order of the jobs' newest events", () => {
    const { ledger, keep } = begin({ jobsPerUser: 10 });
    for (const job of ["a", "b", "c", "a"]) keep("progress", job);
    const page = (options_, maxBytes = 100) => jobs(ledger, "ada", options_, { now: 5, maxBytes });
    const ids = ([found, more]) => [found.map(({ jobId }) => jobId), more];
    assert.deepEqual(ids(page()), [["b", "c", "a"], undefined]);
    assert.deepEqual(ids(page({ limit: 2 })), [["b", "c"], { next: 3 }]);
    assert.deepEqual(ids(page({ after: 3 })), [["a"], undefined]);
    assert.deepEqual(ids(page(null, 0)), [["b"], { next: 2 }]);
    for (const wrong of [5, "x", [], { limit: 0 }, { limit: 1001 }, { after: -1 }, { after: "1" }]) assert.match(page(wrong)[0].error, /^jobs takes/);
    assert.deepEqual(jobStatus(ledger, "ada", "a", 5), [{ jobId: "a", event: "progress", data: "a", time: 0, had: false }]);
    assert.deepEqual(jobStatus(ledger, "ada", "zz", 5), [{ jobId: "zz", event: null, data: null, time: null, had: false }]);
  });
});

test("CORS_ORIGIN lists origins, whole hosts under a wildcard, or all", () => {
  const listed = "https://a.example, https://*.b.example,http://c.example:8080";
  for (const origin of ["https://a.example", "https://A.example:443", "https://x.b.example", "https://x.y.b.example", "http://c.example:8080"]) assert.ok(lists(listed, origin), origin);
  for (const origin of ["http://a.example", "https://a.example:8443", "https://b.example", "https://evil.com#.b.example", "https://xb.example", "null", ""]) assert.ok(!lists(listed, origin), origin);
  assert.ok(lists("*", "https://any.example"));
  assert.ok(allowsWebSocket("", {}));
  assert.ok(allowsWebSocket("", { origin: "https://own.example", host: "own.example" }));
  assert.ok(!allowsWebSocket("", { origin: "https://other.example", host: "own.example" }));
});

test("a setting that is wrong is refused in the native engine's words, and a secret is not shown", () => {
  const read = (name, value) => readConfig([{ name, value, from: "there" }]);
  assert.throws(() => read("PING_INTERVAL_MS", "0"), { message: "PING_INTERVAL_MS (there) is '0'; allowed: 1 to 1000000000" });
  assert.throws(() => read("REQUIRE_EXP", "yes"), /is 'yes'; allowed: on, off/);
  assert.throws(() => read("AUTH_FAILURE", "x"), /allowed: unauthorized, connect_error/);
  assert.throws(() => read("SOCKET_PATH", "x"), /allowed: a path/);
  assert.throws(() => read("USER_ID_CLAIMS", "a,,b"), /allowed: names of claims/);
  const config = read("PRESENCE_GRACE_MS", "7");
  assert.deepEqual([config.PRESENCE_GRACE_MS, config.HOST, config.API_KEY, config.UNREAD_TOTAL_BYTES, config.USER_ID_CLAIMS], [7, "", "", 268435456, ["id", "userId", "sub"]]);
});

const nested = (depth) => JSON.parse("[".repeat(depth) + "]".repeat(depth));

test("how deep values are nested is found where JSON.stringify() runs out of stack", () => {
  for (const [most, values, deeper] of [[0, [1, "[[", null, undefined, () => {}, Buffer.from("ab"), new ArrayBuffer(2)], false], [0, [1, {}], true], [2, [{ a: [] }, 5], false], [2, [{ a: [5, { b: 1 }] }], true], [128, [nested(128)], false], [128, [nested(129)], true], [128, [nested(100_000)], true]])
    assert.equal(deeperThan(most, values), deeper);
});

test("a client that sends what is nested deeper than JSON_DEPTH is closed, and nobody hears of it", () => {
  const heard = [], closed = [];
  let send;
  const hub = { config: { JSON_DEPTH: 128, MAX_EVENT_NAME_BYTES: 256 }, join() {}, replay: () => [], introduce() {}, hear: (_, event) => heard.push(event), ledger: {}, now: () => 0 };
  const conn = { on() {}, close: () => closed.push(true) };
  new Client(hub, { id: "1", conn, onAny: (take) => (send = take), on() {}, emit() {} }, { id: "ada", user: { id: "ada" }, handshake: "{}" }).welcome();
  send("x", nested(128), () => {});
  for (const event of ["x", "job_status", "jobs", "authenticate"]) send(event, nested(100_000), () => {});
  assert.deepEqual([heard, closed.length], [["x"], 4]);
});

test("the workers' interface answers whatever a client calls a path", () => {
  const api = new WorkersApi({}, { API_KEY: "k", JSON_DEPTH: 128 });
  const statusOf = (target) => {
    let status;
    const response = { on() {}, writeHead: (code) => ((status = code), response), end() {} };
    api.handle({ method: "GET", headers: {} }, response, target);
    return status;
  };
  assert.deepEqual(["//", "//a:b", "/\\\\", "//[", "", "?", "/healthz?//", "/api/emit?a?b"].map(statusOf), [404, 404, 404, 404, 404, 404, 200, 401]);
});

test("who follows who is online hears each change, then the end, and nothing after it has gone", () => {
  const hub = new Hub({ PRESENCE_GRACE_MS: 0, PRESENCE_EVENTS: false, MAX_CONNECTIONS_PER_USER: 0 }, { sockets: {}, logins: {}, broadcast() {} });
  const said = [];
  const follow = (name) => hub.follow((user, online) => said.push(`${name}: ${user} ${online}`), () => said.push(`${name}: end`));
  follow("stays");
  const forget = follow("goes");
  hub.join({ id: "1", userId: "ada" });
  forget();
  hub.join({ id: "2", userId: "bob" });
  hub.stop();
  assert.deepEqual(said, ["stays: ada true", "goes: ada true", "stays: bob true", "stays: end"]);
});
