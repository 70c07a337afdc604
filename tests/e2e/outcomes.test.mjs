// No outcome is lost: through absence, a reload, a killed server.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";

import { apiKey, connect, eventually, login, startLibrary, startProgram, transports } from "./support.mjs";
import { FaultyDisk } from "../support/faulty_disk.mjs";

const post = (server, body, headers = {}) =>
  fetch(`${server.url}/api/emit`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const done = (userId, jobId, result = 1) => ({ userId, event: "job_completed", data: { jobId, result } });
const jobs = (server, path) => fetch(`${server.url}/api/users/${path}`, { headers: { authorization: `Bearer ${apiKey}` } }).then((answer) => answer.json());
const had = (server, user, job) => eventually(async () => (await jobs(server, `${user}/jobs/${job}`)).had);

for (const [name, over] of Object.entries(transports)) {
  describe(`outcomes, ${name}`, () => {
    let server, data;
    before(async () => {
      data = mkdtempSync(join(tmpdir(), "signalbox-outcomes-"));
      server = await startProgram({ DATA_DIR: data, OUTCOME_REPLAY_MS: "0" });
    });
    after(async () => {
      await server.stop();
      rmSync(data, { recursive: true });
    });

    test("who was away is told right after authenticated, once they had it no more", async () => {
      assert.equal((await post(server, done("ada", "1", { url: "/a" }))).status, 202);
      const socket = connect(server, { user: "ada", transports: over });
      assert.deepEqual(await socket.heard("job_completed"), { jobId: "1", result: { url: "/a" } });
      assert.deepEqual(socket.inbox.all.map((item) => item.name).filter((event) => event !== "connect"), ["authenticated"]);
      await had(server, "ada", "1");
      socket.disconnect();
      const again = await login(server, { user: "ada", transports: over });
      assert.deepEqual(await again.emitWithAck("jobs").then((list) => list.map((job) => [job.jobId, job.had])), [["1", true]]);
      assert.deepEqual(again.inbox.all.filter((item) => item.name === "job_completed"), []);
      again.disconnect();
    });

    test("a page that reloads sees the running job's newest progress and its outcome", async () => {
      const send = (event, rest) => post(server, { userId: "bo", event, data: { jobId: "2", ...rest } });
      await send("job_progress", { progress: 10, status: "generating" });
      await send("job_progress", { progress: 60, status: "generating" });
      const reloaded = connect(server, { user: "bo", transports: over });
      assert.deepEqual(await reloaded.heard("job_progress"), { jobId: "2", progress: 60, status: "generating" });
      await send("job_failed", { error: "no paper" });
      assert.deepEqual(await reloaded.heard("job_failed"), { jobId: "2", error: "no paper" });
      const status = await reloaded.emitWithAck("job_status", "2");
      assert.deepEqual([status.event, status.data], ["job_failed", { jobId: "2", error: "no paper" }]);
      reloaded.disconnect();
    });

    test("what was answered 202 outlives kill -9, and what was had is not told again", async () => {
      const before = await login(server, { user: "cy", transports: over });
      assert.equal((await post(server, done("cy", "seen"))).status, 202);
      await before.heard("job_completed");
      await had(server, "cy", "seen");
      before.disconnect();
      assert.equal((await post(server, [done("cy", "missed"), done("di", "other")])).status, 202);
      await server.stop("SIGKILL");
      server = await startProgram({ DATA_DIR: data, OUTCOME_REPLAY_MS: "0" }, server.port);
      const back = connect(server, { user: "cy", transports: over });
      assert.deepEqual(await back.heard("job_completed"), { jobId: "missed", result: 1 });
      assert.deepEqual(await back.emitWithAck("jobs").then((list) => list.map((job) => job.jobId)), ["seen", "missed"]);
      back.disconnect();
    });

    test("a repeat with the same Idempotency-Key waits for the first and emits nothing", async () => {
      const key = { "idempotency-key": `k-${name}` };
      const answers = await Promise.all([1, 2, 3].map(() => post(server, done("ed", "once"), key)));
      assert.deepEqual(answers.map((answer) => answer.status), [202, 202, 202]);
      assert.deepEqual((await jobs(server, "ed/jobs")).map((job) => job.jobId), ["once"]);
    });

    test("who missed more than may wait for a slow client is told of all of it, in order", async () => {
      const result = "x".repeat(600_000);
      for (const job of ["a", "b", "c", "d"]) assert.equal((await post(server, done("ivy", job, result))).status, 202);
      const socket = connect(server, { user: "ivy", transports: over });
      for (const jobId of ["a", "b", "c", "d"]) assert.equal((await socket.heard("job_completed")).jobId, jobId);
      assert.deepEqual(await socket.emitWithAck("job_status", "none").then((job) => job.event), null);
      socket.disconnect();
    });

    test("nobody is told of another's jobs", async () => {
      await post(server, done("flo", "secret"));
      const other = await login(server, { user: "gus", transports: over });
      assert.equal((await other.emitWithAck("job_status", "secret")).event, null);
      assert.deepEqual(await other.emitWithAck("jobs"), []);
      other.disconnect();
    });
  });
}

test("what nobody has had lies in the store when memory is short, and is told whole and in order", { timeout: 60_000 }, async () => {
  const data = mkdtempSync(join(tmpdir(), "signalbox-outcomes-"));
  const env = { DATA_DIR: data, LEDGER_TOTAL_BYTES: "2000000", JOBS_PER_USER: "2000", LOG_LEVEL: "warn" };
  let server = await startProgram(env);
  const memoryMb = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, "latin1"))[1]) / 1024;
  const before = memoryMb();
  const result = "x".repeat(20_000);
  for (let from = 0; from < 1000; from += 10) {
    const some = Array.from({ length: 10 }, (_, i) => `${from + i}`).flatMap((id) => [done("una", id, result), done("ira", id, result)]);
    assert.equal((await post(server, some)).status, 202);
  }
  if (!process.env.SIGNALBOX_BUILD) assert.ok(memoryMb() - before < 20, `40 MB of outcomes take ${memoryMb() - before} MB of memory`);
  assert.match(server.child.log, /three quarters of LEDGER_TOTAL_BYTES are used/);

  const told = async (user, over) => {
    const socket = connect(server, { user, transports: over });
    for (let i = 0; i < 1000; ++i) {
      const { jobId, result: got } = await socket.heard("job_completed");
      assert.deepEqual([jobId, got.length], [`${i}`, 20_000]);
    }
    return socket;
  };
  const sockets = await Promise.all(Object.values(transports).map((over) => told("una", over)));
  if (!process.env.SIGNALBOX_BUILD) {  // so slow that some may be received by now, and these go first when memory is short
    assert.equal((await sockets[0].emitWithAck("job_status", "123")).data.jobId, "123");
    assert.deepEqual((await jobs(server, "una/jobs")).map((job) => job.jobId).slice(0, 3), ["0", "1", "2"]);
  }
  sockets.forEach((socket) => socket.disconnect());

  await server.stop("SIGKILL");
  server = await startProgram(env, server.port);
  (await told("ira", ["websocket"])).disconnect();
  await server.stop();
  rmSync(data, { recursive: true });
});

test("past UNREAD_OUTCOMES_PER_USER outcomes are refused, a batch whole, until the user has had some", async () => {
  const server = await startProgram({ DATA_DIR: "", UNREAD_OUTCOMES_PER_USER: "2", LOG_LEVEL: "warn" });
  assert.equal((await post(server, [done("wes", "1"), done("wes", "2"), done("wes", "3")])).status, 429);
  assert.equal((await post(server, [done("wes", "1"), done("wes", "2")])).status, 202);
  const refused = await post(server, done("wes", "3"));
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  assert.match(server.child.log, /UNREAD_OUTCOMES_PER_USER is reached/);
  const socket = await login(server, { user: "wes" });
  await had(server, "wes", "2");
  assert.equal((await post(server, done("wes", "3"))).status, 202);
  socket.disconnect();
  await server.stop();
});

test("with OUTCOME_ACKS a handler's acknowledgement confirms, also right before the page is left", async () => {
  const server = await startProgram({ DATA_DIR: "", OUTCOME_ACKS: "on", OUTCOME_REPLAY_MS: "0" });
  for (const over of Object.values(transports)) {
    const user = `xi ${over}`;
    const socket = await login(server, { user, transports: over });
    const handled = new Promise((resolve) =>
      socket.once("job_failed", (data, acknowledge) => {
        acknowledge();
        socket.disconnect();
        resolve(data);
      }),
    );
    assert.equal((await post(server, { userId: user, event: "job_failed", data: { jobId: 1, error: "x" } })).status, 202);
    assert.deepEqual(await handled, { jobId: 1, error: "x" });
    await had(server, encodeURIComponent(user), "1");
  }
  await server.stop();
  await assert.rejects(startProgram({ OUTCOME_ACKS: "on", RECOVERY_WINDOW_MS: "1000" }), /OUTCOME_ACKS and RECOVERY_WINDOW_MS are both on/);
});

test("the C++ API says when an outcome is durable, and outlives a callback that throws", async () => {
  const data = mkdtempSync(join(tmpdir(), "signalbox-outcomes-"));
  for (const [DATA_DIR, durable] of [
    [data, true],
    ["", false],
  ]) {
    const server = await startLibrary({ DATA_DIR });
    for (const order of [{ jobId: "1" }, { jobId: "2", error: "x" }]) {
      assert.deepEqual(await server.order("outcome", { user: "vi", ...order }), { sockets: 0 });
      assert.deepEqual(await server.said.take(({ committed }) => committed === order.jobId), { committed: order.jobId, durable });
    }
    assert.match(server.child.log, /a handler threw.*on_committed.*a callback that throws/);
    await server.stop();
  }
  rmSync(data, { recursive: true });
});

test("a store that is no database, or of a newer program, stops the start with a sentence and stays as it is", async () => {
  const data = mkdtempSync(join(tmpdir(), "signalbox-outcomes-"));
  const file = join(data, "outcomes.db");
  await (await startProgram({ DATA_DIR: data })).stop();
  const made = readFileSync(file);
  const newer = Buffer.from(made);
  newer.writeUInt32BE(99, 60); // the header's user_version
  for (const [bytes, why] of [
    [Buffer.alloc(8192, "x"), /the store of outcomes cannot be opened: .*outcomes\.db: file is not a database/],
    [newer, /the store of outcomes cannot be opened: .*newer version \(99/],
  ]) {
    writeFileSync(file, bytes);
    await assert.rejects(startProgram({ DATA_DIR: data }), why);
    assert.ok(readFileSync(file).equals(bytes));
  }
  rmSync(data, { recursive: true });
});

test("an outcome that the store can never take is refused alone, and is not told", async () => {
  const data = mkdtempSync(join(tmpdir(), "signalbox-outcomes-"));
  await (await startProgram({ DATA_DIR: data })).stop();
  const triggers = [["bad", "RAISE(ABORT, 'no such jobs')"], ["large", "zeroblob(2000000000)"]]
    .map(([job, what]) => `CREATE TRIGGER ${job} BEFORE INSERT ON outcome WHEN NEW.job = '${job}' BEGIN SELECT ${what}; END;`);
  const change = 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])';
  execFileSync("python3", ["-c", change, join(data, "outcomes.db"), triggers.join("\n")]);

  const server = await startProgram({ DATA_DIR: data });
  const ids = Array.from({ length: 200 }, (_, i) => `${i}`);
  ids[50] = "bad";
  ids[150] = "large";
  const statuses = await Promise.all(ids.map(async (id) => [id, (await post(server, done("kim", id))).status]));
  assert.deepEqual(statuses.filter(([, status]) => status !== 202), [["bad", 500], ["large", 413]]);
  const batch = await post(server, [done("kim", "x"), done("kim", "bad"), done("kim", "y")]);
  assert.equal(batch.status, 500);
  assert.match((await batch.json()).error, /The store cannot take one of these outcomes. It is not kept; the rest is/);
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
  assert.equal(server.child.log.match(/the store can never take this/g).length, 1, "one line a minute");
  const wanted = [...ids.filter((id) => !["bad", "large"].includes(id)), "x", "y"].sort();
  const known = async () => (await jobs(server, "kim/jobs")).map((job) => job.jobId).sort();
  assert.deepEqual(await known(), wanted);
  await server.stop("SIGKILL");
  const next = await startProgram({ DATA_DIR: data }, server.port);
  assert.deepEqual(await known(), wanted);
  await next.stop();
  rmSync(data, { recursive: true });
});

test("two servers do not share a store, and the second says why it stops", async () => {
  const data = mkdtempSync(join(tmpdir(), "signalbox-outcomes-"));
  const link = `${data}-link`;
  symlinkSync(data, link);
  const inUse = /the store of outcomes cannot be opened: .*in use by another server.*stop that one, or choose another DATA_DIR/;
  const first = await startLibrary({ DATA_DIR: data });
  // One of the same process may not get the lock, nor take it from the first.
  for (const dataDir of [data, `${data}/../${basename(data)}/`, link]) {
    assert.match((await first.order("start_another", { dataDir })).refused, inUse);
    await assert.rejects(startProgram({ DATA_DIR: dataDir }), inUse);
  }
  for (let i = 0; i < 100; i++) assert.equal((await post(first, done("jo", `${i}`))).status, 202);
  await first.stop("SIGKILL");
  const next = await startProgram({ DATA_DIR: link });
  assert.equal((await jobs(next, "jo/jobs")).length, 100);
  await next.stop();
  rmSync(link);
  rmSync(data, { recursive: true });
});

test("a folder without locks is refused, and of one on a network the log warns", async () => {
  const data = mkdtempSync(join(tmpdir(), "signalbox-outcomes-"));
  const disk = new FaultyDisk();
  disk.begin("no-locks");
  await assert.rejects(startProgram({ DATA_DIR: data, ...disk.env }), /cannot be opened: .*outcomes\.lock cannot be locked: No locks available.*choose a folder on a local disk/);
  disk.end("no-locks");
  disk.begin("network");
  const server = await startProgram({ DATA_DIR: data, ...disk.env });
  assert.match(server.child.log, /DATA_DIR lies on a network file system/);
  await server.stop();
  disk.close();
  rmSync(data, { recursive: true });
});
