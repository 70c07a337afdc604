// What clients and workers can make the server keep: for each row of the table of limits in docs/security.md the largest of everything,
// as much of it as is let in, held against the row's column "memory at most" and 8 MB.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { FaultyDisk } from "../support/faulty_disk.mjs";
import { pause } from "../support/server.mjs";
import { frame, get, polling, post, Raw, text, Ws } from "./raw.mjs";
import { apiKey, crowd, login, loginByPolling, openPolling, scaled, token, Town } from "./town.mjs";

const kSlackMb = 8; // what an allocator rounds up, and what a turn needs while it works
const units = { bytes: 1 / 2 ** 20, KiB: 1 / 2 ** 10, MiB: 1 };
const size = /^([\d.,]+) (bytes|KiB|MiB)/;
function megabytes(said) {
  const [, number, unit] = size.exec(said);
  return Number(number.replaceAll(",", "")) * units[unit];
}

/** The rows of the table by their first cell: what they allow, `{megabytes, each}`, or the total that bounds them as well: `{within}`. */
function documentedBounds() {
  const lines = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8").split("\n");
  const cells = (line) => line.split("|").slice(1, -1).map((cell) => cell.trim());
  const head = lines.findIndex((line) => line.startsWith("|") && cells(line).includes("memory at most"));
  const rows = new Map();
  for (let at = head + 2; lines[at].startsWith("|"); at++) {
    const [what, settings, defaults, , most] = cells(lines[at]);
    const row = { settings: [...settings.matchAll(/`(\w+)`/g)].map(([, name]) => name), defaults: defaults.split(", "), each: most.endsWith(" each"), within: /^within `(\w+)`$/.exec(most)?.[1] };
    if (size.test(most)) row.megabytes = megabytes(most);
    assert.ok(row.megabytes !== undefined || row.within || most === "–", `"${most}" is neither a size nor "–": ${what}`);
    rows.set(what, row);
  }
  return rows;
}

const bounds = documentedBounds();
const boundedBy = (setting) => [...bounds.values()].find((row) => row.settings.includes(setting) && row.megabytes);
/** What a setting is in the table, in MB; it may be as another one. */
function defaultOf(setting) {
  const { settings, defaults } = boundedBy(setting);
  const said = defaults[settings.indexOf(setting)];
  return size.test(said) ? megabytes(said) : defaultOf(/`(\w+)`/.exec(said)[1]);
}
/** The row's bound with these settings: it grows with its own. */
function boundOf(name, env) {
  assert.ok(bounds.has(name), `docs/security.md has no row "${name}"`);
  const { within } = bounds.get(name);
  const row = within ? boundedBy(within) : bounds.get(name);
  assert.ok(row?.megabytes, `docs/security.md says no size for the row "${name}"`);
  const changed = row.each ? undefined : row.settings.find((setting) => env[setting]);
  return changed ? { megabytes: (row.megabytes * Number(env[changed])) / 2 ** 20 / defaultOf(changed) } : row;
}

const driven = new Set();
const connectionRow = "connections", storeRow = "outcomes and receipts that wait for the disk";

/**
 * One way to fill what a row bounds. `fill(town, hold)` opens what it needs, says `hold(client)` of each client that is to go afterwards, and
 * returns how many of what the row counts were let in. What the connections themselves take is bounded in their own row, and comes on top.
 */
function fills(row, how, env, fill) {
  for (const [name, { settings }] of bounds) if (name === row || settings.includes(bounds.get(row)?.within)) driven.add(name);
  test(`${row}: ${how}`, { timeout: 60_000 }, async (t) => {
    const bound = boundOf(row, env);
    const folder = env.DATA_DIR && mkdtempSync(join(tmpdir(), "signalbox-memory-"));
    const disk = env.faulty && new FaultyDisk();
    const town = await Town.build({ THREADS: "1", PING_INTERVAL_MS: "100000", ...env, ...disk?.env, ...(folder && { DATA_DIR: folder }) });
    const held = [];
    try {
      await served(town); // or the first login's allocations count
      await town.settled();
      town.proc.forgetPeak();
      const before = town.proc.memoryKb();
      disk?.begin("hang");
      const count = await fill(town, (one) => (held.push(one), one), t);
      await served(town);
      const { connections, sessions } = await town.state();
      let own = row === connectionRow ? 0 : boundOf(connectionRow, env).megabytes * Math.max(connections, sessions);
      if (env.DATA_DIR && row !== storeRow) own += boundOf(storeRow, env).megabytes;
      const grown = (town.proc.peakKb() - before) / 1024;
      const allowed = bound.megabytes * (bound.each ? count : 1) + own + kSlackMb;
      t.diagnostic(`memory +${grown.toFixed(1)} MB of ${allowed.toFixed(1)}: ${count ?? "all"} of these, ${connections} connections, ${sessions} sessions`);
      if (bound.each) t.diagnostic(`${((grown * 2 ** 20) / count).toFixed(0)} bytes each`);
      if (!process.env.SIGNALBOX_BUILD) assert.ok(grown <= allowed, `memory grew by ${grown.toFixed(1)} MB, and may by ${allowed.toFixed(1)}`);
    } finally {
      disk?.end("hang");
      held.forEach((one) => one.close());
      await town.leave();
      disk?.close();
      if (folder) rmSync(folder, { recursive: true });
    }
  });
}

let rounds = 0;
/** The witness gets an event, whatever else it hears, and somebody new logs in. */
async function served(town) {
  const n = ++rounds;
  assert.equal((await town.emit("witness", { n })).status, 202);
  while (!(await town.heard.next(2000)).startsWith(`42["note",{"n":${n}}`));
  (await login(town.port, `stranger ${n}`)).close();
}
const opens = (count, one) => crowd(scaled(count), 100, one);
/** Settings with which nobody is sent away for being slow or many. */
const patient = { HEADER_TIMEOUT_MS: "60000", BODY_TIMEOUT_MS: "60000", CONNECT_TIMEOUT_MS: "60000", IDLE_TIMEOUT_MS: "60000", ATTACHMENTS_TIMEOUT_MS: "60000" };
const crowded = { ...patient, MAX_UNAUTHENTICATED: "100000", MAX_CONNECTIONS_PER_USER: "0", CLIENT_EVENTS_PER_S: "0" };
const withKey = `Authorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\n`;
const emits = (events, fields = "") => post("/api/emit", JSON.stringify(events), withKey + fields);
const big = (bytes) => "x".repeat(bytes);
/** Reads all that comes until the case ends, and answers no ping. */
const drains = (client) => (client.socket.removeAllListeners("data"), client.socket.resume(), client);
/** Posts `batches` one after the other over one connection, `width` under way at once. True: an answer said `last`, and no more were posted. */
async function posts(town, batches, width = 8, last = undefined) {
  const worker = await Raw.open(town.port);
  let sent = 0, over = false;
  const next = () => !over && sent < batches.length && worker.write(batches[sent++]());
  for (let i = 0; i < width; ++i) next();
  for (let answered = 0; answered < sent; ++answered, next()) {
    const { body } = await worker.answer(20_000);
    over ||= last !== undefined && body.includes(last);
  }
  worker.close();
  return over;
}

// ---- Connections and sessions

fills("connections", "5,000 that say nothing", patient, async (town, hold) => {
  const all = await opens(5000, async () => hold(await Raw.open(town.port)));
  return all.length;
});

fills("connections", "5,000 users on a WebSocket", crowded, async (town, hold) => {
  const all = await opens(5000, async (i) => hold(drains(await login(town.port, `user ${i}`))));
  return all.length;
});

fills("connections", "3,000 users who poll, each poll with a head of 16 KB", crowded, async (town, hold) => {
  const all = await opens(3000, async (i) => {
    const raw = hold(await Raw.open(town.port));
    const { target } = await loginByPolling(raw, `user ${i}`);
    return raw.write(get(target, `A: ${big(15_500)}\r\n`));
  });
  return all.length;
});

fills("idle connection between requests", "3,000 behind the largest answers to preflights", { ...patient, CORS_ORIGIN: "*" }, async (town, hold) => {
  const all = await opens(3000, async () => {
    const raw = hold(await Raw.open(town.port));
    const preflight = `OPTIONS ${polling} HTTP/1.1\r\nHost: x\r\nOrigin: https://example.com\r\nAccess-Control-Request-Headers: ${big(15_500)}\r\n\r\n`;
    assert.equal((await raw.write(preflight).answer()).status, 204);
    return raw;
  });
  return all.length;
});

fills("sessions without a login, all together", "1,000 that poll, each poll with a head of 16 KB", patient, async (town, hold) => {
  const all = await opens(1000, async () => {
    const raw = hold(await Raw.open(town.port));
    const { target } = await openPolling(raw);
    return raw.write(get(target, `A: ${big(15_500)}\r\n`));
  });
  return all.length;
});

fills("what is kept of the request heads of sessions without a login: target and fields", "20,000 with cookies, addresses and a query of 15 KB", { ...crowded, MAX_CONNECTIONS: "30000" }, async (town, hold) => {
  const raw = hold(await Raw.open(town.port));
  const fields = `Cookie: a=${big(5000)}\r\nX-Forwarded-For: ${"10.0.0.1, ".repeat(400)}10.0.0.1\r\n`;
  const request = get(`${polling}&a=${big(5000)}`, fields).repeat(20);
  for (let i = 0; i < scaled(1000); ++i) {
    raw.write(request);
    for (let j = 0; j < 20; ++j) assert.equal((await raw.answer(10_000)).status, 200);
  }
});

fills("what is kept of the request heads of sessions without a login: target and fields", "20,000 with 90 short fields", { ...crowded, MAX_CONNECTIONS: "30000" }, async (town, hold) => {
  const raw = hold(await Raw.open(town.port));
  const request = get(polling, "A:b\r\n".repeat(90)).repeat(20);
  for (let i = 0; i < scaled(1000); ++i) {
    raw.write(request);
    for (let j = 0; j < 20; ++j) assert.equal((await raw.answer(10_000)).status, 200);
  }
});

const claims = (user) => ({ id: user, exp: 9999999999, roles: Array.from({ length: 400 }, (_, i) => `role ${i}`), name: big(400) });
const payload = (user, bytes) => JSON.stringify({ token: token(claims(user)), a: big(bytes) });

fills("namespaces of a connection", "300 connections in ten each, with the largest payload and claims", crowded, async (town, hold) => {
  const all = await opens(300, async (i) => {
    const ws = hold(drains(await Ws.open(town.port, { fields: `A: ${big(15_000)}\r\n` })));
    ws.send(`40${payload(`user ${i}`, 8000)}`);
    for (let n = 1; n < 10; ++n) ws.send(`40/${n},${JSON.stringify({ a: big(16_000) })}`);
    return ws;
  });
  await pause(100);
  return all.length * 10;
});

// ---- What is half-finished

const total = "half-finished heads, bodies, messages and attachments of all clients";

fills("request head", "9,000 of 16 KB that do not end", patient, async (town, hold) => {
  await opens(9000, async () => hold(await Raw.open(town.port)).write(`GET / HTTP/1.1\r\nA: ${big(16_000)}`));
});

fills("request head", "9,000 of 100 short fields that do not end", patient, async (town, hold) => {
  await opens(9000, async () => hold(await Raw.open(town.port)).write(`GET / HTTP/1.1\r\n${"A:b\r\n".repeat(99)}`));
});

fills("request body", "workers' that do not end", patient, async (town, hold) => {
  await opens(150, async () => hold(await Raw.open(town.port)).write(`POST /api/emit HTTP/1.1\r\nHost: x\r\n${withKey}A: ${big(15_000)}\r\nContent-Length: 1000000\r\n\r\n${big(940_000)}`));
});

fills("request body", "3,000 polling clients without a login, with a head of 16 KB and a body that does not end", crowded, async (town, hold) => {
  await opens(3000, async () => {
    const raw = hold(await Raw.open(town.port));
    const { target } = await openPolling(raw);
    raw.write(`POST ${target} HTTP/1.1\r\nHost: x\r\nA: ${big(15_500)}\r\nContent-Length: 16000\r\n\r\n${big(15_000)}`);
  });
});

fills("request body", "chunked", crowded, async (town, hold) => {
  await opens(150, async (i) => {
    const raw = hold(await Raw.open(town.port));
    const { target } = await loginByPolling(raw, `user ${i}`);
    raw.write(`POST ${target} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${`400;${big(10)}\r\n${big(1024)}\r\n`.repeat(600)}`);
  });
});

fills("message", "frames of 1 MB that do not end", crowded, async (town, hold) => {
  await opens(150, async (i) => hold(await login(town.port, `user ${i}`)).write(text(`4${big(999_000)}`).subarray(0, 950_000)));
});

fills("message", "the largest events, and their answers", crowded, async (town, hold) => {
  const ws = hold(await login(town.port, "user"));
  for (let n = 0; n < 10; ++n) {
    ws.send(`42["nobody hears this",${"[],".repeat(300_000)}1]`);
    assert.match(await ws.send(`42["message","${big(990_000)}"]`).message(10_000), /^42\["message-back"/);
  }
});

fills("fragments of a message, empty ones included", "1,000 fragments of 950 bytes, and no end", crowded, async (town, hold) => {
  await opens(150, async (i) => {
    const ws = hold(await login(town.port, `user ${i}`));
    ws.write(frame(1, "4", { fin: false }));
    ws.write(Buffer.concat(Array.from({ length: 1000 }, () => frame(0, big(950), { fin: false }))));
  });
});

fills("attachments, placeholders", "all but the last of ten", crowded, async (town, hold) => {
  const places = Array.from({ length: 10 }, (_, num) => ({ _placeholder: true, num }));
  await opens(150, async (i) => {
    const ws = hold(await login(town.port, `user ${i}`));
    ws.send(`4510-${JSON.stringify(["message", ...places])}`);
    for (let n = 0; n < 9; ++n) ws.write(frame(2, Buffer.alloc(105_000)));
  });
});

fills("attachments, placeholders", "empty ones, on 5,000 sockets", crowded, async (town, hold) => {
  const places = Array.from({ length: 10 }, (_, num) => ({ _placeholder: true, num }));
  await opens(5000, async (i) => {
    const ws = hold(await login(town.port, `user ${i}`));
    ws.send(`4510-${JSON.stringify(["message", ...places])}`);
    for (let n = 0; n < 9; ++n) ws.write(frame(2, ""));
  });
});

fills("Socket.IO packets from a client, but acknowledgements", "what is not read yet, by WebSocket and by polling", { ...crowded, CLIENT_EVENTS_PER_S: "1" }, async (town, hold) => {
  const packet = '42["nobody hears this"]';
  await opens(1000, async (i) => hold(await login(town.port, `user ${i}`)).write(text(packet).toString("latin1").repeat(3000)));
  await opens(300, async (i) => {
    const raw = hold(await Raw.open(town.port));
    const { target } = await loginByPolling(raw, `user ${i}`);
    await raw.write(post(target, Array(500).fill(packet).join("\x1e"))).answer();
    raw.write(post(target, packet + big(200_000), `Content-Type: text/${big(15_500)}\r\n`));
  });
});

// ---- What waits for clients

const queues = "what waits for all clients together, answers that are not read included; an event that several clients wait for counts once, as it is in memory once, and a place in the queue of each";
/** Queues of all sizes are open: the total alone bounds them. */
const unbounded = { ...crowded, SEND_QUEUE_BYTES: "100000000", TOTAL_QUEUE_BYTES: "64000000", MAILBOX_MESSAGES: "1000000" };
const progress = (userId, jobId, data = "") => ({ userId, event: "job_progress", data: { jobId, data } });
const outcome = (userId, jobId, data = "") => ({ userId, event: "job_completed", data: { jobId, data } });
const batches = (count, each, event) => Array.from({ length: scaled(count) }, (_, b) => () => emits(Array.from({ length: each }, (_, i) => event(b * each + i))));

fills(queues, "large events for clients that do not read", unbounded, async (town, hold) => {
  await opens(100, async (i) => hold(await login(town.port, `user ${i}`)).pause());
  await posts(town, batches(200, 1, (i) => ({ userId: `user ${i % scaled(100)}`, event: "note", data: big(900_000) })));
});

fills(queues, "small events for clients that do not read", unbounded, async (town, hold) => {
  await opens(100, async (i) => hold(await login(town.port, `user ${i}`)).pause());
  await posts(town, batches(2000, 1000, (i) => ({ userId: `user ${i % scaled(100)}`, event: "e", data: i })));
});

fills(queues, "progress of ever new jobs, of which nothing is outdated, for 300 sockets of one user", unbounded, async (town, hold) => {
  await opens(300, async () => hold(await login(town.port, "user")).pause());
  await posts(town, batches(150, 100, (i) => progress("user", `job ${i}`)), 1);
});

fills(queues, "polling answers that a user asks for again and again and never reads", { ...unbounded, MAX_CONNECTIONS_PER_USER: "500" }, async (town, hold) => {
  const slow = hold(await login(town.port, "slow")).pause();
  for (let i = 0; i < 10; ++i) assert.equal((await town.emit("slow", big(90_000))).status, 202);
  const first = hold(await Raw.open(town.port));
  const { target } = await loginByPolling(first, "deaf");
  for (let i = 0; i < 120; ++i) {
    assert.equal((await town.emit("deaf", big(900_000))).status, 202);
    hold(await Raw.open(town.port)).pause().write(get(target));
  }
  slow.socket.resume();
  for (let i = 0; i < 10; ++i) assert.match((await slow.message()) ?? "closed", /^42\["note"/, "another one went for it");
});

fills("questions (`jobs`, `job_status`, `presence`)", "100 sockets that do not read the answers", { TOTAL_QUEUE_BYTES: "64000000" }, async (town, hold) => {
  await posts(town, batches(20, 10, (i) => progress("asker", `job ${i}`, big(90_000))));
  await opens(100, async () => {
    const ws = hold(await login(town.port, "asker")).pause();
    for (let n = 0; n < 50; ++n) ws.send(`42${n}["jobs"]`);
  });
  await pause(500);
});

fills("what waits for one client", "20 that do not read", crowded, async (town, hold) => {
  const all = await opens(20, async (i) => hold(await login(town.port, `user ${i}`)).pause());
  await posts(town, batches(200, 200, (i) => ({ userId: `user ${i % all.length}`, event: "note", data: big(3000) })));
  return all.length;
});

fills("acknowledgements waited for", "1,000 each of 100 sockets", { ...crowded, ACK_TIMEOUT_MS: "60000" }, async (town, hold) => {
  const all = await opens(100, async (i) => hold(drains(await login(town.port, `user ${i}`))).send('42["ask many",1000]'));
  await pause(300);
  return all.length * 1000;
});

fills("`user_online` and `user_offline` for one client", "3,000 users who come and go while one does not read", { ...crowded, PRESENCE_EVENTS: "on" }, async (town, hold) => {
  hold(await login(town.port, "deaf")).pause();
  await posts(town, batches(30, 10, () => ({ userId: "deaf", event: "note", data: big(2500) })));
  const all = await opens(3000, async (i) => (await login(town.port, longId(i))).reset());
  return all.length;
});

// ---- What is kept

const jobs = "what is kept of jobs, in memory";
const small = { LEDGER_TOTAL_BYTES: "16777216" }, middling = { LEDGER_TOTAL_BYTES: "33554432" };
const longId = (i) => `${i} `.padEnd(256, "i");

fills(jobs, "progress of 900 KB", middling, async (town) => {
  await posts(town, batches(150, 1, (i) => progress(`user ${i % 10}`, `job ${i}`, big(900_000))), 1);
});

fills(jobs, "progress of one job a user, with the longest ids", small, async (town) => {
  await posts(town, batches(300, 500, (i) => progress(longId(i), longId(i))));
});

fills(jobs, "received outcomes of many users", small, async (town, hold) => {
  const ws = hold(drains(await login(town.port, "user")));
  await posts(town, batches(300, 500, (i) => progress("user", longId(i))));
  await pause(1500);
});

for (const [what, event, ledger = small] of [
  ["one a user", (i) => outcome(`user ${i}`, `${i}`)],
  ["one a user, with the longest ids", (i) => outcome(longId(i), longId(i))],
  ["many a user", (i) => outcome(`user ${i % 100}`, `${i}`)],
  ["many a user, with the longest ids", (i) => outcome(`user ${i % 100}`, longId(i))],
  ["of 900 KB", (i) => outcome(`user ${i}`, `${i}`, big(900_000)), middling],
])
  for (const store of [false, true])
    fills("memory for the unread outcomes of all users: their index, ids included; with `DATA_DIR` empty their data as well", `${what}, ${store ? "with a store" : "in memory alone"}`, { ...ledger, UNREAD_TOTAL_BYTES: ledger.LEDGER_TOTAL_BYTES, UNREAD_OUTCOMES_PER_USER: "1000000", ...(store && { DATA_DIR: "a folder", STORE_QUEUE_BYTES: "8388608" }) }, async (town, hold, t) => {
      let taken = 0;
      const large = what.endsWith("KB");
      const ends = await posts(town, batches(large ? 60 : 400, large ? 1 : 1000, (i) => event(taken = i)), large ? 1 : 4, "UNREAD_TOTAL_BYTES");
      assert.ok(ends || (store && large) || process.env.SIGNALBOX_BUILD, "all were taken");
      t.diagnostic(`${taken} outcomes`);
    });

fills("unread outcomes of a user", "receipts that 60 sockets owe for 10,000 outcomes", { ...crowded, ...small, UNREAD_TOTAL_BYTES: "16777216" }, async (town, hold) => {
  await opens(60, async () => hold(drains(await login(town.port, "user"))));
  await posts(town, batches(100, 100, (i) => outcome("user", `${i}`)), 4);
});

fills(storeRow, "a disk that hangs", { DATA_DIR: "a folder", STORE_TIMEOUT_MS: "60000", faulty: true }, async (town, hold) => {
  // Each has been read before the next one comes: what is half-finished has a bound of its own.
  for (let i = 0; i < 100; ++i) {
    hold(await Raw.open(town.port)).write(emits(outcome(`user ${i}`, `${i}`, big(900_000))));
    while ((await town.state()).partialBytes > 0);
  }
});

fills("answers to requests with an Idempotency-Key", "100,000 of 256 bytes", {}, async (town) => {
  const request = (_, i) => emits({ userId: "nobody", event: "note" }, `Idempotency-Key: ${longId(i)}\r\n`);
  const many = Array.from({ length: scaled(120_000) }, request);
  const worker = await Raw.open(town.port);
  while (many.length > 0) {
    const some = many.splice(-500);
    worker.write(some.join(""));
    // Counted and not read: this test is slower than the server.
    await worker.until((got) => got.toString("latin1").split("HTTP/1.1 202").length > some.length, "answers", 10_000);
    await worker.until((got) => got.subarray(-1).toString() === "}", "the last one's body");
    worker.take(worker.got.length);
  }
  worker.close();
});

fills("origins that were refused and told of in the log", "20,000 invented ones", {}, async (town, hold) => {
  const raw = hold(await Raw.open(town.port));
  for (let i = 0; i < 1000; ++i) {
    raw.write(Array.from({ length: 20 }, (_, n) => get(`${polling}&sid=a`, `Origin: https://${`${i}-${n}`.padEnd(240, "x")}\r\n`)).join(""));
    for (let n = 0; n < 20; ++n) await raw.answer(10_000);
  }
});

fills("users who are online or in their grace", "10,000 whose sockets have gone", { ...crowded, PRESENCE_GRACE_MS: "60000" }, async (town) => {
  const all = await opens(10_000, async (i) => (await login(town.port, longId(i))).close());
  return all.length;
});

const followers = "transitions that wait for those who follow `GET /api/presence` as a stream; what waits at the connection of one";
fills(followers, "20 that do not read, while 5,000 users with long ids come and go", { ...crowded, PRESENCE_EVENTS: "off", PRESENCE_GRACE_MS: "0" }, async (town, hold) => {
  for (let i = 0; i < 20; ++i) {
    const raw = hold(await Raw.open(town.port));
    raw.socket.pause();
    raw.write(get("/api/presence", `${withKey}Accept: text/event-stream\r\n`));
  }
  await opens(5000, async (i) => (await login(town.port, longId(i))).close());
});

// ---- Sockets that may come back

const recovery = "what is kept for sockets that may come back, with `RECOVERY_WINDOW_MS` on: events, and each socket that has gone; of one user, and of all";
const comingBack = { ...crowded, RECOVERY_WINDOW_MS: "60000" };

fills(recovery, "events for sockets that are gone", comingBack, async (town) => {
  await opens(200, async (i) => (await login(town.port, `user ${i}`)).reset());
  await posts(town, batches(200, 1000, (i) => ({ userId: `user ${i % 200}`, event: "note", data: big(800) })), 4);
});

fills(recovery, "events that their clients have not confirmed", comingBack, async (town, hold) => {
  await opens(200, async (i) => hold(drains(await login(town.port, `user ${i}`))));
  await posts(town, batches(200, 1000, (i) => ({ userId: `user ${i % 200}`, event: "note", data: big(800) })), 4);
});

fills(recovery, "10,000 sockets that are gone, of users with long ids", { ...comingBack, RECOVERY_TOTAL_BYTES: "4194304" }, async (town) => {
  await opens(10_000, async (i) => (await login(town.port, longId(i))).reset());
});

test("each row of the table that says how much it keeps is driven", () => {
  const silent = [...bounds].filter(([name, row]) => (row.megabytes || row.within) && !driven.has(name)).map(([name]) => name);
  assert.deepEqual(silent, []);
});
