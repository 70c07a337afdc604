// Engine.IO sessions: ids that are guessed, stolen or shared, many at once, and those who come and never go on.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe } from "node:test";
import { fileURLToPath } from "node:url";

import { pause } from "../support/server.mjs";
import { frame, get, polling, post, Raw, text, upgrade, Ws } from "./raw.mjs";
import { attack, crowd, login, loginByPolling, loginPacket, openPolling, scaled, token, Town } from "./town.mjs";

const unknownSid = '{"code":1,"message":"Session ID unknown"}';
const badRequest = '{"code":3,"message":"Bad request"}';

describe("sessions", () => {
  let town;
  before(async () => (town = await Town.build({ THREADS: "2" })));
  after(() => town.leave());
  const where = () => town;

  attack("a guessed sid, one with a shard or a slot out of range, one cut or longer: unknown, on every shard", { where }, async ({ port }) => {
    const mine = await Raw.open(port);
    const { sid, target } = await openPolling(mine);
    const guesses = ["a", sid.slice(0, -1), sid + "a", sid.slice(0, -2) + "zz", sid.slice(0, 20) + "ff" + sid.slice(22), sid.slice(0, 20) + "__" + sid.slice(22), "A".repeat(sid.length), sid[0] === "A" ? "B" + sid.slice(1) : "A" + sid.slice(1), "../" + sid, "%00" + sid, "x".repeat(10_000)];
    for (const guess of guesses)
      for (let i = 0; i < 4; ++i) {
        const raw = await Raw.open(port);
        const answer = await raw.write(get(`${polling}&sid=${encodeURIComponent(guess)}`)).answer();
        assert.deepEqual([guess, answer.status, answer.body], [guess, 400, unknownSid]);
        raw.close();
        const ws = (await Raw.open(port)).write(upgrade(`/socket.io/?EIO=4&transport=websocket&sid=${encodeURIComponent(guess)}`));
        assert.equal((await ws.answer()).status, 400);
        ws.close();
      }
    assert.equal((await mine.write(post(target, "1")).answer()).body, "ok");
    mine.close();
  });

  attack("two WebSockets race for one sid, in every order: one wins, the other is closed", { where, cpuMs: 2000 }, async ({ port }) => {
    const orders = ["aabb", "abab", "abba", "baab", "baba", "bbaa"];
    for (let round = 0; round < 30; ++round) {
      const raw = await Raw.open(port);
      const { target } = await openPolling(raw);
      const both = await Promise.all([0, 1].map(() => Ws.open(port, { target: target.replace("polling", "websocket") })));
      const packets = [["2probe", "5"], ["2probe", "5"]];
      for (const who of orders[round % 6]) both[who === "a" ? 0 : 1].send(packets[who === "a" ? 0 : 1].shift());
      const ends = await Promise.all(both.map(async (ws) => (await ws.frame()).opcode));
      assert.deepEqual(ends.sort(), [1, 8], orders[round % 6]);
      both.forEach((ws) => ws.close());
      raw.close();
    }
  });

  attack("50 requests at once with one sid: each is answered or closed, and the session ends once", { where }, async ({ port }) => {
    const raw = await Raw.open(port);
    const { target } = await openPolling(raw);
    await raw.write(post(target, loginPacket("fifty"))).answer();
    const answers = await crowd(50, 50, async (i) => {
      const one = await Raw.open(port);
      const answer = await one.write(i % 2 ? get(target) : post(target, '42["x"]')).answer();
      one.close();
      return answer;
    });
    assert.ok(answers.every((answer) => answer && [200, 400].includes(answer.status)));
    assert.ok(answers.some((answer) => answer.body === badRequest), "two GETs at once end the session");
    assert.equal((await raw.write(get(target)).answer()).body, unknownSid);
    raw.close();
  });

  attack("a stolen sid: a second GET ends the session for both, and reads nothing that was taken", { where }, async ({ port }) => {
    const owner = await Raw.open(port);
    const { target } = await openPolling(owner);
    owner.write(get(target));
    const thief = (await Raw.open(port)).write(get(target));
    // Which of the two came second cannot be seen from outside.
    assert.deepEqual([(await owner.answer()).body, (await thief.answer()).body].sort(), ["1", badRequest]);
    owner.close();
    thief.close();
  });

  attack("a payload of a million separators: 400, once", { where, memoryMb: 12, cpuMs: 300 }, async ({ port }) => {
    const raw = await Raw.open(port);
    const { target } = await openPolling(raw);
    await raw.write(post(target, loginPacket("separators"))).answer();
    const { status } = await raw.write(post(target, "\x1e".repeat(999_999))).answer();
    assert.equal(status, 400);
    assert.equal((await raw.write(get(target)).answer()).body, unknownSid);
    raw.close();
  });

  attack("each rule of Engine.IO broken, before login and after it: the session is closed", { where }, async ({ port }) => {
    for (const packet of ["0", "2", "5", "6", "7", "x", "", "2probe"])
      for (const ws of [await Ws.open(port), await login(port, "mean")]) assert.equal(await ws.send(packet).closeCode(), 1002, JSON.stringify(packet));
    for (const payload of ["0", "2", "5", "6", "7", "x", "2probe", "b!", "b=", "bA", "bAQ", "3\x1e"])
      for (const open of [openPolling, loginByPolling]) {
        const raw = await Raw.open(port);
        const { target } = await open(raw, open === loginByPolling ? "mean" : "");
        assert.equal((await raw.write(post(target, payload)).answer()).status, 400, JSON.stringify(payload));
        assert.equal((await raw.write(get(target)).answer()).body, unknownSid, JSON.stringify(payload));
        raw.close();
      }
  });

  attack("methods that Engine.IO does not have, with and without a sid", { where }, async ({ port }) => {
    const raw = await Raw.open(port);
    const { target } = await openPolling(raw);
    for (const method of ["PUT", "DELETE", "PATCH", "TRACE", "get"])
      for (const to of [polling, target]) {
        const other = await Raw.open(port); // of the session's thread or of the other
        assert.equal((await other.write(get(to).replace("GET", method)).answer()).status, 400, `${method} ${to}`);
        other.close();
      }
    assert.equal((await raw.write(post(target, "3")).answer()).body, "ok");
    raw.close();
  });
});

describe("crowds", () => {
  attack("100,000 handshakes that never join, by polling", { env: { MAX_UNAUTHENTICATED: "1000" }, memoryMb: 40, cpuMs: 20_000 }, async (town) => {
    const { port } = town;
    const width = 50, sids = [];
    await crowd(width, width, async () => {
      const raw = await Raw.open(port);
      for (let i = 0; i < scaled(100_000) / width / 20; ++i) {
        raw.write(get(polling).repeat(20));
        for (let j = 0; j < 20; ++j) sids.push(/"sid":"([^"]+)"/.exec((await raw.answer(10_000)).body)[1]);
      }
      raw.close();
    });
    while ((await town.state()).unauthenticated > 1000);
    const raw = await Raw.open(port); // the heartbeat would end those who are left, but in 45 s
    for (let i = 0; i < sids.length; i += 100) {
      const some = sids.slice(i, i + 100);
      raw.write(some.map((sid) => post(`${polling}&sid=${sid}`, "1")).join(""));
      for (const _ of some) await raw.answer(10_000);
    }
    raw.close();
  });

  attack("19,000 honest logins at once where 1,990 strangers may be: all are let in", { env: { MAX_CONNECTIONS: "19900" }, memoryMb: 64, cpuMs: 6000 }, async (town) => {
    const script = fileURLToPath(new URL("storm.py", import.meta.url));
    const processes = 2, each = scaled(19_000) / processes;
    const logins = Array.from({ length: processes }, (_, i) => Array.from({ length: each }, (_, j) => `${loginPacket(`honest ${i} ${j}`)}\n`).join("") + "\n");
    const storm = logins.map((packets, i) => {
      const part = spawn("/usr/bin/python3", [script, String(town.port), `127.0.0.${2 + i}`], { stdio: ["pipe", "pipe", "inherit"], timeout: 50_000 });
      part.stdin.write(packets);
      return part;
    });
    const letIn = await Promise.all(storm.map(async (part) => Number((await once(part.stdout, "data"))[0])));
    assert.deepEqual(letIn, storm.map(() => each));
    const { sessions, unauthenticated } = await town.state();
    assert.ok(sessions >= processes * each && unauthenticated < 10, `${sessions} sessions, ${unauthenticated} without a login`);
    await Promise.all(storm.map((part) => (part.stdin.end(), once(part, "exit"))));
  });

  attack("a promise of ten attachments that never come, on 5,000 sockets", { env: { MAX_UNAUTHENTICATED: "5000", MAX_CONNECTIONS_PER_USER: "0" }, memoryMb: 80, cpuMs: 10_000 }, async ({ port }) => {
    const places = Array.from({ length: 10 }, (_, num) => ({ _placeholder: true, num }));
    const promise = `4510-${JSON.stringify(["file", ...places])}`;
    const all = await crowd(scaled(5000), 100, async () => (await login(port, "promises")).send(promise).write(frame(2, Buffer.alloc(1000))));
    await pause(100);
    assert.ok(all.every((ws) => !ws.over));
    all.forEach((ws) => ws.close());
  });

  attack("clients that are gone without a word are found by the heartbeat", { env: { PING_INTERVAL_MS: "200", PING_TIMEOUT_MS: "200" } }, async ({ port }) => {
    const dead = await crowd(50, 50, (i) => login(port, `dead ${i}`)); // they read, but they answer no ping
    await Promise.all(dead.map((ws) => ws.ended(5000)));
  });

  attack("60 MB for a client that never reads: less than 32 MB of memory, and it is closed", { memoryMb: 32, cpuMs: 3000 }, async (town) => {
    const deaf = (await login(town.port, "deaf")).pause();
    const data = "x".repeat(500_000);
    for (let i = 0; i < 120; ++i) assert.equal((await town.emit("deaf", data)).status, 202);
    deaf.close();
  });

  attack("500 slow readers among 1,000 good ones: the good ones have all within a second", { memoryMb: 100, cpuMs: 8000, env: { MAX_CONNECTIONS_PER_USER: "0", SEND_QUEUE_BYTES: "100000" } }, async (town) => {
    const slow = await crowd(scaled(500), 50, async () => (await login(town.port, "all")).pause());
    const good = await crowd(scaled(1000), 50, () => login(town.port, "all"));
    const data = "x".repeat(10_000);
    for (let i = 0; i < 30; ++i) {
      const start = performance.now();
      assert.equal((await town.emit("all", data)).status, 202);
      for (const ws of good) assert.ok((await ws.message(2000)).startsWith('42["note"'));
      assert.ok(performance.now() - start < 1000, `round ${i}: ${performance.now() - start} ms`);
    }
    [...slow, ...good].forEach((ws) => ws.close());
  });
});

describe("tokens", () => {
  let town;
  before(async () => (town = await Town.build()));
  after(() => town.leave());
  const where = () => town;

  attack("what a token says of its algorithm and of its key is not obeyed", { where, cpuMs: 1500 }, async ({ port }) => {
    const claims = { id: "victim" };
    const hs256 = { alg: "HS256", typ: "JWT" };
    const [head, payload, signature] = token(claims).split(".");
    const none = Buffer.from('{"alg":"none"}').toString("base64url");
    const refused = {
      "alg none": `${none}.${payload}.`,
      "alg none with a signature": `${none}.${payload}.${signature}`,
      "alg None": token(claims, { header: { alg: "None" } }),
      "alg RS256": token(claims, { header: { alg: "RS256" } }),
      "alg HS512": token(claims, { header: { alg: "HS512" } }),
      "no alg": token(claims, { header: { typ: "JWT" } }),
      "alg as a list": token(claims, { header: { alg: ["HS256"] } }),
      crit: token(claims, { header: { ...hs256, crit: ["b64"], b64: false } }),
      "another key, told by kid": token(claims, { header: { ...hs256, kid: "../../dev/null" }, key: "" }),
      "another key, told by jwk": token(claims, { header: { ...hs256, jwk: { kty: "oct", k: "AAAA" } }, key: Buffer.from([0, 0, 0]) }),
      "another key, told by jku and x5u": token(claims, { header: { ...hs256, jku: "http://127.0.0.1/", x5u: "http://127.0.0.1/" }, key: "mine" }),
      "no signature": `${head}.${payload}.`,
      "a signature cut": `${head}.${payload}.${signature.slice(0, -1)}`,
      "four parts": `${head}.${payload}.${signature}.${signature}`,
      "no parts": "x",
      "9,000 bytes": token({ id: "victim", pad: "x".repeat(9000) }),
      "claims 1,000 deep": token(`{"id":"victim","a":${"[".repeat(1000)}${"]".repeat(1000)}}`),
      "exp as text": token({ id: "victim", exp: "9999999999" }),
      "exp negative": token({ id: "victim", exp: -1 }),
      "exp 1e400": token('{"id":"victim","exp":1e400}'),
      "exp null": token('{"id":"victim","exp":null}'),
      "id an object": token({ id: { toString: "victim" } }),
      "id empty": token({ id: "" }),
      "id of 10,000 bytes": token({ id: "v".repeat(6000) }),
      "claims a list": token("[1]"),
      "claims cut": token('{"id":"victim"'),
    };
    for (const [name, wrong] of Object.entries(refused)) {
      const ws = await Ws.open(port);
      ws.send(`40${JSON.stringify({ token: wrong })}`);
      const said = [];
      for (let message; (message = await ws.message()) !== undefined; ) said.push(message.slice(0, 18));
      assert.deepEqual([name, said[2], said.at(-1)], [name, '42["unauthorized",', "41"]);
      ws.close();
    }
    const float = await Ws.open(port);
    float.send(`40${JSON.stringify({ token: token(`{"id":"floats","exp":${Math.floor(Date.now() / 1000) + 60}.5}`) })}`);
    assert.match(await float.message(), /^0/);
    assert.match(await float.message(), /^40/);
    float.close();
    await pause(20);
  });

  attack("a token that is no text, an auth payload that is no object, names that every object has", { where }, async ({ port }) => {
    for (const auth of ['{"token":{}}', '{"token":["a"]}', '{"token":1e400}', '{"__proto__":{"token":"x"}}', '{"constructor":1}', "{}"]) {
      const ws = await Ws.open(port);
      ws.send("40" + auth);
      let last;
      for (let message; (message = await ws.message()) !== undefined; ) last = message;
      assert.ok(last === "41" || last.startsWith("0{"), `${auth}: ${last}`);
      ws.close();
    }
    for (const auth of ["[]", '"x"', "1", "null", "{", '{"a":1}x', `{"a":${"[".repeat(200)}${"]".repeat(200)}}`]) {
      const ws = await Ws.open(port);
      assert.equal(await ws.send("40" + auth).closeCode(), 1002, auth.slice(0, 30));
    }
  });
});

describe("origins", () => {
  let town;
  before(async () => (town = await Town.build({ CORS_ORIGIN: "https://*.example.com" })));
  after(() => town.leave());
  const where = () => town;

  attack("origins that look like the allowed one: no CORS fields by fetch, 403 by WebSocket", { where }, async ({ port }) => {
    const wrong = ["https://evilexample.com", "https://example.com.evil.io", "https://example.com", "http://a.example.com", "null", "https://a.example.com.", "https://a.example.com:444", "https://a.example.com@evil.io", "https://evil.io/.example.com", "https://evil.io#.example.com", "https://evil.io\\.example.com", "https://evil.io%00.example.com", "https://.example.com", "file://"];
    const fields = [...wrong.map((origin) => `Origin: ${origin}\r\n`), "Origin: https://a.example.com\r\nOrigin: https://evil.io\r\n", "Origin: https://evil.io\r\nOrigin: https://a.example.com\r\n", "Origin: https://a.example.com, https://evil.io\r\n"];
    for (const field of fields) {
      const raw = await Raw.open(port);
      const { headers } = await openPolling(raw, field);
      assert.deepEqual([field, headers["access-control-allow-origin"]], [field, undefined]);
      assert.deepEqual([field, (await raw.write(upgrade(undefined, field)).answer()).status], [field, 403]);
      raw.close();
    }
    const good = await Raw.open(port);
    assert.equal((await openPolling(good, "Origin: https://a.example.com\r\n")).headers["access-control-allow-origin"], "https://a.example.com");
    good.close();
    (await Ws.open(port, { fields: "Origin: https://a.example.com\r\n" })).close();
  });
});
