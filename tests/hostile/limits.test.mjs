// The limits of the table in docs/security.md, passed once; those of what waits are in waiting.test.mjs.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";

import { pause, program, startServer } from "../support/server.mjs";
import { frame, get, polling, post, Raw, text, upgrade, Ws } from "./raw.mjs";
import { attack, crowd, login, loginByPolling, loginPacket, openPolling, secret, Town } from "./town.mjs";

const unknownSid = '{"code":1,"message":"Session ID unknown"}';
const badRequest = '{"code":3,"message":"Bad request"}';

describe("limits of connections and sessions", () => {
  attack("MAX_CONNECTIONS: one more gets 503 with Retry-After, and the old ones live", { env: { MAX_CONNECTIONS: "20" }, alone: true }, async (town) => {
    const { port } = town;
    const { connections } = await town.state();
    const many = await crowd(17, 17, () => Raw.open(port)); // witness and worker are there: one place is left for the newcomer of `unharmed`
    many.push(await Raw.open(port));
    while ((await town.state()).connections < 20) await pause(5);
    const one = await Raw.open(port);
    const answer = await one.answer();
    assert.equal(answer.status, 503);
    assert.ok(Number(answer.headers["retry-after"]) > 0);
    await one.ended();
    const flood = await crowd(300, 50, async () => {
      const raw = await Raw.open(port).catch(() => undefined);
      const status = (await raw?.answer())?.status;
      raw?.close();
      return status;
    });
    assert.ok(flood.every((status) => status === 503 || status === undefined), String(flood));
    await town.hears();
    many.forEach((raw) => raw.close());
    while ((await town.state()).connections > connections) await pause(5); // or the newcomer of `unharmed` has no place
  });

  for (const [threads, hard] of [[2, 300], [48, 500]])
    attack(`by default there may be as many connections as the hard limit of ${hard} descriptors leaves to ${threads} threads, and none goes unanswered for want of one`, { env: { THREADS: String(threads), LOG_LEVEL: "info" }, limits: `ulimit -S -n 150 && ulimit -H -n ${hard}`, alone: true }, async (town) => {
      const most = Number(/max_connections=(\d+)/.exec(town.server.child.log)[1]);
      assert.ok(most > hard - 110 - 6 * threads && most < hard - 64 - 5 * threads, `${most} connections`);
      const { connections } = await town.state();
      const many = await crowd(most - connections, 50, () => Raw.open(town.port));
      while ((await town.state()).connections < most) await pause(5);
      const refused = await crowd(60, 60, () => Raw.open(town.port));
      for (const one of refused) assert.equal((await one.answer()).status, 503);
      await town.hears();
      assert.doesNotMatch(town.server.child.log, /no descriptor is left/);
      [...refused, ...many].forEach((raw) => raw.close());
      while ((await town.state()).connections > connections) await pause(5); // or the newcomer of `unharmed` has no place
    });

  test("descriptors that are too few for the threads stop the start with a sentence that says how many are needed", async () => {
    const start = startServer("/bin/sh", ["-c", 'ulimit -n 300 && exec "$0"', program("hostile_server")], { JWT_SECRET: secret, THREADS: "64" });
    // It ends before it listens or a moment later: it counts what it has open.
    const lastWords = async ({ child }) => (child.stderr.closed || (await once(child.stderr, "close")), child.log);
    const said = await start.then(lastWords, ({ message }) => message);
    assert.match(said, /300 descriptors are too few for THREADS=64 .* \d{3} are the least that is of use/);
  });

  for (const [connections, strangers] of [[15_000, 1500], [100, 1000]])
    attack(`by default ${strangers} sessions of ${connections} connections may be without a login`, { env: { MAX_CONNECTIONS: String(connections), PING_INTERVAL_MS: "1000", PING_TIMEOUT_MS: "1000" } }, async (town) => {
      const raw = await Raw.open(town.port);
      for (let i = 0; i < 16; ++i) {
        raw.write(get(polling).repeat(100));
        for (let j = 0; j < 100; ++j) assert.equal((await raw.answer()).status, 200);
      }
      let now;
      do now = (await town.state()).unauthenticated;
      while (now > strangers);
      assert.ok(now > strangers - 10, `${now} are there still`);
      raw.close();
    });

  attack("MAX_UNAUTHENTICATED: the oldest session without a login goes", { env: { MAX_UNAUTHENTICATED: "5", THREADS: "1" }, newcomers: false }, async ({ port }) => {
    const strangers = [];
    for (let i = 0; i < 6; ++i) strangers.push(await Ws.open(port));
    assert.equal(await strangers[0].closeCode(), 1000);
    for (const ws of strangers.slice(1)) assert.match(await ws.message(), /^0/);
    strangers[1].send(loginPacket("late"));
    assert.match(await strangers[1].message(), /^40{"sid"/);
    strangers.forEach((ws) => ws.close());
  });

  attack("MAX_UNAUTHENTICATED_PER_ADDRESS: one more gets 503, by polling and by WebSocket, until one has logged in", { env: { MAX_UNAUTHENTICATED_PER_ADDRESS: "3" }, newcomers: false }, async (town) => {
    const { port } = town;
    const strangers = await crowd(3, 3, () => Ws.open(port));
    for (const request of [get(polling), upgrade()]) {
      const raw = await Raw.open(port);
      const { status, headers } = await raw.write(request).answer();
      assert.deepEqual([status, Number(headers["retry-after"]) > 0], [503, true]);
      raw.close();
    }
    assert.match(await strangers[0].message(), /^0/);
    strangers[0].send(loginPacket("one of them"));
    assert.match(await strangers[0].message(), /^40/);
    (await Ws.open(port)).close();
    strangers.forEach((ws) => ws.close());
    while ((await town.state()).unauthenticated > 0) await pause(5);
  });

  attack("MAX_CONNECTIONS_PER_USER: the user's oldest socket is sent away", { env: { MAX_CONNECTIONS_PER_USER: "2" } }, async ({ port }) => {
    const sockets = [];
    for (let i = 0; i < 3; ++i) sockets.push(await login(port, "many tabs"));
    assert.equal(await sockets[0].message(), "41");
    sockets.forEach((ws) => ws.close());
  });
});

describe("limits of what is kept of a client", () => {
  attack("PREAUTH_MESSAGE_BYTES: a connect payload of 990 KB after a login is 1009, by polling 413, whichever namespace it is for, and nothing of it stays", { memoryMb: 16, cpuMs: 3000 }, async ({ port }) => {
    const payload = JSON.stringify({ p: "x".repeat(990_000) });
    await crowd(300, 5, async (i) => {
      const ws = await login(port, `large ${i}`);
      assert.equal(await ws.send(`40${["/1", "/none"][i % 2]},${payload}`).closeCode(), 1009);
    });
    const raw = await Raw.open(port);
    const { target } = await loginByPolling(raw, "large");
    assert.equal((await raw.write(post(target, `40/1,${payload}`)).answer()).status, 413);
    assert.equal((await raw.write(get(target)).answer()).body, unknownSid);
    raw.close();
  });

  attack("what ten namespaces of each connection keep of their connect payloads is no more than these took", { memoryMb: 8 + 30 * 10 * 16 / 1024 }, async ({ port }) => {
    const payload = JSON.stringify({ p: "x".repeat(16_000) });
    const all = await crowd(30, 5, async (i) => {
      const ws = await login(port, `large ${i}`);
      for (let n = 1; n <= 9; ++n) {
        ws.send(`40/${n},${payload}`);
        assert.match(await ws.message(), /^40/);
      }
      return ws;
    });
    all.forEach((ws) => ws.close());
  });
});

describe("limits of the log", () => {
  attack("a handler that throws at what a client sends: ten lines a minute, however often", { env: { LOG_LEVEL: "warn", CLIENT_EVENTS_PER_S: "0" } }, async ({ port, server }) => {
    const ws = await login(port, "wrong");
    for (let i = 0; i < 1000; ++i) ws.send('42["ask many"]');
    ws.send('427["question",1]');
    assert.equal(await ws.message(), "437[1]");
    ws.close();
    const lines = () => server.child.log.match(/a handler threw/g)?.length ?? 0;
    while (lines() < 10) await pause(5);
    assert.equal(lines(), 10);
  });
});

describe("limits of HTTP", () => {
  let town;
  before(async () => (town = await Town.build({ HEADER_TIMEOUT_MS: "400", BODY_TIMEOUT_MS: "400", IDLE_TIMEOUT_MS: "400" })));
  after(() => town.leave());
  const where = () => town;
  const ends = async (raw, status) => {
    assert.equal((await raw.answer())?.status, status);
    await raw.ended();
  };

  attack("a head over 16 KiB: 431", { where }, async ({ port }) => ends((await Raw.open(port)).write(get("/", `A: ${"x".repeat(16384)}\r\n`)), 431));
  attack("101 fields: 431", { where }, async ({ port }) => ends((await Raw.open(port)).write(get("/", "a: b\r\n".repeat(100))), 431));
  attack("a head that does not end: 408", { where }, async ({ port }) => ends((await Raw.open(port)).write("GET / HTTP/1.1\r\nHost: x\r\n"), 408));
  attack("a head that drips does not get more time: 408", { where }, async ({ port }) => {
    const raw = (await Raw.open(port)).write("GET / HTTP/1.1\r\n");
    const drip = setInterval(() => raw.write("a"), 50);
    await ends(raw, 408).finally(() => clearInterval(drip));
  });
  attack("nothing at all, and nothing after an answer: closed", { where }, async ({ port }) => {
    const silent = await Raw.open(port);
    const idle = (await Raw.open(port)).write(get("/healthz"));
    assert.equal((await idle.answer()).status, 200);
    await Promise.all([silent.ended(), idle.ended()]);
    assert.equal(silent.got.length, 0);
  });
  attack("a body over MAX_PAYLOAD_BYTES, told or chunked: 413", { where }, async ({ port }) => {
    const raw = await Raw.open(port);
    const { target } = await openPolling(raw);
    await ends(raw.write(`POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000001\r\n\r\n`), 413);
    const chunked = await Raw.open(port);
    const other = await openPolling(chunked);
    await ends(chunked.write(`POST ${other.target} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nf4241\r\n`), 413);
  });
  attack("a body that does not come: 408", { where }, async ({ port }) => {
    const raw = await Raw.open(port);
    const { target } = await openPolling(raw);
    await ends(raw.write(`POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n4`), 408);
  });
});

describe("limits of messages", () => {
  let town;
  before(async () => (town = await Town.build({ ATTACHMENTS_TIMEOUT_MS: "300", CONNECT_TIMEOUT_MS: "5000" })));
  after(() => town.leave());
  const where = () => town;
  const closes = async (ws, code) => assert.equal(await ws.closeCode(), code);

  attack("more than 1,000 packets in one polling payload: 400, and the session is closed", { where }, async ({ port }) => {
    const raw = await Raw.open(port);
    const { target } = await openPolling(raw);
    const { status, body } = await raw.write(post(target, Array(1001).fill("3").join("\x1e"))).answer();
    assert.deepEqual([status, body], [400, badRequest]);
    assert.equal((await raw.write(get(target)).answer()).body, unknownSid);
    raw.close();
  });
  attack("1,000 packets are taken", { where }, async ({ port }) => {
    const raw = await Raw.open(port);
    const { target } = await openPolling(raw);
    assert.equal((await raw.write(post(target, Array(1000).fill("3").join("\x1e"))).answer()).body, "ok");
    raw.close();
  });
  attack("an empty packet: 400, and the session is closed", { where }, async ({ port }) => {
    for (const payload of ["\x1e", "3\x1e", "\x1e3", "3\x1e\x1e3", ""]) {
      const raw = await Raw.open(port);
      const { target } = await openPolling(raw);
      assert.equal((await raw.write(post(target, payload)).answer()).status, 400, JSON.stringify(payload));
      assert.equal((await raw.write(get(target)).answer()).body, unknownSid);
      raw.close();
    }
  });
  attack("a message before login of more than 16 KiB, by WebSocket and by polling", { where }, async ({ port }) => {
    await closes((await Ws.open(port)).write(text("4" + "x".repeat(16384)).subarray(0, 10)), 1009);
    for (const length of ["Content-Length: 16385\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n4001\r\n"])
      for (let i = 0; i < 8; ++i) {
        // From its head alone, over connections of the session's thread and of the other.
        const raw = await Raw.open(port);
        const { target } = await openPolling(raw);
        const other = (await Raw.open(port)).write(`POST ${target} HTTP/1.1\r\nHost: x\r\n${length}`);
        assert.equal((await other.answer()).status, 413);
        other.close();
        assert.equal((await raw.write(get(target)).answer()).body, unknownSid);
        raw.close();
      }
  });
  attack("a large body for a session that is not there is refused from its head", { where }, async ({ port }) => {
    for (let i = 0; i < 8; ++i) {
      const raw = await Raw.open(port);
      const { target } = await openPolling(raw);
      await raw.write(post(target, "1")).answer();
      const other = (await Raw.open(port)).write(`POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n`);
      assert.equal((await other.answer()).body, unknownSid);
      raw.close();
      other.close();
    }
  });
  attack("after login MAX_PAYLOAD_BYTES are taken by polling, whichever connection brings them, and no more", { where, cpuMs: 1500, memoryMb: 32 }, async ({ port }) => {
    const raw = await Raw.open(port);
    const { target } = await loginByPolling(raw, "large");
    const packet = `42["message","${"x".repeat(1_000_000 - '42["message",""]'.length)}"]`;
    assert.equal(packet.length, 1_000_000);
    for (const body of [post(target, packet), `POST ${target} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nf4240\r\n${packet}\r\n0\r\n\r\n`])
      for (let i = 0; i < 4; ++i) {
        const other = await Raw.open(port);
        assert.equal((await other.write(body).answer()).body, "ok");
        assert.equal((await raw.write(get(target)).answer()).body.length, packet.length + "-back".length);
        other.close();
      }
    const over = await Raw.open(port);
    assert.equal((await over.write(post(target, packet + " ")).answer()).status, 413);
    assert.equal((await raw.write(get(target)).answer()).body, unknownSid);
    over.close();
    raw.close();
  });
  attack("a message over MAX_PAYLOAD_BYTES after login: 1009 from its head", { where }, async ({ port }) => {
    const ws = await login(port, "large");
    await closes(ws.write(frame(1, Buffer.alloc(1_000_001, 52)).subarray(0, 100)), 1009);
  });
  attack("more than 1,024 fragments, empty ones included: 1008", { where }, async ({ port }) => {
    const rest = Buffer.concat(Array(1024).fill(frame(0, "", { fin: false })));
    await closes((await login(port, "many")).write(Buffer.concat([frame(1, "4", { fin: false }), rest])), 1008);
  });
  attack("an eleventh namespace", { where }, async ({ port }) => {
    const ws = await login(port, "everywhere");
    for (let i = 1; i < 10; ++i) assert.ok((await ws.send(`40/${i},`).message()).startsWith(`40/${i},`));
    await closes(ws.send("40/10,"), 1002);
  });
  attack("a name of 257 bytes, eleven attachments, an index that is not there", { where }, async ({ port }) => {
    for (const packet of [`42["${"n".repeat(257)}"]`, '4511-["a"]', '451-["a",{"_placeholder":true,"num":1}]', '451-["a",{"_placeholder":true,"num":-1}]']) {
      await closes((await login(port, "mean")).send(packet), 1002);
    }
  });
  attack("attachments that do not come: closed", { where }, async ({ port }) => {
    await closes((await login(port, "promises")).send('452-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]').write(frame(2, "one")), 1002);
  });
  attack("attachments count in MAX_PAYLOAD_BYTES", { where }, async ({ port }) => {
    const ws = await login(port, "heavy");
    ws.send('452-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]');
    await closes(ws.write(frame(2, Buffer.alloc(600_000))).write(frame(2, Buffer.alloc(600_000))), 1002);
  });
  attack("a thousand pings: the newest is answered, the older ones need not be", { where }, async ({ port }) => {
    const ws = await login(port, "pings");
    ws.write(Buffer.concat(Array.from({ length: 1000 }, (_, i) => frame(9, String(i)))));
    let pongs = 0;
    for (let payload; payload !== "999"; ++pongs) {
      const next = await ws.frame();
      assert.equal(next.opcode, 10);
      payload = next.payload.toString();
    }
    assert.ok(pongs <= 1000);
    ws.close();
  });
});
