// The limits of the table in docs/security.md, passed once: those of what a client sends and of what waits for it.
import assert from "node:assert/strict";
import { describe } from "node:test";

import { pause } from "../support/server.mjs";
import { frame, get, Raw } from "./raw.mjs";
import { attack, crowd, login, loginByPolling } from "./town.mjs";

describe("limits of what a client sends and of what waits for it", () => {
  attack("MAX_PENDING_ACKS and ACK_TIMEOUT_MS: the emit is told, and answers nobody waits for are ignored", { env: { MAX_PENDING_ACKS: "100", ACK_TIMEOUT_MS: "300", CLIENT_EVENTS_PER_S: "0" } }, async ({ port }) => {
    const ws = await login(port, "asked");
    ws.send('42["ask many",150]');
    const ids = [];
    let end;
    while (!(end = await ws.message()).startsWith('42["asked all"')) {
      ids.push(/^42(\d+)\["asked"\]$/.exec(end)[1]);
      if (ids.length === 10) for (const id of ids) ws.send(`43${id}[]`).send(`43${id}[]`); // the second of each is of nobody's question
    }
    assert.equal(end, '42["asked all",{"answered":10,"late":90,"refused":50}]');
    assert.equal(ids.length, 100);
    ws.close();
  });

  attack("TOTAL_PARTIAL_BYTES: the largest goes, whoever came last", { env: { TOTAL_PARTIAL_BYTES: "300000", MAX_PAYLOAD_BYTES: "300000", THREADS: "2" } }, async (town) => {
    const { port } = town;
    const partial = async (least) => { while ((await town.state()).partialBytes < least) await pause(5); };
    const small = await crowd(4, 4, (i) => login(port, `small ${i}`));
    small.forEach((ws) => ws.write(frame(1, "4" + "x".repeat(1000)).subarray(0, 900)));
    const large = await crowd(4, 4, (i) => login(port, `large ${i}`));
    await partial(4 * 890);
    large.forEach((ws) => ws.write(frame(1, "4" + "x".repeat(200_000)).subarray(0, 150_000)));
    while (large.filter((ws) => ws.over).length < 3) await pause(5); // with the small ones there is room for one of them
    small.forEach((ws) => ws.write("x")); // each grows by a byte while the sum is what it is
    await partial(149_000 + 4 * 891);
    assert.ok(small.every((ws) => !ws.over), "a small one went");
    [...small, ...large].forEach((ws) => ws.close());
  });

  attack("TOTAL_PARTIAL_BYTES counts heads and bodies that are not whole", { env: { TOTAL_PARTIAL_BYTES: "300000", MAX_PAYLOAD_BYTES: "300000" } }, async ({ port }) => {
    const small = await crowd(4, 4, async () => (await Raw.open(port)).write("GET / HTTP/1.1\r\nA: b"));
    const large = await crowd(4, 4, async (i) => {
      const raw = await Raw.open(port);
      const { target } = await loginByPolling(raw, `large ${i}`);
      return raw.write(`POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n${"x".repeat(150_000)}`);
    });
    while (large.filter((raw) => raw.over).length < 2) await pause(10);
    assert.ok(small.every((raw) => !raw.over), "a small one went");
    [...small, ...large].forEach((raw) => raw.close());
  });

  attack("TOTAL_PARTIAL_BYTES counts attachments that wait for the last one", { env: { TOTAL_PARTIAL_BYTES: "1000000" }, memoryMb: 24 }, async ({ port }) => {
    const mean = await crowd(10, 10, (i) => login(port, `promises ${i}`));
    mean.forEach((ws) => ws.send('452-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]').write(frame(2, Buffer.alloc(500_000))));
    while (mean.filter((ws) => ws.over || ws.got[0] === 0x88).length < 9) await pause(10); // there is room for one
    mean.forEach((ws) => ws.close());
  });

  attack("CLIENT_EVENTS_PER_S: a client that sends more is slowed, loses nothing and does not time out", { env: { CLIENT_EVENTS_PER_S: "20", PING_INTERVAL_MS: "200", PING_TIMEOUT_MS: "300" } }, async ({ port }) => {
    const ws = await login(port, "eager");
    const start = performance.now();
    for (let i = 0; i < 80; ++i) ws.send('42["nobody hears this"]');
    ws.write(frame(9, "last"));
    for (;;) {
      const next = await ws.frame();
      assert.ok(next && next.opcode !== 8, "it was closed");
      if (next.opcode === 1 && next.payload.toString() === "2") ws.send("3");
      if (next.opcode === 10) break;
    }
    assert.ok(performance.now() - start > 1500, "40 at once, then 20 a second");
    ws.close();
  });

  attack("SEND_QUEUE_BYTES: one that does not read is closed and its memory freed", { env: { SEND_QUEUE_BYTES: "100000" }, memoryMb: 16, cpuMs: 2000 }, async (town) => {
    const deaf = (await login(town.port, "deaf")).pause();
    const data = "x".repeat(100_000);
    for (let i = 0; i < 200; ++i) {
      const { status, body } = await town.emit("deaf", data.slice(0, 90_000));
      assert.equal(status, 202);
      if (JSON.parse(body).online === 0) break;
      assert.ok(i < 199, "it is still there");
    }
    deaf.close();
  });

  const queueLimits = { TOTAL_QUEUE_BYTES: "3000000", SEND_QUEUE_BYTES: "100000000", THREADS: "1" };
  attack("TOTAL_QUEUE_BYTES: of many that do not read the one for whom most waits is closed", { env: queueLimits, memoryMb: 24, cpuMs: 2000 }, async (town) => {
    const names = Array.from({ length: 8 }, (_, i) => `deaf ${i}`);
    const deaf = await crowd(9, 9, async (i) => (await login(town.port, names[i] ?? "deafest")).pause());
    const tell = async (user) => {
      const { status, body } = await town.emit(user, "x".repeat(90_000));
      assert.equal(status, 202);
      return JSON.parse(body).online;
    };
    for (const user of Array(3).fill(names).flat()) assert.equal(await tell(user), 1);
    for (let i = 0; (await tell("deafest")) !== 0; ++i) assert.ok(i < 200, "it is still there");
    await town.unharmed();
    for (const user of names) assert.equal(await tell(user), 1, `${user} went as well`);
    deaf.forEach((ws) => ws.close());
  });

  attack("TOTAL_QUEUE_BYTES: answers that a polling client asks for again and again, on ever new connections, and never reads", { env: { TOTAL_QUEUE_BYTES: "3000000" }, memoryMb: 24, cpuMs: 3000 }, async (town) => {
    const first = await Raw.open(town.port);
    const { target } = await loginByPolling(first, "deaf");
    const all = [];
    for (let i = 0; i < 60; ++i) {
      assert.equal((await town.emit("deaf", "x".repeat(900_000))).status, 202);
      all.push((await Raw.open(town.port)).pause().write(get(target)));
      while ((await town.state()).queuedBytes > 3_000_000);
    }
    [first, ...all].forEach((raw) => raw.close());
  });

  attack("TOTAL_QUEUE_BYTES: large answers that strangers ask for and do not read", { env: { TOTAL_QUEUE_BYTES: "3000000", THREADS: "1" }, memoryMb: 24, cpuMs: 3000 }, async (town) => {
    // Each waits until the server has come to what it asked: one turn makes no more answers than there are who ask at once.
    const all = await crowd(200, 20, async () => {
      const raw = (await Raw.open(town.port)).pause().write(get("/large"));
      const behind = await Raw.open(town.port);
      await behind.write(get("/healthz")).answer();
      behind.close();
      return raw;
    });
    while ((await town.state()).queuedBytes > 3_000_000);
    all.forEach((raw) => raw.close());
  });

  attack("MAILBOX_MESSAGES: past it emits are refused with 429 and Retry-After, all or none", { env: { MAILBOX_MESSAGES: "10", THREADS: "1" }, newcomers: false }, async (town) => {
    const sockets = await crowd(11, 11, () => login(town.port, "eleven at once"));
    const { status, headers } = await town.emit("eleven at once", 1);
    assert.deepEqual([status, Number(headers["retry-after"]) > 0], [429, true]);
    sockets.forEach((ws) => ws.close());
  });
});
