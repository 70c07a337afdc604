// A worker's events on their way to the real server and to real clients.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { api, eventually, freePort, hearing, line, login, pause, remote, startProgram } from "./support.mjs";

const done = (jobId, more = {}) => JSON.stringify({ jobId, result: jobId, ...more });
const fails = (promise, code, says = /./) => assert.rejects(promise, (error) => error.name === "EmitError" && error.code === code && says.test(error.message));

describe("with a server that is there", () => {
  let server, ada;
  before(async () => {
    server = await startProgram({ UNREAD_OUTCOMES_PER_USER: "10" });
    ada = await login(server, { user: "ada" });
  });
  after(async () => {
    ada.disconnect();
    await server.stop();
  });

  test("an event arrives, its data byte for byte, whatever the user's id", async (t) => {
    const io = remote(t, server.url);
    const odd = 'a/b c+ü"\\';
    const other = await login(server, { user: odd });
    assert.equal(io.emit("ada", "news", '{ "n": 9007199254740993 }').sockets, 0, "nobody is followed");
    assert.equal(await io.emit(odd, "news", '"ü€\\u0000"').settled, "accepted");
    assert.equal(await other.heard("news"), "ü€\0");
    await ada.heard("news");
    other.disconnect();
    const seven = io.emit(7, "news", "null");
    await seven.settled;
  });

  test("what is emitted in one turn of the event loop leaves in one request, and in its order", async (t) => {
    const requests = [];
    const io = remote(t, await line(t, server.port, (request) => (requests.push(request), false)));
    const { order } = hearing(ada, "tick");
    for (let i = 0; i < 500; ++i) io.emit(i % 2 ? "ada" : `user ${i}`, "tick", JSON.stringify({ jobId: i }));
    await io.flush();
    await eventually(() => order.length === 250);
    assert.deepEqual(order, Array.from({ length: 250 }, (_, i) => 2 * i + 1));
    assert.equal(requests.length, 1);
    assert.match(requests[0], /\r\nIdempotency-Key: /i);
  });

  test("a bad event amid 999 good ones is rejected, and they are told", async (t) => {
    const io = remote(t, server.url);
    const { order } = hearing(ada, "good");
    const all = Array.from({ length: 1000 }, (_, i) => io.emit("ada", i === 500 ? "disconnect" : "good", JSON.stringify({ jobId: i })).settled);
    await fails(all[500], "reserved_event", /\[500\] event: Socket\.IO keeps/);
    assert.deepEqual(new Set(await Promise.all(all.filter((_, i) => i !== 500))), new Set(["accepted"]));
    await eventually(() => order.length === 999);
    assert.deepEqual(order, Array.from({ length: 1000 }, (_, i) => i).filter((i) => i !== 500));
  });

  for (const [what, user, event, text, code] of [
    ["a lone surrogate", "ada", "x", '"\\ud800"', "invalid_json"], ["a number beyond the range", "ada", "x", "1e400", "invalid_json"], ["data nested too deep", "ada", "x", "[".repeat(200) + "]".repeat(200), "invalid_json"],
    ["no user", "", "x", "1", "invalid_user"], ["no event", "ada", "", "1", "invalid_event"], ["a job's id too long", "ada", "job_completed", done("x".repeat(257)), "invalid_job"],
  ])
    test(`${what} is rejected, and its neighbours are told`, async (t) => {
      const io = remote(t, server.url);
      const [before, bad, behind] = [io.emit("ada", "near", "1"), io.emit(user, event, text), io.emit("ada", "near", "2")];
      await fails(bad.settled, code);
      assert.deepEqual([await before.settled, await behind.settled], ["accepted", "accepted"]);
    });

  test("more than the server takes at once leaves in several requests, and one event too large for it is rejected", async (t) => {
    const small = await startProgram({ MAX_PAYLOAD_BYTES: "20000" });
    const io = remote(t, small.url);
    const all = Array.from({ length: 100 }, (_, i) => io.emit("eve", "x", JSON.stringify("y".repeat(1000) + i)).settled);
    await fails(io.emit("ada", "x", JSON.stringify("y".repeat(30_000))).settled, "too_large");
    assert.deepEqual(new Set(await Promise.all(all)), new Set(["accepted"]));
    await small.stop();
  });

  test("a user with too many unread outcomes has what fits, and waits for itself alone with the rest", async (t) => {
    const io = remote(t, server.url);
    const accepted = [];
    const away = Array.from({ length: 13 }, (_, i) => io.emit("away", "job_completed", done(i)).settled.then(() => accepted.push(i)));
    assert.equal(await io.emit("ada", "job_completed", done("own")).settled, "accepted");
    await ada.heard("job_completed");
    await Promise.all(away.slice(0, 10));
    assert.deepEqual(accepted, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const back = await login(server, { user: "away" }); // receives, and the rest has room
    await Promise.all(away);
    for (let i = 0; i < 13; ++i) assert.equal((await back.heard("job_completed")).jobId, i);
    back.disconnect();
  });

  test("a user has 1,000 events waiting at most, and nobody else is refused for it", async (t) => {
    const io = remote(t, server.url);
    const away = Array.from({ length: 1000 }, (_, i) => io.emit("far away", "job_completed", done(i)).settled);
    await fails(io.emit("far away", "job_completed", done("more")).settled, "overloaded", /^1000 events of this user wait/);
    assert.deepEqual(await Promise.all(away.slice(0, 10)), Array(10).fill("accepted"));
    for (let i = 0; i < 20; ++i) assert.equal(await io.emit("eve", "x", `${i}`).settled, "accepted");
    assert.equal(io.waiting, 990);
  });

  test("a wrong key, or a wrong address, is said with what would be right", async (t) => {
    await fails(remote(t, server.url, { apiKey: "nonsense" }).emit("ada", "x", "1").settled, "unauthorized", /refuses the API key \(401\): give SIGNALBOX_API_KEY/);
    await fails(remote(t, `${server.url}/elsewhere`).emit("ada", "x", "1").settled, "refused", /SIGNALBOX_URL/);
    const closed = await startProgram({ API_KEY: "" });
    await fails(remote(t, closed.url).emit("ada", "x", "1").settled, "unauthorized", /API_KEY is configured/);
    await closed.stop();
  });
});

test("an outcome that the store can never take is rejected, and its neighbours are told and kept", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-remote-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await (await startProgram({ DATA_DIR: folder })).stop();
  const triggers = [["bad", "RAISE(ABORT, 'no such jobs')"], ["large", "zeroblob(2000000000)"]]
    .map(([job, what]) => `CREATE TRIGGER ${job} BEFORE INSERT ON outcome WHEN NEW.job = '${job}' BEGIN SELECT ${what}; END;`);
  execFileSync("python3", ["-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])", join(folder, "outcomes.db"), triggers.join("\n")]);
  const server = await startProgram({ DATA_DIR: folder });
  t.after(() => server.stop());
  const ada = await login(server, { user: "ada" });
  t.after(() => ada.disconnect());
  const { order } = hearing(ada, "tick");
  const io = remote(t, server.url);
  for (const [job, code] of [["bad", "not_durable"], ["large", "too_large"]]) {
    const good = [io.emit("ada", "tick", done(`${job} 1`)), io.emit("ada", "job_completed", done(`${job} 2`))];
    const bad = io.emit("ada", "job_completed", done(job));
    good.push(io.emit("eve", "job_completed", done(`${job} 3`)), io.emit("ada", "tick", done(`${job} 4`)));
    await fails(bad.settled, code, /^The store /);
    assert.deepEqual(new Set(await Promise.all(good.map(({ settled }) => settled))), new Set(["accepted"]));
    assert.equal((await api(server, "GET", `/api/users/eve/jobs/${job}%203`)).body.event, "job_completed");
  }
  await eventually(() => order.length >= 4);
  assert.deepEqual(order, ["bad 1", "bad 4", "large 1", "large 4"], "what is no outcome is told once");
});

test("answers that are lost on the line: each outcome is told once, each user's in their order", { timeout: 60_000 }, async (t) => {
  const server = await startProgram();
  const sockets = await Promise.all(["ada", "bob", "eve"].map((user) => login(server, { user })));
  const heard = sockets.map((socket) => hearing(socket));
  let answers = 0, cuts = 0;
  const io = remote(t, await line(t, server.port, (request) => request.startsWith("POST") && ++answers % 3 === 0 && ++cuts > 0));
  const count = 1500;
  for (let i = 0; i < count; ++i) {
    io.emit(["ada", "bob", "eve"][i % 3], "job_completed", done(i));
    if (i % 30 === 29) await pause(10);
  }
  await io.flush();
  await eventually(() => heard.reduce((sum, { order }) => sum + order.length, 0) >= count);
  heard.forEach(({ order }, user) => assert.deepEqual(order, Array.from({ length: count / 3 }, (_, i) => 3 * i + user)));
  assert.ok(cuts > 3, `${cuts} answers were lost`);
  for (const socket of sockets) socket.disconnect();
  await server.stop();
});

test("5,000 outcomes, the server killed in the middle and started again: none is missing, and only what was told before comes again", { timeout: 120_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-remote-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  const start = () => startProgram({ DATA_DIR: folder, PRESENCE_GRACE_MS: "5000" }, port);
  let server = await start();
  const users = Array.from({ length: 10 }, (_, i) => `user ${i}`);
  const log = [];
  const io = remote(t, server.url, { log: (level, text) => log.push(`${level} ${text}`) });
  const sockets = await Promise.all(users.map((user) => login(server, { user, reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200 })));
  const heard = sockets.map((socket) => hearing(socket));
  const accepted = new Set();
  const count = 5000;
  for (let i = 0; i < count; ++i) {
    void io.emit(users[i % 10], "job_completed", done(i)).settled.then(() => accepted.add(i));
    if (i % 50 === 49) await pause(1);
    if (i === count / 2) await server.stop("SIGKILL");
    if (i === (count * 3) / 4) server = await start();
  }
  await io.flush();
  assert.equal(accepted.size, count);
  const known = () => new Set(heard.flatMap((one) => [...one.heard.keys()])).size;
  await eventually(() => known() === count, 20_000);
  const twice = heard.flatMap((one) => [...one.heard].filter(([, times]) => times > 1).map(([job]) => job));
  t.diagnostic(`${twice.length} of ${count} were told again: those that no client had confirmed when the server was killed`);
  assert.ok(twice.every((job) => job <= count / 2), "nothing that was sent after it");
  assert.equal(log.filter((one) => one.startsWith("warn")).length, 1, log.join("\n"));
  assert.equal(log.filter((one) => one.startsWith("info")).length, 1, log.join("\n"));
  for (const socket of sockets) socket.disconnect();
  await server.stop();
});

test("a server that is restarted in good order: each outcome is told once", { timeout: 60_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-remote-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  let server = await startProgram({ DATA_DIR: folder }, port);
  const io = remote(t, server.url);
  const count = 1000;
  for (let i = 0; i < count; ++i) {
    io.emit("ada", "job_completed", done(i));
    if (i % 10 === 9) await pause(1);
    if (i === 400) await server.stop();
    if (i === 700) server = await startProgram({ DATA_DIR: folder }, port);
  }
  await io.flush();
  const ada = await login(server, { user: "ada" });
  const { order } = hearing(ada);
  for (const { name, values } of ada.inbox.all) if (name === "job_completed") order.unshift(values[0].jobId);
  await eventually(() => order.length >= count);
  assert.deepEqual(order.sort((a, b) => a - b), Array.from({ length: count }, (_, i) => i));
  ada.disconnect();
  await server.stop();
});

test("without a server 10,000 events wait and the next is refused at once; progress is replaced meanwhile", async (t) => {
  const log = [];
  const io = remote(t, `http://127.0.0.1:${await freePort()}`, { log: (level, text) => log.push(`${level} ${text}`) });
  const first = io.emit("ada", "job_progress", '{"jobId":"p","progress":1}');
  await pause(5);
  const newer = io.emit("ada", "job_progress", '{"jobId":"p","progress":2}');
  assert.equal(await first.settled, "superseded");
  const all = Array.from({ length: 9_999 }, (_, i) => io.emit(`user ${i}`, "job_completed", done(i)).settled);
  await fails(io.emit("ada", "x", "1").settled, "overloaded", /10000 events wait/);
  assert.equal(io.waiting, 10_000);
  await eventually(() => log.length > 0);
  assert.match(log[0], /^warn http:\/\/127\.0\.0\.1:\d+ takes no events at present \(connect ECONNREFUSED/);
  await io.close(0);
  await fails(newer.settled, "stopped");
  await Promise.all(all.map((one) => fails(one, "stopped")));
  await fails(io.emit("ada", "x", "1").settled, "stopped");
  assert.equal(io.waiting, 0);
  assert.equal(log.length, 1);
});

test("what is given up at the end is not said to be sent again", async (t) => {
  const silent = http.createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => (silent.close(), silent.closeAllConnections()));
  const log = [];
  const io = remote(t, `http://127.0.0.1:${silent.address().port}`, { log: (level, text) => log.push(text) });
  const { settled } = io.emit("ada", "x", "1");
  await once(silent, "request");
  await io.close(0);
  await assert.rejects(settled, { code: "stopped" });
  assert.deepEqual(log, []);
});
