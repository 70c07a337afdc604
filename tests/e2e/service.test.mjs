// The server as a whole: origins, the served client script, its log, its limits and its neighbours.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";

import WebSocket from "ws";

import { Polling, Wire } from "../conformance/wire.mjs";
import { freePort, program } from "../support/server.mjs";
import { api, apiKey, connect, emit, eventually, login, secret, startProgram, token, transports, upgraded } from "./support.mjs";

/** Tries a WebSocket with these Origin fields; tells whether it opened, or the status that refused it. */
const tryWebSocket = (server, origin, path = "/socket.io/?EIO=4&transport=websocket") =>
  new Promise((done) => {
    const socket = new WebSocket(server.url.replace("http", "ws") + path, origin === undefined ? {} : { headers: { Origin: origin } });
    socket.on("open", () => (socket.terminate(), done("open")));
    socket.on("unexpected-response", (request, response) => (request.destroy(), done(response.statusCode)));
    socket.on("error", () => done("error"));
  });

describe("origins", () => {
  let server;
  before(async () => (server = await startProgram({ CORS_ORIGIN: "https://app.example, https://*.sub.example" })));
  after(() => server.stop());
  const handshake = (origin) => fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers: { Origin: origin } });

  for (const origin of ["https://app.example", "https://a.sub.example", "https://a.b.sub.example", "HTTPS://APP.example"]) {
    test(`${origin} is allowed, with credentials`, async () => {
      const { headers } = await handshake(origin);
      assert.equal(headers.get("access-control-allow-origin"), origin);
      assert.equal(headers.get("access-control-allow-credentials"), "true");
      assert.match(headers.get("vary"), /Origin/);
      assert.equal(await tryWebSocket(server, origin), "open");
    });
  }

  for (const origin of ["https://evil.example", "http://app.example", "https://app.example.evil", "https://sub.example", "https://app.example:8443", "null"]) {
    test(`${origin} is not`, async () => {
      assert.equal((await handshake(origin)).headers.get("access-control-allow-origin"), null);
      assert.equal(await tryWebSocket(server, origin), 403);
      assert.equal(await tryWebSocket(server, origin, "/socket.io/?EIO=4&transport=websocket&sid=nobody"), 403);
    });
  }

  test("none at all, and the server's own, are fine for a WebSocket", async () => {
    assert.equal(await tryWebSocket(server, undefined), "open");
    assert.equal(await tryWebSocket(server, server.url), "open");
  });

  test("two are refused", async () => assert.equal(await tryWebSocket(server, ["https://app.example", "https://app.example"]), 403));

  test("a refused origin is logged once, with the line to add", async () => {
    const logs = server.child.log.split("\n").filter((line) => line.includes("https://evil.example"));
    assert.equal(logs.length, 1, server.child.log);
    assert.match(logs[0], /CORS_ORIGIN=.*https:\/\/evil\.example/);
  });

  test("two hundred invented origins are one more line, in a minute, and no trouble", async () => {
    const lines = () => server.child.log.split("\n").filter((line) => line.includes("refused")).length;
    const before = lines();
    for (let i = 0; i < 200; ++i) await handshake(`https://${i}.invented.example`);
    for (const origin of ["x".repeat(8000), "https://\x80\xff.example", "https://a.example\tb"]) await handshake(origin);
    assert.ok(lines() <= before + 1, server.child.log);
  });

  test("a preflight is answered as the cors package does", async () => {
    const { status, headers } = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, {
      method: "OPTIONS", headers: { Origin: "https://app.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-one,x-two" },
    });
    assert.equal(status, 204);
    assert.equal(headers.get("access-control-allow-origin"), "https://app.example");
    assert.equal(headers.get("access-control-allow-methods"), "GET,HEAD,PUT,PATCH,POST,DELETE");
    assert.equal(headers.get("access-control-allow-headers"), "x-one,x-two");
    assert.match(headers.get("vary"), /Access-Control-Request-Headers/);
  });
});

describe("without CORS_ORIGIN", () => {
  test("no CORS headers are sent, and foreign WebSockets are refused", async () => {
    const server = await startProgram();
    const { headers } = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers: { Origin: "https://a.example" } });
    assert.equal(headers.get("access-control-allow-origin"), null);
    assert.equal(await tryWebSocket(server, "https://a.example"), 403);
    await server.stop();
  });
});

describe("settings of the protocol reach it", () => {
  test("SOCKET_PATH, over every transport, and nothing is where it was before", async () => {
    const server = await startProgram({ SOCKET_PATH: "/live/socket/" });
    for (const over of Object.values(transports)) {
      const socket = await login(server, { user: "ada", transports: over, path: "/live/socket/" });
      if (over === undefined) await upgraded(socket);
      assert.equal((await emit(server, "ada", "hello", 1)).body.online, 1);
      assert.equal(await socket.heard("hello"), 1);
      socket.disconnect();
    }
    assert.equal(await status(server, "/socket.io/?EIO=4&transport=polling"), 404);
    await server.stop();
  });

  test("POLLING_MAX_PACKETS, UPGRADE_TIMEOUT_MS, JSON_DEPTH", async () => {
    const server = await startProgram({ POLLING_MAX_PACKETS: "2", UPGRADE_TIMEOUT_MS: "100", JSON_DEPTH: "5" });
    const address = `${server.url}/socket.io/`;
    const polling = await Polling.open(address);
    await polling.post(`40${JSON.stringify({ token: token({ id: "ada" }) })}`);
    while (!(await polling.packets()).some((packet) => packet.startsWith('42["authenticated"')));
    const event = (data) => ({ userId: "ada", event: "hello", data });
    assert.equal((await api(server, "POST", "/api/emit", [1, 2, 3].map(event))).status, 202);
    assert.deepEqual([await polling.packets(), await polling.packets()], [['42["hello",1]', '42["hello",2]'], ['42["hello",3]']]);
    assert.equal((await emit(server, "ada", "hello", [[[[[1]]]]])).status, 202);
    assert.equal((await emit(server, "ada", "hello", [[[[[[1]]]]]])).status, 400);
    const wire = await Wire.open(`${address}?EIO=4&transport=websocket&sid=${polling.sid}`);
    await wire.closedWithin(2000);
    assert.deepEqual(await polling.packets(), ['42["hello",[[[[[1]]]]]]'], "and the session goes on polling");
    await server.stop();
  });
});

describe("the log", () => {
  test("at its most talkative holds no token, key, session id or query string", async () => {
    const server = await startProgram({ LOG_LEVEL: "trace", CORS_ORIGIN: "https://app.example" });
    const socket = await login(server, { user: "ada", query: { tell: "nobody-this" } });
    const stranger = connect(server, { auth: { token: token({ id: "eve" }, { key: "y".repeat(32) }) } });
    await stranger.heard("disconnect");
    await api(server, "GET", "/api/presence?after=secret-page");
    await api(server, "GET", "/api/presence", undefined, { Authorization: "Bearer wrong-key" });
    await fetch(`${server.url}/socket.io/?EIO=4&transport=polling&sid=unknown-sid`, { headers: { Origin: "https://evil.example" } });
    const hidden = [secret, apiKey, token({ id: "ada", email: "ada@example.com" }), socket.io.engine.id, "nobody-this", "wrong-key", "unknown-sid", "secret-page"];
    socket.disconnect();
    await server.stop();
    assert.ok(server.child.log.length > 0);
    for (const word of hidden) assert.ok(!server.child.log.includes(word), `the log holds ${word}`);
  });

  test("tells at the end what was counted and is seen nowhere else", async () => {
    const server = await startProgram({ LOG_LEVEL: "info" });
    const socket = await login(server, { user: "ada" });
    socket.emit("what nobody handles").emit("nor this");
    assert.equal((await emit(server, "ada", "job_completed", { jobId: { of: "no kind" } })).status, 202);
    await socket.heard("job_completed");
    assert.deepEqual(await socket.emitWithAck("jobs"), []);
    socket.disconnect();
    await server.stop();
    assert.match(server.child.log, /counted since the start ignored_events=2 job_events_without_id=1$/m);
  });

  test("LOG_FORMAT=json is one JSON object a line", async () => {
    const server = await startProgram({ LOG_LEVEL: "debug", LOG_FORMAT: "json" });
    (await login(server, { user: "ada" })).disconnect();
    await server.stop();
    const lines = server.child.log.trim().split("\n");
    for (const line of lines) assert.equal(typeof JSON.parse(line), "object");
    assert.ok(lines.length > 0);
  });
});

describe("limits", () => {
  test("a connection that joins more than MAX_NAMESPACES is closed", async () => {
    const server = await startProgram({ MAX_NAMESPACES: "1" });
    const socket = await login(server, { user: "ada" });
    await upgraded(socket);
    socket.io.socket("/members", { auth: {} }).connect();
    assert.match(await socket.heard("disconnect"), /^transport/);
    await server.stop();
  });

  test("a user over MAX_CONNECTIONS_PER_USER loses the oldest socket", async () => {
    const server = await startProgram({ MAX_CONNECTIONS_PER_USER: "2" });
    const tabs = [];
    for (let i = 0; i < 3; ++i) tabs.push(await login(server, { user: "ada" }));
    await tabs[0].heard("disconnect");
    assert.deepEqual((await api(server, "GET", "/api/presence/ada")).body, { userId: "ada", online: true, connections: 2 });
    tabs.forEach((socket) => socket.disconnect());
    await server.stop();
  });
});

const status = async (server, path) => (await fetch(server.url + path)).status;

describe("the drain at SIGTERM", () => {
  test("ends the clients one after the other, none of which is said to go offline, and all come back to the next", { timeout: 30000 }, async () => {
    const port = await freePort();
    const first = await startProgram({}, port);
    const ends = [];
    const sockets = [];
    for (let i = 0; i < 40; ++i) {
      const socket = await login(first, { user: `u${i}`, transports: ["websocket"], reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 50 });
      socket.on("disconnect", (reason) => ends.push({ reason, at: performance.now() }));
      sockets.push(socket);
    }
    const { code, ms } = await first.stop();
    assert.deepEqual([code, ms < 2000], [0, true], `${ms} ms`);
    await eventually(() => ends.length === 40);
    for (const { reason } of ends) assert.match(reason, /^transport (close|error)$/);
    assert.ok(ends.at(-1).at - ends[0].at > 100, "5 ms a client, which makes 195");
    const second = await startProgram({}, port);
    for (const socket of sockets) await socket.heard("authenticated");
    for (const socket of sockets) assert.ok(!socket.inbox.all.some((item) => item.name === "user_offline"));
    sockets.forEach((socket) => socket.disconnect());
    await second.stop();
  });

  test("refuses handshakes, answers what there is, and is over with the last session", async () => {
    const server = await startProgram({ DRAIN_MS: "60000" });
    const [polling, other] = [await Polling.open(`${server.url}/socket.io/`), await Polling.open(`${server.url}/socket.io/`)];
    const ended = server.stop();
    assert.deepEqual(await polling.packets(), ["1"]);
    const refused = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
    assert.equal(refused.status, 503);
    assert.match(refused.headers.get("retry-after"), /^\d+$/);
    assert.equal(await tryWebSocket(server, undefined), 503);
    assert.deepEqual([await status(server, "/healthz"), await status(server, "/readyz")], [200, 503]);
    assert.deepEqual(await other.packets(), ["1"]);
    const { code, ms } = await ended;
    assert.deepEqual([code, ms < 10000], [0, true]);
  });

  test("is over at DRAIN_MS for a client that does not ask, and at once at a second signal", async () => {
    const short = await startProgram({ DRAIN_MS: "100" });
    const long = await startProgram({ DRAIN_MS: "60000" });
    for (const server of [short, long]) await Polling.open(`${server.url}/socket.io/`);
    const ended = Promise.all([short.stop(), long.stop()]);
    await eventually(async () => (await status(long, "/readyz")) === 503);
    long.child.kill("SIGINT");
    for (const { code, ms } of await ended) assert.deepEqual([code, ms < 5000], [0, true]);
  });
});

test("a client that is halfway through its upgrade at SIGTERM hears of the end over its WebSocket", async () => {
  const server = await startProgram();
  const polling = await Polling.open(`${server.url}/socket.io/`);
  await polling.post(`40${JSON.stringify({ token: token({ id: "ada" }) })}`);
  await polling.packets();
  const wire = await Wire.open(`${server.url}/socket.io/?EIO=4&transport=websocket&sid=${polling.sid}`);
  wire.send("2probe");
  assert.equal(await wire.next(), "3probe");
  const ended = server.stop();
  await eventually(async () => (await status(server, "/readyz")) === 503);
  wire.send("5");
  assert.equal(await wire.closedWithin(1000), 1000);
  assert.equal((await ended).code, 0);
});

test("a port in use is said as such, with exit code 1", async () => {
  const server = await startProgram();
  const second = spawn(program("signalbox"), ["serve"], {
    env: { PORT: String(server.port), JWT_SECRET: secret, THREADS: "2" }, stdio: ["ignore", "ignore", "pipe"], timeout: 10000,
  });
  let complaints = "";
  second.stderr.on("data", (data) => (complaints += data));
  const [code] = await once(second, "close");
  assert.equal(code, 1);
  assert.match(complaints, new RegExp(`port ${server.port} is in use`, "i"));
  await server.stop();
});

test("SERVE_CLIENT serves the client script, and nothing else is there", async () => {
  const server = await startProgram();
  const script = await fetch(`${server.url}/socket.io/socket.io.js`);
  if (script.status === 200) {
    assert.match(script.headers.get("content-type"), /javascript/);
    assert.match(await script.text(), /Socket\.IO/);
  } else assert.equal(script.status, 404, "built without Node");
  assert.equal((await fetch(`${server.url}/socket.io`)).status, 404);
  assert.equal((await fetch(`${server.url}/nothing`)).status, 404);
  const without = await startProgram({ SERVE_CLIENT: "off" });
  assert.notEqual((await fetch(`${without.url}/socket.io/socket.io.js`)).status, 200);
  await Promise.all([server.stop(), without.stop()]);
});
