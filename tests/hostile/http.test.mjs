// Each rule of HTTP/1.1 broken once, as a front proxy would see it, and requests that come byte by byte.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";

import { frame, get, polling, post, Raw, upgrade, upgradeFields, webSocket, Ws } from "./raw.mjs";
import { attack, crowd, loginByPolling, loginPacket, openPolling, Town } from "./town.mjs";

describe("HTTP", () => {
  let town;
  before(async () => (town = await Town.build()));
  after(() => town.leave());
  const where = () => town;

  /** What may stand before a request on its connection. */
  const stages = {
    "at the beginning": async () => "",
    "after an answer": async (raw) => (assert.equal((await raw.write(get("/healthz")).answer()).status, 200), ""),
    "in the packet of a request before it": async () => get("/healthz"),
  };
  /** `bytes` get one answer of that status, the connection is closed, and nothing behind it is taken for a request. */
  const refused = async (port, bytes, status) => {
    for (const [stage, begin] of Object.entries(stages)) {
      const what = `${stage}: ${JSON.stringify(bytes.slice(0, 100))}`;
      const raw = await Raw.open(port);
      const first = await begin(raw);
      raw.write(first + bytes + get("/healthz"));
      if (first) assert.equal((await raw.answer())?.status, 200, what);
      assert.equal((await raw.answer())?.status, status, what);
      await raw.ended();
      assert.equal(raw.got.length, 0, `answered twice: ${what}`);
    }
  };
  const to = "/socket.io/?EIO=4&transport=polling";
  const body = (fields, rest = "") => `POST ${to} HTTP/1.1\r\nHost: x\r\n${fields}\r\n${rest}`;

  const smuggled = {
    "both lengths": [body("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400],
    "both lengths, the other way round": [body("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"), 400],
    "two lengths": [body("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"), 400],
    "two equal lengths": [body("Content-Length: 1\r\nContent-Length: 1\r\n", "a"), 400],
    "a list of lengths": [body("Content-Length: 1, 1\r\n", "a"), 400],
    "a signed length": [body("Content-Length: +1\r\n", "a"), 400],
    "a length in hexadecimal": [body("Content-Length: 0x1\r\n", "a"), 400],
    "a length that overflows": [body("Content-Length: 18446744073709551617\r\n", "a"), 400],
    "chunked, identity": [body("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), 400],
    "identity, chunked": [body("Transfer-Encoding: identity, chunked\r\n", "0\r\n\r\n"), 400],
    "chunked twice": [body("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400],
    "chunked with a tab before it, and something behind": [body("Transfer-Encoding:\tchunked;x\r\n", "0\r\n\r\n"), 400],
    "chunked in HTTP/1.0": [`POST ${to} HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    "a bare line feed in the request line": ["GET / HTTP/1.1\nHost: x\r\n\r\n", 400],
    "a bare line feed in a field": ["GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400],
    "a bare carriage return": ["GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n", 400],
    "a folded field": ["GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400],
    "a blank before the colon": ["GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", 400],
    "a zero byte": ["GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 400],
    "no host": ["GET / HTTP/1.1\r\n\r\n", 400],
    "two hosts": ["GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400],
    "no version": ["GET /\r\nHost: x\r\n\r\n", 400],
    "HTTP/2": ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
    "a method that is none": ["G(T / HTTP/1.1\r\nHost: x\r\n\r\n", 400],
    "a target that is none": ["GET x HTTP/1.1\r\nHost: x\r\n\r\n", 400],
    "CONNECT": ["CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 400],
    "TLS": ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
    "2,000 fields with an upgrade": [get(webSocket, "a: b\r\n".repeat(2000) + upgradeFields), 431],
  };
  for (const [name, [bytes, status]] of Object.entries(smuggled)) attack(`${name}: ${status}, closed`, { where }, ({ port }) => refused(port, bytes, status));

  attack("chunk sizes that overflow, are signed, in 0x, empty, or end in a bare line feed: 400, closed", { where }, async ({ port }) => {
    const first = await Raw.open(port);
    const { target } = await openPolling(first);
    for (const size of ["fffffffffffffffff", "-1", "+1", "0x1", "", " 1", "1 ", "1\n", "1;\x01"])
      await refused(port, `POST ${target} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\n3\r\n0\r\n\r\n`, 400);
    first.close();
  });

  attack("bytes after a body are the next request, and h2c is not spoken", { where }, async ({ port }) => {
    const raw = await Raw.open(port);
    const { target } = await openPolling(raw);
    raw.write(post(target, "3") + get("/healthz", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n") + "rubbish\r\n\r\n");
    assert.equal((await raw.answer()).body, "ok");
    assert.equal((await raw.answer()).status, 200);
    assert.equal((await raw.answer()).status, 400);
    await raw.ended();
  });

  attack("queries that name what is not ours: __proto__, twice, empty, %00, broken", { where }, async ({ port }) => {
    const raw = await Raw.open(port);
    const unknown = '{"code":0,"message":"Transport unknown"}';
    const queries = {
      "EIO=4&transport=__proto__": unknown,
      "EIO=4&transport=constructor": unknown,
      "EIO=4": unknown,
      "EIO=4&transport=": unknown,
      "EIO=4&transport=polling%00": unknown,
      "EIO=3&transport=polling": '{"code":5,"message":"Unsupported protocol version"}',
      "EIO=4&transport=polling&sid=__proto__": '{"code":1,"message":"Session ID unknown"}',
      "EIO=4&transport=polling&sid=%00": '{"code":1,"message":"Session ID unknown"}',
    };
    for (const [query, body] of Object.entries(queries)) {
      const answer = await raw.write(get(`/socket.io/?${query}`)).answer();
      assert.deepEqual([query, answer.status, answer.body], [query, 400, body]);
    }
    for (const query of ["EIO=4&EIO=4&transport=polling", "EIO=4&transport=polling&transport=polling", "EIO=4&transport=polling&sid=a&sid=b", "EIO=4&transport=%zz"])
      assert.equal((await raw.write(get(`/socket.io/?${query}`)).answer()).status, 400, query);
    raw.close();
  });

  attack("a WebSocket request with one rule of RFC 6455 broken", { where }, async ({ port }) => {
    const fields = (change) => get(webSocket, change(upgradeFields));
    for (const [request, status] of [
      [fields((all) => all.replace("Version: 13", "Version: 12")), 426],
      [fields((all) => all.replace("Sec-WebSocket-Version: 13\r\n", "")), 426],
      [fields((all) => all.replace(/Sec-WebSocket-Key.*\r\n/, "")), 400],
      [fields((all) => all.replace("dGhl", "dGh")), 400],
      [fields((all) => all + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), 400],
      [fields((all) => all + "Content-Length: 1\r\n") + "x", 400],
      [fields((all) => all).replace("GET", "POST"), 400],
      [fields((all) => all).replace("HTTP/1.1", "HTTP/1.0"), 400],
    ])
      await refused(port, request, status);
  });

  attack("names and lists made for slow regular expressions cost what other bytes cost", { where, cpuMs: 600 }, async ({ port }) => {
    const slow = [`Sec-WebSocket-Extensions: ${"a;".repeat(7000)}\r\n`, `Connection: ${",".repeat(14000)}\r\n`, `${"a-".repeat(7000)}: b\r\n`, `Upgrade: ${"websocket ".repeat(1400)}x\r\n`, `Sec-WebSocket-Protocol: ${" \t".repeat(7000)}x\r\n`];
    await crowd(200, 20, async (i) => {
      const raw = (await Raw.open(port)).write(get("/healthz", slow[i % slow.length]));
      assert.equal((await raw.answer()).status, 200);
      raw.close();
    });
  });

  attack("heads in single bytes on 200 connections; the last byte of a head costs what the first did", { env: { HEADER_TIMEOUT_MS: "60000" }, cpuMs: 6000, memoryMb: 24 }, async ({ port, proc }) => {
    const all = await crowd(200, 50, () => Raw.open(port));
    const drip = async (bytes) => {
      const start = proc.cpuMs();
      for (const byte of Buffer.from(bytes, "latin1")) {
        for (const raw of all) raw.write(Buffer.from([byte]));
        await new Promise(setImmediate);
      }
      return proc.cpuMs() - start;
    };
    await drip("GET /healthz HTTP/1.1\r\nHost: x\r\nA: ");
    const early = await drip("x".repeat(200));
    for (const raw of all) raw.write("x".repeat(15_000));
    const late = await drip("x".repeat(200));
    await drip("\r\n\r\n");
    for (const raw of all) assert.equal((await raw.answer()).status, 200);
    assert.ok(late <= 2 * early + 100, `200 bytes cost ${early} ms at the beginning of a head and ${late} ms at its end`);
    all.forEach((raw) => raw.close());
  });

  attack("bodies in single bytes on 200 connections, told and chunked", { where, cpuMs: 8000, memoryMb: 24 }, async ({ port }) => {
    const packets = '42["message",1]\x1e42["message",2]';
    const all = await crowd(200, 20, async (i) => {
      const raw = await Raw.open(port);
      const { target } = await loginByPolling(raw, `slow ${i}`);
      raw.write(`POST ${target} HTTP/1.1\r\nHost: x\r\n`);
      raw.chunked = i % 2 === 1;
      raw.target = target;
      return raw;
    });
    const told = `Content-Length: ${packets.length}\r\n\r\n${packets}`;
    const chunked = `Transfer-Encoding: chunked\r\n\r\n${[...packets].map((c) => `1\r\n${c}\r\n`).join("")}0\r\n\r\n`;
    for (let at = 0; at < chunked.length; ++at) {
      for (const raw of all) raw.write((raw.chunked ? chunked : told).slice(at, at + 1));
      await new Promise(setImmediate);
    }
    for (const raw of all) {
      assert.equal((await raw.answer()).body, "ok");
      assert.equal((await raw.write(get(raw.target)).answer()).body, '42["message-back",1]\x1e42["message-back",2]');
      raw.close();
    }
  });

  attack("a connection reset at every byte of handshake, poll, upgrade and login", { where, cpuMs: 6000, memoryMb: 24 }, async ({ port }) => {
    /** Sends the first i + 1 of these bytes, and breaks off. */
    const cut = async (bytes, i) => {
      const raw = (await Raw.open(port)).write(bytes.slice(0, i + 1));
      await new Promise((sent) => raw.socket.write("", sent));
      raw.reset();
    };
    /** At every byte, against a session of its own in that state. */
    const cutEach = async (open, request) => {
      const { length } = Buffer.from(request("x".repeat(24)));
      await crowd(length, 20, async (i) => {
        const first = await Raw.open(port);
        const { sid } = await open(first, `cut ${i}`);
        const bytes = Buffer.from(request(encodeURIComponent(sid)));
        await cut(bytes, i);
        first.close();
      });
    };
    const overWebSocket = Buffer.concat([Buffer.from(upgrade()), frame(1, loginPacket("cut")), frame(1, '42["x"]')]);
    await crowd(overWebSocket.length, 20, (i) => cut(overWebSocket, i));
    await crowd(get(polling).length - 1, 20, (i) => cut(get(polling), i));
    await cutEach(loginByPolling, (sid) => get(`${polling}&sid=${sid}`));
    await cutEach((raw) => openPolling(raw), (sid) => post(`${polling}&sid=${sid}`, loginPacket("cut by polling")));
    await cutEach(loginByPolling, (sid) => Buffer.concat([Buffer.from(upgrade(`${webSocket}&sid=${sid}`)), frame(1, "2probe"), frame(1, "5"), frame(1, '42["x"]')]));
  });

  attack("an upgrade cut off at every step leaves the session on polling", { where, cpuMs: 2000 }, async ({ port }) => {
    for (const steps of [[], ["2probe"], ["2probe", "rubbish"], ["5"], ["2"], ["2probe", "2probe"], ["4x"]]) {
      const raw = await Raw.open(port);
      const { target } = await openPolling(raw);
      const ws = await Ws.open(port, { target: target.replace("polling", "websocket") });
      for (const step of steps) ws.send(step);
      if (steps.length > 0) await ws.until((got) => got.length > 0, "an answer").catch(() => {});
      ws.reset();
      assert.equal((await raw.write(post(target, "3")).answer()).body, "ok", String(steps));
      await raw.write(post(target, "1")).answer();
      raw.close();
    }
  });
});
