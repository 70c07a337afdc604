// A user who is traced is flooded, and says what no client would, while nobody reads the traces: the server keeps little of them, and says what is lost.
import assert from "node:assert/strict";
import { test } from "node:test";

import { freePort, pause, startServer, untilItListens } from "../support/server.mjs";
import { get, post, Raw, text } from "./raw.mjs";
import { apiKey, login, proc, scaled, secret } from "./town.mjs";

const key = "a key for operators, and a long one";

/** A server with a door for operators, and a session there. */
async function withAdmin(run, env = {}) {
  const port = await freePort();
  const server = await startServer("hostile_server", [], { JWT_SECRET: secret, API_KEY: apiKey, PRESENCE_EVENTS: "off", ADMIN_KEY: key, ADMIN_PORT: String(port), ...env });
  try {
    await untilItListens(port, server.child);
    const raw = await Raw.open(port);
    const answer = await raw.write(post("/login", JSON.stringify({ key }), "Content-Type: application/json\r\n").replace("Host: x", "Host: localhost")).answer();
    assert.equal(answer.status, 204);
    raw.close();
    const cookie = `Cookie: ${answer.headers["set-cookie"].split(";")[0]}\r\n`;
    const follow = async (user, query = "") => (await Raw.open(port)).write(get(`/data/user/trace?id=${user}${query}`, cookie).replace("Host: x", "Host: localhost"));
    await run(server, follow);
  } finally {
    await server.stop("SIGKILL");
  }
}

/** The entries of a trace, up to those of which `last` says that they are all. */
async function entries(raw, last, ms = 20_000) {
  const all = [];
  const read = () => {
    for (let end; (end = raw.got.indexOf("\n")) >= 0; ) {
      const line = raw.take(end + 1).toString();
      if (line.startsWith('data: {"at"')) all.push(JSON.parse(line.slice(6)));
    }
    return last(all);
  };
  await raw.until(read, "the last entry of a trace", ms);
  return all;
}

test("four traces that nobody reads, of a user who is flooded, cost less than 4 MB", { timeout: 120_000 }, async (t) => {
  await withAdmin(async (server, follow) => {
    const [events, requests] = [100, scaled(250)];
    const client = await login(server.port, "ada");
    client.socket.removeAllListeners("data");
    let read = 0;
    client.socket.on("data", (data) => (read += data.length));
    const worker = await Raw.open(server.port);
    const one = { userId: "ada", event: "note", data: "x".repeat(4000) };
    const flood = async (count) => {
      for (let i = 0; i < count; ++i) {
        const answer = await worker.write(post("/api/emit", JSON.stringify(Array(events).fill(one)), `Authorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\n`)).answer();
        assert.equal(answer.status, 202);
      }
    };
    await flood(20); // what the flood itself takes
    const traces = [];
    for (let i = 0; i < 4; ++i) {
      traces.push(await follow("ada", "&data=1"));
      await traces[i].until((got) => got.includes(": trace"), "its beginning");
      traces[i].pause();
    }
    const before = proc(server.child.pid).memoryKb();
    await flood(requests);
    const grown = proc(server.child.pid).memoryKb() - before;
    t.diagnostic(`${events * requests} events of 4 KB: ${grown} KB more`);
    if (!process.env.SIGNALBOX_BUILD) assert.ok(grown < 4096, `${grown} KB more`); // a sanitizer keeps what was freed
    const total = (all) => all.reduce((sum, { what, count }) => sum + (what === "lost" ? count : 1), 0);
    for (const trace of traces) {
      trace.socket.resume();
      const all = await entries(trace, (some) => total(some) === events * requests);
      assert.equal(total(all), events * requests, "each event is told, or counted as lost");
      assert.ok(all.some(({ what }) => what === "lost"));
      trace.close();
    }
    assert.ok(read > events * requests * 4000, "the client has had all of it");
    client.close();
    worker.close();
  }, { PING_INTERVAL_MS: "120000" });
});

test("a trace that nobody reads gives its connection back, half a minute after the last that could be written", { timeout: 120_000 }, async (t) => {
  const metricsPort = await freePort();
  await withAdmin(async (server, follow) => {
    const connections = async () => {
      const raw = await Raw.open(metricsPort);
      const { body } = await raw.write(get("/metrics")).answer();
      raw.close();
      return Number(/^signalbox_operator_connections (\d+)$/m.exec(body)[1]) - 1;
    };
    const client = await login(server.port, "ada");
    client.socket.removeAllListeners("data");
    client.socket.on("data", () => {});
    const trace = await follow("ada", "&data=1");
    await trace.until((got) => got.includes(": trace"), "its beginning");
    trace.pause();
    const worker = await Raw.open(server.port);
    const events = JSON.stringify(Array(100).fill({ userId: "ada", event: "note", data: "x".repeat(4000) }));
    for (let i = 0; i < 60; ++i) {
      const answer = await worker.write(post("/api/emit", events, `Authorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\n`)).answer();
      assert.equal(answer.status, 202);
    }
    const full = Date.now();
    assert.equal(await connections(), 1);
    while ((await connections()) !== 0) await pause(100);
    const took = Date.now() - full;
    t.diagnostic(`after ${took} ms`);
    assert.ok(took < 35_000, `after ${took} ms: its minute, and no time for writing, has ended it`);
    [trace, worker, client].forEach((raw) => raw.close());
  }, { METRICS_PORT: String(metricsPort), PING_INTERVAL_MS: "120000" });
});

test("a client that says anything at all is traced to its end", { timeout: 60_000 }, async () => {
  await withAdmin(async (server, follow) => {
    const said = ["4", "42", "42[", '42["', "42[]", "42[1]", '42/,["x"]', "42/nowhere,[\"x\"]", "45-", '45999999999999-["x"]', '451-["x",{"_placeholder":true,"num":0}]', `42["${"é".repeat(5000)}"]`, "49", "4\u0000", "41", "4/", "43", "43[]", "4300000000000000000000000[]"];
    const trace = await follow("ada", "&data=1");
    await trace.until((got) => got.includes(": trace"), "its beginning");
    for (const message of said) {
      const ada = await login(server.port, "ada");
      ada.write(text(message));
      ada.write(text('42["after",1]'));
      ada.socket.end();
      await ada.ended();
    }
    const all = await entries(trace, (some) => some.filter(({ what }) => what === "disconnected").length === said.length);
    assert.equal(all.filter(({ what }) => what === "connected").length, said.length);
    assert.ok(all.filter(({ what }) => what === "received").length >= said.length);
    trace.close();
  });
});
