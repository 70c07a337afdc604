// Clients without a login fill what is bounded over all clients: others do not notice.
import assert from "node:assert/strict";
import { describe } from "node:test";

import { pause } from "../support/server.mjs";
import { get, polling, post, Raw, text, Ws } from "./raw.mjs";
import { attack, crowd, emitRequest, login, loginByPolling, loginPacket, scaled } from "./town.mjs";

/** A worker's event of that many bytes, 15 times, each over a connection of its own; the server's answers. */
async function workersPosts(port, bytes) {
  const statuses = [];
  for (let i = 0; i < 15; ++i) {
    const worker = (await Raw.open(port)).write(emitRequest("nobody", "x".repeat(bytes)));
    statuses.push((await worker.answer(10_000))?.status ?? "reset");
    worker.close();
  }
  return statuses;
}
const allTaken = Array(15).fill(202);
const count = scaled(4300);
const part = (bytes) => String(Math.max(1_000_000, Math.round((bytes * count) / 4300))); // of a sanitizer's build, whose crowds are smaller
const patience = { HEADER_TIMEOUT_MS: "60000", BODY_TIMEOUT_MS: "60000", CONNECT_TIMEOUT_MS: "60000" };

describe("what clients without a login hold together", () => {
  attack("4,300 heads of 16 KB that do not end: no worker's request of 600 KB is reset, and the longest unfinished go", { env: { TOTAL_PARTIAL_BYTES: part(64 << 20), THREADS: "1", ...patience }, memoryMb: 100, cpuMs: 8000 }, async (town) => {
    const limit = Number(part(64 << 20));
    const head = "GET / HTTP/1.1\r\nA: " + "x".repeat(16_000);
    const open = (many) => crowd(many, 100, async () => (await Raw.open(town.port)).write(head));
    const older = await open(Math.floor(count * 0.75));
    const begun = Date.now();
    do await town.state(); // which is answered behind those heads
    while (Date.now() < begun + 20);
    const newer = await open(count - older.length);
    const all = [...older, ...newer];
    assert.deepEqual(await workersPosts(town.port, 600_000), allTaken);
    while (all.filter((raw) => raw.over).length < count / 2 - 100) await pause(10);
    assert.ok((await town.state()).partialBytes <= limit / 2);
    assert.ok(newer.every((raw) => !raw.over), "a newer one went before an older");
    all.forEach((raw) => raw.close());
  });

  attack("2,200 messages of 16 KB before login that do not end: a client that is logged in sends its own", { env: { TOTAL_PARTIAL_BYTES: part(32 << 20), MAX_UNAUTHENTICATED: "10000", ...patience }, memoryMb: 80, cpuMs: 8000 }, async (town) => {
    const half = text("4" + "x".repeat(16_300)).subarray(0, 16_000);
    const large = await login(town.port, "large");
    const whole = text(`42["message","${"y".repeat(900_000)}"]`);
    large.write(whole.subarray(0, 800_000));
    const all = await crowd(Math.ceil(count / 2), 100, async () => (await Ws.open(town.port)).write(half));
    while ((await town.state()).partialBytes < 800_000 + Number(part(32 << 20)) / 4) await pause(10);
    large.write(whole.subarray(800_000));
    assert.match(await large.message(10_000), /^42\["message-back"/);
    [large, ...all].forEach((raw) => raw.close());
  });

  attack("answers that they do not read: a client with less than SEND_QUEUE_BYTES waiting, and a worker, are served", { env: { TOTAL_QUEUE_BYTES: "30000000" }, memoryMb: 60, cpuMs: 5000 }, async (town) => {
    const slow = (await login(town.port, "slow")).pause();
    for (let i = 0; i < 14; ++i) assert.equal((await town.emit("slow", "y".repeat(90_000))).status, 202);
    const all = await crowd(200, 20, async () => {
      const raw = (await Raw.open(town.port)).pause().write(get("/large"));
      const behind = await Raw.open(town.port);
      await behind.write(get("/healthz")).answer();
      behind.close();
      return raw;
    });
    while ((await town.state()).queuedBytes > 17_000_000) await pause(5);
    assert.deepEqual(await workersPosts(town.port, 600_000), allTaken);
    slow.socket.resume();
    for (let i = 0; i < 14; ++i) assert.match((await slow.message(10_000)) ?? "closed", /^42\["note","y/, `event ${i}`);
    [slow, ...all].forEach((raw) => raw.close());
  });
});

describe("heads of sessions without a login", () => {
  attack("20,000 of 16 KB over one connection: 32 MiB are kept of them, of the newest", { env: { MAX_CONNECTIONS: "20000", MAX_UNAUTHENTICATED: "20000" }, memoryMb: 40, cpuMs: 8000, newcomers: false }, async (town) => {
    const raw = await Raw.open(town.port);
    const request = get(polling, `A: ${"x".repeat(16_000)}\r\n`).repeat(20);
    const sids = [];
    for (let i = 0; i < scaled(1000); ++i) {
      raw.write(request);
      for (let j = 0; j < 20; ++j) {
        const { status, body } = await raw.answer(10_000);
        assert.equal(status, 200);
        sids.push(JSON.parse(body.slice(1)).sid);
      }
    }
    assert.ok((await town.state()).unauthenticated <= 2200);
    const targets = sids.slice(-2200).map((sid) => `${polling}&sid=${encodeURIComponent(sid)}`);
    assert.equal((await raw.write(post(targets.at(-1), loginPacket("newest"))).answer()).body, "ok");
    assert.match((await raw.write(get(targets.at(-1))).answer()).body, /^40/);
    for (const target of targets) await raw.write(post(target, "1")).answer(); // those who are there still go
    raw.close();
  });
});

describe("one valid token", () => {
  attack("does not keep connections by leaving the namespace: they count as without a login, and have CONNECT_TIMEOUT_MS", { env: { CONNECT_TIMEOUT_MS: "1500", MAX_UNAUTHENTICATED: "1000" } }, async (town) => {
    const { connections } = await town.state();
    const all = await crowd(scaled(300), 50, async () => (await login(town.port, "one")).send("41"));
    while ((await town.state()).unauthenticated < all.length / 2) await pause(5);
    for (const ws of all) assert.equal(await ws.closeCode(5000), 1000);
    while ((await town.state()).connections > connections + 4) await pause(5); // those who live beside it
  });

  attack("pushes out its own when it has left the namespace more often than MAX_UNAUTHENTICATED", { env: { MAX_UNAUTHENTICATED: "20", THREADS: "1" }, newcomers: false }, async (town) => {
    const all = await crowd(60, 60, async () => (await login(town.port, "one")).send("41"));
    while ((await town.state()).unauthenticated > 20) await pause(5);
    assert.ok(all.filter((ws) => ws.over || ws.got.length > 0).length >= 40);
    all.forEach((ws) => ws.close());
  });

  attack("may send no more than before its login once it has left the namespace", {}, async ({ port }) => {
    const ws = (await login(port, "one")).send("41");
    assert.equal(await ws.write(text("4" + "x".repeat(16_384)).subarray(0, 10)).closeCode(), 1009);
  });

  attack("over MAX_CONNECTIONS_PER_USER: the connection that is sent away ends, by WebSocket and by polling, unless it has another namespace", { env: { MAX_CONNECTIONS_PER_USER: "1" } }, async (town) => {
    const oldest = await login(town.port, "one");
    const raw = await Raw.open(town.port);
    const { target } = await loginByPolling(raw, "one");
    assert.equal(await oldest.message(), "41");
    assert.equal(await oldest.closeCode(), 1000);
    const two = await login(town.port, "one");
    assert.equal((await raw.write(get(target)).answer()).body, "41");
    assert.equal((await raw.write(get(target)).answer()).body, "1");
    raw.close();
    assert.match(await two.send("40/1,").message(), /^40\/1,/);
    const newest = await login(town.port, "one");
    assert.equal(await two.message(), "41");
    assert.equal(await two.send('42/1,["message","still here"]').message(), '42/1,["message-back","still here"]');
    [two, newest].forEach((ws) => ws.close());
  });
});
