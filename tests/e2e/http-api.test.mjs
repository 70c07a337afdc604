// The interface for workers in other processes, row by row, and held against its description in docs/openapi.yaml.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";

import { parse } from "yaml";

import { api, apiKey, eventually, login, startProgram, token } from "./support.mjs";
import { freePort } from "../support/server.mjs";

const description = parse(readFileSync(new URL("../../docs/openapi.yaml", import.meta.url), "utf8"));

/** What of `value` is not as `schema` says; enough of JSON Schema for our own description. */
function faults(schema, value, where = "$") {
  if (schema.$ref) return faults(schema.$ref.slice(2).split("/").reduce((at, key) => at[key], description), value, where);
  if (schema.oneOf) return schema.oneOf.filter((each) => faults(each, value, where).length === 0).length === 1 ? [] : [`${where}: fits not one of oneOf`];
  const is = { object: (v) => v && typeof v === "object" && !Array.isArray(v), array: Array.isArray, integer: Number.isInteger,
    string: (v) => typeof v === "string", boolean: (v) => typeof v === "boolean", null: (v) => v === null };
  if (schema.type && !is[schema.type](value)) return [`${where}: is no ${schema.type}`];
  const found = [];
  if (schema.enum && !schema.enum.includes(value)) found.push(`${where}: is not in enum`);
  if (schema.minimum !== undefined && value < schema.minimum) found.push(`${where}: below the minimum`);
  if (schema.minLength !== undefined && value.length < schema.minLength) found.push(`${where}: too short`);
  for (const key of schema.required ?? []) if (!(key in value)) found.push(`${where}: lacks ${key}`);
  if (schema.additionalProperties === false)
    for (const key of Object.keys(value)) if (!(key in schema.properties)) found.push(`${where}: has ${key}`);
  for (const [key, inner] of Object.entries(schema.properties ?? {})) if (value && key in value) found.push(...faults(inner, value[key], `${where}.${key}`));
  if (schema.items) value.forEach((item, i) => found.push(...faults(schema.items, item, `${where}[${i}]`)));
  return found;
}

const covered = new Set();
const resolve = (item) => (item?.$ref ? item.$ref.slice(2).split("/").reduce((at, key) => at[key], description) : item);

/** The answer, after it was held against the description: status, fields and body must stand there. */
async function described(server, method, path, body, headers) {
  const answer = await api(server, method, path, body, headers);
  const bare = path.split("?")[0];
  const fits = (path) => new RegExp(`^${path.replace(/{\w+}/g, "[^/]+")}$`).test(bare);
  const template = bare in description.paths ? bare : Object.keys(description.paths).find(fits);
  const responses = description.paths[template][method.toLowerCase()].responses;
  const response = resolve(responses[answer.status]);
  assert.ok(response, `${method} ${template} answered ${answer.status}, which is not described: ${answer.text}`);
  const [type, { schema }] = Object.entries(response.content)[0];
  assert.equal(answer.headers.get("content-type"), type);
  assert.deepEqual(faults(schema, answer.body), [], answer.text);
  const always = Object.entries(response.headers ?? {}).filter(([, header]) => resolve(header).required !== false);
  for (const [field] of always) assert.ok(answer.headers.has(field), `${answer.status} without ${field}`);
  covered.add(`${method} ${template} ${answer.status}`);
  return answer;
}

describe("the HTTP interface", () => {
  let server, ada;
  before(async () => {
    server = await startProgram({ MAX_PAYLOAD_BYTES: "100000", CORS_ORIGIN: "*" });
    ada = await login(server, { user: "ada" });
  });
  after(async () => {
    ada.disconnect();
    await server.stop();
  });
  const post = (body, headers) => described(server, "POST", "/api/emit", body, headers);
  const event = (data, userId = "ada", name = "hello") => ({ userId, event: name, data });

  describe("POST /api/emit", () => {
    test("one event, and how many of them found someone", async () => {
      assert.deepEqual((await post(event({ a: 1 }))).body, { accepted: 1, online: 1 });
      assert.deepEqual(await ada.heard("hello"), { a: 1 });
      const answer = await post(event(1, "nobody"));
      assert.deepEqual([answer.status, answer.body], [202, { accepted: 1, online: 0 }]);
    });

    test("an array, and none at all", async () => {
      assert.deepEqual((await post([event(1), event(2, "nobody"), event(3)])).body, { accepted: 3, online: 2 });
      assert.equal(await ada.heard("hello"), 1);
      assert.equal(await ada.heard("hello"), 3);
      assert.deepEqual((await post([])).body, { accepted: 0, online: 0 });
    });

    test("absent data is null; an integer is a user's id", async () => {
      await post({ userId: "ada", event: "bare" });
      assert.equal(await ada.heard("bare"), null);
      const seven = await login(server, { auth: { token: token('{"id":7}') } });
      assert.deepEqual((await post({ userId: 7, event: "seven", data: true })).body, { accepted: 1, online: 1 });
      assert.equal(await seven.heard("seven"), true);
      seven.disconnect();
    });

    for (const [what, body, wants] of [
      ["no JSON", "{", /not JSON/], ["nothing", "", /not JSON/], ["a number that browsers cannot read", '{"userId":"ada","event":"hello","data":1e400}', /not JSON/],
      ["a lone surrogate", '{"userId":"ada","event":"hello","data":"\\ud800"}', /not JSON/], ["bad UTF-8", Buffer.from([0x22, 0xff, 0x22]), /not JSON/],
      ["two values", '{"userId":"ada","event":"hello"} 1', /not JSON/], ["too deep", JSON.stringify(event(JSON.parse("[".repeat(200) + "]".repeat(200)))), /./],
      ["text", '"hello"', /object/], ["no user", { event: "hello" }, /userId/], ["a user that is an object", { userId: {}, event: "hello" }, /userId/],
      ["an empty user", { userId: "", event: "hello" }, /userId/], ["a fraction for a user", '{"userId":1.5,"event":"hello"}', /userId/],
      ["a user with a control character", { userId: "a\u0000", event: "hello" }, /userId/], ["a user of 257 bytes", { userId: "x".repeat(257), event: "hello" }, /userId/],
      ["no event", { userId: "ada" }, /event/], ["an event that is a number", { userId: "ada", event: 1 }, /event/], ["an empty event", { userId: "ada", event: "" }, /event/],
      ["a reserved event", { userId: "ada", event: "disconnect" }, /event/], ["the same key twice", '{"userId":"ada","userId":"bob","event":"hello"}', /twice/],
      ["a wrong one in an array, with its place", [event(1), { userId: "ada" }], /\[1\] event/], ["an array in an array", [[event(1)]], /\[0\]/],
      ["over 1,000 events", Array.from({ length: 1001 }, () => ({ userId: "a", event: "e" })), /1000/],
    ]) {
      test(`400 for ${what}, and nothing is sent`, async () => {
        const answer = await post(body, { "Content-Type": "application/json" });
        assert.equal(answer.status, 400);
        assert.match(answer.body.error, wants);
        assert.equal(answer.body.index, what.includes("in an array") ? Number(wants.source.match(/\d/)[0]) : undefined);
        await post(event("next", "ada", "after"));
        assert.equal(await ada.heard("after"), "next");
        assert.equal(ada.inbox.all.some(({ name }) => name === "hello"), false);
      });
    }

    test("413 over MAX_PAYLOAD_BYTES, 415 for another type or none", async () => {
      assert.equal((await post(event("x".repeat(100000)))).status, 413);
      for (const type of ["text/plain", "application/jsonp", "multipart/form-data"]) assert.equal((await post("{}", { "Content-Type": type })).status, 415);
      assert.equal((await post(event(1, "nobody"), { "Content-Type": "Application/JSON; charset=utf-8" })).status, 202);
    });

    test("405 names the method that the address takes", async () => {
      const answer = await api(server, "GET", "/api/emit");
      assert.deepEqual([answer.status, answer.headers.get("allow")], [405, "POST"]);
      const other = await api(server, "DELETE", "/api/presence");
      assert.deepEqual([other.status, other.headers.get("allow")], [405, "GET, HEAD"]);
    });
  });

  describe("Idempotency-Key", () => {
    const keyed = (key, body) => post(body, { "Idempotency-Key": key });
    test("the same key and body is answered as the first was, and emits once", async () => {
      assert.deepEqual((await keyed("k1", event(1, "ada", "once"))).body, { accepted: 1, online: 1 });
      assert.deepEqual((await keyed("k1", event(1, "ada", "once"))).body, { accepted: 1, online: 1 });
      await post(event(2, "ada", "after"));
      await ada.heard("after");
      assert.equal(ada.inbox.all.filter(({ name }) => name === "once").length, 1);
      await ada.heard("once");
    });
    test("many at once emit once", async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => keyed("k2", event(1, "ada", "once"))));
      assert.deepEqual(answers.map(({ status }) => status), Array(20).fill(202));
      await post(event(2, "ada", "after"));
      await ada.heard("after");
      assert.equal(ada.inbox.all.filter(({ name }) => name === "once").length, 1);
    });
    test("another body is a conflict, another key is not; a refusal is not remembered", async () => {
      await keyed("k3", event(1, "nobody"));
      assert.equal((await keyed("k3", event(2, "nobody"))).status, 409);
      assert.equal((await keyed("k4", event(2, "nobody"))).status, 202);
      assert.equal((await keyed("k5", "{")).status, 400);
      assert.equal((await keyed("k5", event(1, "nobody"))).status, 202);
    });
    test("an empty key, or one too long, is a 400", async () => {
      assert.equal((await keyed("x".repeat(257), event(1))).status, 400);
      assert.equal((await keyed("", event(1))).status, 400);
    });
  });

  describe("GET /api/presence", () => {
    test("sorted, paged, counted whole", async () => {
      const others = await Promise.all(["b", "c", "d"].map((user) => login(server, { user })));
      const get = async (query) => (await described(server, "GET", `/api/presence${query}`)).body;
      assert.deepEqual(await get(""), { count: 4, users: ["ada", "b", "c", "d"] });
      assert.deepEqual(await get("?limit=2"), { count: 4, users: ["ada", "b"] });
      assert.deepEqual(await get("?limit=2&after=b"), { count: 4, users: ["c", "d"] });
      assert.deepEqual(await get("?after=bb"), { count: 4, users: ["c", "d"] });
      assert.deepEqual(await get("?after=zzz"), { count: 4, users: [] });
      for (const socket of others) socket.disconnect();
    });
    for (const query of ["?limit=0", "?limit=10001", "?limit=x", "?limit=", "?limit=-1", "?limit=1&limit=2", "?after=%zz"]) {
      test(`400 for ${query}`, async () => assert.equal((await described(server, "GET", `/api/presence${query}`)).status, 400));
    }
    test("one user, by an encoded name", async () => {
      const user = "a/b c+ü";
      const socket = await login(server, { user });
      const path = `/api/presence/${encodeURIComponent(user)}`;
      assert.deepEqual((await described(server, "GET", path)).body, { userId: user, online: true, connections: 1 });
      assert.deepEqual((await described(server, "GET", "/api/presence/nobody")).body, { userId: "nobody", online: false, connections: 0 });
      assert.equal((await described(server, "GET", "/api/presence/%00")).status, 400);
      socket.disconnect();
    });
  });

  describe("GET /api/users/{userId}/jobs", () => {
    const get = async (path) => (await described(server, "GET", `/api/users/${path}`)).body;
    const send = (name, data) => post(event(data, "a/b", name));

    test("what is kept of a user's jobs, the newest event of each", async () => {
      assert.deepEqual(await get("a%2Fb/jobs"), []);
      await send("job_completed", { jobId: "x/1", result: { n: 1 } });
      await send("job_progress", { jobId: 2, progress: 5 });
      const [one, other] = await get("a%2Fb/jobs");
      assert.deepEqual({ ...one, time: 0 }, { jobId: "x/1", event: "job_completed", data: { jobId: "x/1", result: { n: 1 } }, time: 0, had: false });
      assert.ok(Math.abs(one.time - Date.now()) < 60000);
      assert.deepEqual({ ...other, time: 0 }, { jobId: "2", event: "job_progress", data: { jobId: 2, progress: 5 }, time: 0, had: false });
      assert.deepEqual(await get("a%2Fb/jobs/x%2F1"), one);
    });
    test("page by page, as the Link of each says", async () => {
      for (let i = 0; i < 5; ++i) await post(event({ jobId: i, progress: 1 }, "many", "job_progress"));
      const pages = [];
      for (let target = "/api/users/many/jobs?limit=2"; target; ) {
        const { body, headers } = await described(server, "GET", target);
        pages.push(body.map((job) => job.jobId));
        const next = /^<([^>]+)>; rel="next"$/.exec(headers.get("link"))?.[1];
        const url = next && new URL(next, `${server.url}${target}`);
        target = url && url.pathname + url.search;
      }
      assert.deepEqual(pages, [["0", "1"], ["2", "3"], ["4"]]);
      for (const query of ["limit=0", "limit=1001", "limit=x", "limit=1&limit=1", "after=x", "after=-1", "after=%"])
        assert.equal((await described(server, "GET", `/api/users/many/jobs?${query}`)).status, 400, query);
    });
    test("a job nobody has heard of is no error, and a name that is none is", async () => {
      assert.deepEqual(await get("nobody/jobs/1"), { jobId: "1", event: null, data: null, time: null, had: false });
      for (const path of ["%00/jobs", "%00/jobs/1"]) assert.equal((await described(server, "GET", `/api/users/${path}`)).status, 400);
      for (const path of ["/jobs", "ada", "ada/jobs/", "ada/jobs/1/2", "ada/jobsworth"]) assert.equal((await api(server, "GET", `/api/users/${path}`)).status, 404, path);
    });
  });

  describe("GET /api/nodes", () => {
    test("a single node has none", async () => assert.deepEqual((await described(server, "GET", "/api/nodes")).body, { nodes: [] }));
    test("503 while Redis does not answer, and until it has come once the server is not ready", async () => {
      const alone = await startProgram({ REDIS_URL: `redis://127.0.0.1:${await freePort()}`, DATA_DIR: "" });
      assert.match((await described(alone, "GET", "/api/nodes")).body.error, /Redis/);
      const ready = await described(alone, "GET", "/readyz", undefined, { Authorization: "" });
      assert.deepEqual([ready.status, ready.body], [503, { status: "starting", reason: "Redis has not answered yet" }]);
      await alone.stop();
    });
  });

  describe("GET /api/queues", () => {
    test("none where none is named", async () => assert.deepEqual((await described(server, "GET", "/api/queues")).body, { queues: [] }));
    test("one of each that is named, whether there is a Redis or not", async () => {
      const reading = await startProgram({ BULLMQ_QUEUES: "image,video", BULLMQ_REDIS_URL: `redis://127.0.0.1:${await freePort()}`, DATA_DIR: "" });
      assert.equal((await described(reading, "GET", "/api/queues")).status, 200);
      await reading.stop();
    });
  });

  test("GET /metrics is text, of which tests/e2e/metrics.test.mjs says more", async () => assert.match((await described(server, "GET", "/metrics")).body, /^signalbox_ready 1$/m));

  describe("refusals stand in their order", () => {
    const none = { Authorization: "" };
    for (const [what, headers] of [["no key", none], ["a wrong key", { Authorization: "Bearer nonsense" }], ["another scheme", { Authorization: `Basic ${apiKey}` }]]) {
      test(`401 for ${what}, at every address`, async () => {
        assert.equal((await post("{", headers)).status, 401);
        for (const path of ["/api/presence", "/api/presence/ada", "/api/users/ada/jobs", "/api/users/ada/jobs/1", "/api/nodes", "/api/queues", "/metrics"]) assert.equal((await described(server, "GET", path, undefined, headers)).status, 401);
        assert.equal((await api(server, "PUT", "/api/nothing", undefined, headers)).status, 401, "before 404 and 405");
      });
    }
    test("404 before 405, 405 before 415, 415 before 413, 413 before 400", async () => {
      const large = "{".repeat(200000);
      assert.equal((await api(server, "PUT", "/api/nothing", "x")).status, 404);
      assert.equal((await api(server, "PUT", "/api/emit", large, { "Content-Type": "text/plain" })).status, 405);
      assert.equal((await post(large, { "Content-Type": "text/plain" })).status, 415);
      assert.equal((await post(large)).status, 413);
    });
    test("every error is one JSON sentence", async () => {
      const { body } = await api(server, "GET", "/api/nothing");
      assert.deepEqual(Object.keys(body), ["error"]);
      assert.match(body.error, /^[A-Z].*\.$/);
    });
    test("the interface sends no CORS headers, whatever CORS_ORIGIN says", async () => {
      const { headers } = await api(server, "GET", "/api/presence", undefined, { Origin: "http://a.example" });
      assert.equal(headers.get("access-control-allow-origin"), null);
    });
  });

  test("GET /healthz needs no key", async () => assert.equal((await described(server, "GET", "/healthz", undefined, { Authorization: "" })).status, 200));

  test("GET /readyz needs no key, and says 503 from SIGTERM on", async () => {
    const ready = (of) => described(of, "GET", "/readyz", undefined, { Authorization: "" });
    const ending = await startProgram({ SHUTDOWN_DELAY_MS: "60000" });
    assert.equal((await ready(ending)).status, 200);
    const first = ending.stop();
    await eventually(async () => (await ready(ending)).status === 503);
    ending.child.kill("SIGTERM");
    assert.equal((await first).code, 0, "a second one ends it at once");
  });

  test("Expect: 100-continue is answered before the body is sent", async () => {
    const body = JSON.stringify(event(1, "ada", "expected"));
    const socket = connectTcp(server.port, "127.0.0.1");
    socket.write(`POST /api/emit HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`);
    const [first] = await once(socket, "data");
    assert.match(String(first), /^HTTP\/1\.1 100 /);
    socket.write(body);
    const [second] = await once(socket, "data");
    assert.match(String(second), /^HTTP\/1\.1 202 /);
    socket.destroy();
    assert.equal(await ada.heard("expected"), 1);
  });

  test("an API_KEY that can be guessed is warned about", async () => {
    for (const [size, warned] of [[31, true], [32, false]]) {
      const warning = await startProgram({ API_KEY: "k".repeat(size) });
      await warning.stop();
      assert.equal(/API_KEY is shorter than 32 bytes/.test(warning.child.log), warned);
    }
  });
  test("without an API_KEY the interface is closed and says so", async () => {
    const closed = await startProgram({ API_KEY: "" });
    for (const [method, path, body] of [["POST", "/api/emit", "{}"], ["GET", "/api/presence"], ["GET", "/api/presence/ada"], ["GET", "/api/users/ada/jobs"], ["GET", "/api/users/ada/jobs/1"], ["GET", "/api/nodes"], ["GET", "/api/queues"], ["GET", "/metrics"]]) {
      const answer = await described(closed, method, path, body);
      assert.equal(answer.status, 403);
      assert.match(answer.body.error, /API_KEY/);
    }
    assert.equal((await api(closed, "GET", "/healthz")).status, 200);
    await closed.stop();
  });

  describe("what is no request is refused with a sentence, and the connection is closed", () => {
    /** What a server says to these bytes before it closes. */
    const said = async (to, bytes) => {
      const socket = connectTcp({ port: to.port, host: "127.0.0.1", allowHalfOpen: true }); // a half-closed client may still be answered
      let all = "";
      socket.setEncoding("utf8").on("data", (text) => (all += text));
      socket.write(bytes);
      await once(socket, "end");
      socket.destroy();
      const [head, body] = all.split("\r\n\r\n");
      assert.match(head, /\r\nContent-Type: application\/json\r\n/);
      assert.match(head, /\r\nConnection: close$/);
      return { status: Number(head.split(" ")[1]), body: JSON.parse(body) };
    };
    const refused = async (to, path, method, bytes, status) => {
      const answer = await said(to, bytes);
      assert.equal(answer.status, status, bytes);
      assert.match(answer.body.error, /^[A-Z].*\.$/);
      const { schema } = resolve(description.paths[path][method.toLowerCase()].responses.default).content["application/json"];
      assert.deepEqual(faults(schema, answer.body), []);
      covered.add(`${method} ${path} default`);
    };
    const line = (path) => `${path === "/api/emit" ? "POST" : "GET"} ${path.replace(/{\w+}/g, "ada")} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\n`;
    const method = (path) => (path === "/api/emit" ? "POST" : "GET");

    for (const path of Object.keys(description.paths))
      test(`${path}: 400, 413, 417, 431, 505`, async () => {
        const is = (status, bytes) => refused(server, path, method(path), bytes, status);
        await is(400, `${line(path)}A : b\r\n\r\n`);
        await is(400, `${line(path)}Transfer-Encoding: chunked\r\n\r\nx\r\n`);
        await is(413, `${line(path)}Transfer-Encoding: chunked\r\n\r\n${(100_001).toString(16)}\r\n`);
        await is(417, `${line(path)}Expect: wonders\r\n\r\n`);
        await is(431, `${line(path)}${"a: b\r\n".repeat(100)}\r\n`);
        await is(431, `${line(path)}a: ${"b".repeat(20_000)}`);
        await is(505, line(path).replace("HTTP/1.1", "HTTP/2.0"));
      });

    test("a request that cannot be read as far as its address", async () => {
      for (const bytes of ["\x16\x03\x01", "GET\r\n\r\n"]) assert.equal((await said(server, bytes)).status, 400);
    });

    test("408 for a head or a body that does not come", async () => {
      const hurried = await startProgram({ HEADER_TIMEOUT_MS: "100", BODY_TIMEOUT_MS: "100" });
      await refused(hurried, "/api/emit", "POST", line("/api/emit"), 408);
      await refused(hurried, "/api/emit", "POST", `${line("/api/emit")}Content-Length: 10\r\n\r\n{`, 408);
      await hurried.stop();
    });
  });

  test("each answer that is described was seen here", () => {
    const all = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.entries(methods).filter(([, { responses }]) => responses).flatMap(([method, { responses }]) => Object.keys(responses).map((status) => `${method.toUpperCase()} ${path} ${status}`)));
    const hardToProvoke = ["POST /api/emit 429", "POST /api/emit 500", "POST /api/emit 503"]; // overload, a disk that fails: tests/unit/server, outcomes.test.mjs, tests/faults
    assert.deepEqual(all.filter((each) => !covered.has(each)).sort(), hardToProvoke);
  });
});
