// A disk that does not answer: outcomes are refused, nothing else waits, and all is back when the disk is.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { FaultyDisk } from "../support/faulty_disk.mjs";
import { freePort, program } from "../support/server.mjs";
import { api, apiKey, connect, emit, eventually, login, secret, startLibrary, startProgram } from "./support.mjs";

const timeout = 1000;
const done = (jobId, result = 1) => ["job_completed", { jobId, result }];
/** The ids of all jobs of a user, page after page. */
async function jobsOf(server, user) {
  const ids = [];
  for (let query = ""; query !== undefined; ) {
    const { body, headers } = await api(server, "GET", `/api/users/${user}/jobs${query}`);
    ids.push(...body.map((job) => job.jobId));
    query = /<(\?[^>]*)>/.exec(headers.get("link") ?? "")?.[1];
  }
  return ids;
}
const ready = (server) => api(server, "GET", "/readyz");
const memoryMb = (server) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, "latin1"))[1]) / 1024;

/** `run(place)` with a folder for the store, and a disk under it. */
const withDisk = (run) => async () => {
  const place = { data: mkdtempSync(join(tmpdir(), "signalbox-disk-")), disk: new FaultyDisk() };
  place.env = { DATA_DIR: place.data, STORE_TIMEOUT_MS: `${timeout}`, ...place.disk.env };
  place.start = async (env = {}, start = startProgram) => (place.server = await start({ ...place.env, ...env }, place.server?.port));
  try {
    await run(place);
  } finally {
    place.disk.end("hang");
    place.server?.child.kill("SIGKILL");
    place.disk.close();
    rmSync(place.data, { recursive: true });
  }
};

/** Posts as fast as the server reads, without waiting for answers: resolves with the promise of one when the body has left. */
function pour(server, agent, body) {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json", "content-length": body.length };
  const sent = request(`${server.url}/api/emit`, { method: "POST", headers, agent });
  const answer = new Promise((resolve, fail) => {
    sent.on("response", (response) => (response.resume(), resolve({ status: response.statusCode, retry: response.headers["retry-after"] })));
    sent.on("error", fail);
  });
  answer.catch(() => {});
  return new Promise((left) => sent.end(body, () => left({ answer })));
}

test("750 outcomes of 900 KB: memory is bounded, those who wait are told, and a disk that is back has all that was accepted", { timeout: 60_000 }, withDisk(async ({ disk, start }) => {
  // A sanitizer's build reads more slowly than this test writes: bodies on their way would be too much for it, and the disk is
  // silent for too long before its queue is full.
  const sanitized = Boolean(process.env.SIGNALBOX_BUILD);
  let server = await start(sanitized ? { TOTAL_PARTIAL_BYTES: String(1 << 30) } : {});
  const watcher = await login(server, { user: "watcher" });
  assert.equal((await emit(server, "ada", ...done("before"))).status, 202);
  disk.begin("hang");
  const answers = [];
  for (let i = 0; i < 750; i++) {
    const body = Buffer.from(JSON.stringify({ userId: "ada", event: "job_completed", data: { jobId: `${i}`, result: "x".repeat(900_000) } }));
    answers.push((await pour(server, undefined, body)).answer);
    // What waits for the disk, bodies on their way within TOTAL_PARTIAL_BYTES, and the program itself.
    assert.ok(memoryMb(server) < 64 + 64 + 40 || sanitized, `${memoryMb(server)} MB after ${i} outcomes`);
  }
  const told = await Promise.all(answers);
  const count = (wanted) => told.filter(({ status }) => status === wanted).length;
  assert.equal(count(429) + count(503), 750, JSON.stringify(told.filter(({ status }) => status !== 429 && status !== 503)));
  assert.ok(count(503) >= 70 && (count(429) > 0 || sanitized), `${count(503)} with 503, ${count(429)} with 429`);
  assert.ok(told.every(({ retry }) => Number(retry) > 0));
  if (!sanitized) assert.match(server.child.log, /STORE_QUEUE_BYTES is reached/);
  assert.match(server.child.log, /the disk does not answer: outcomes are refused until it does/);

  // All else goes on.
  const unready = await ready(server);
  assert.deepEqual([unready.status, unready.body], [503, { status: "refusing outcomes", reason: "the disk does not answer" }]);
  assert.equal((await api(server, "GET", "/healthz")).status, 200);
  assert.equal((await emit(server, "watcher", "job_progress", { jobId: "p", progress: 5 })).status, 202);
  assert.equal((await watcher.heard("job_progress")).progress, 5);
  const refused = await emit(server, "ada", ...done("refused"));
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "1"]);
  watcher.disconnect();

  disk.end("hang");
  await eventually(async () => (await ready(server)).status === 200, 20_000);
  assert.equal((await emit(server, "ada", ...done("after"))).status, 202);
  await server.stop("SIGKILL");
  server = await start();
  const kept = await jobsOf(server, "ada");
  assert.ok(kept.includes("before") && kept.includes("after"));
  assert.ok(!kept.includes("refused"));
}));

test("who waits under an Idempotency-Key may repeat until it is accepted, and it is told once", { timeout: 30_000 }, withDisk(async ({ disk, start }) => {
  const server = await start();
  const post = () => api(server, "POST", "/api/emit", { userId: "bo", event: "job_completed", data: { jobId: "1" } }, { "Idempotency-Key": "k" });
  disk.begin("hang");
  const [first, second] = await Promise.all([post(), post()]);
  assert.deepEqual([first.status, second.status], [503, 503]);
  assert.match(first.body.error, /The disk does not answer: the outcomes may be kept all the same/);
  disk.end("hang");
  await eventually(async () => (await post()).status === 202);
  assert.equal((await post()).status, 202);
  assert.deepEqual(await jobsOf(server, "bo"), ["1"]);
  const socket = connect(server, { user: "bo" });
  await socket.heard("job_completed");
  assert.deepEqual(socket.inbox.all.filter(({ name }) => name === "job_completed"), []);
  socket.disconnect();
}));

test("the C++ API says that it is not durable, and that too much waits", { timeout: 30_000 }, withDisk(async ({ disk, start }) => {
  const server = await start({ STORE_QUEUE_BYTES: "1" }, (env) => startLibrary(env));
  disk.begin("hang");
  assert.deepEqual(await server.order("outcome", { user: "vi", jobId: "1" }), { sockets: 0 });
  assert.match((await server.order("outcome", { user: "vi", jobId: "2" })).error, /More outcomes wait for the disk than STORE_QUEUE_BYTES/);
  assert.deepEqual(await server.said.take(({ committed }) => committed === "1"), { committed: "1", durable: false });
  assert.match((await server.order("outcome", { user: "vi", jobId: "2" })).error, /The store cannot write at present/);
}));

test("a login goes on with what is in memory, and the next one has the rest", { timeout: 30_000 }, withDisk(async ({ disk, start }) => {
  const server = await start({ LEDGER_TOTAL_BYTES: "20000", OUTCOME_REPLAY_MS: "0" });
  for (let i = 0; i < 40; i++) assert.equal((await emit(server, `cy${i % 20}`, ...done(`${i}`, "x".repeat(2000)))).status, 202);
  disk.begin("hang");
  const stuck = emit(server, "di", ...done("stuck"));
  // Those who log in before and after the disk is known to hang, all at once.
  const sockets = await Promise.all(Array.from({ length: 20 }, (_, i) => login(server, { user: `cy${i}` })));
  assert.equal((await stuck).status, 503);
  sockets.push(await login(server, { user: "cy0" }));
  assert.equal((await sockets[20].emitWithAck("job_status", "0")).event, null, "cannot be read at present");
  sockets.forEach((socket) => socket.disconnect());
  disk.end("hang");
  await eventually(async () => (await ready(server)).status === 200);
  const back = connect(server, { user: "cy0" });
  for (const job of ["0", "20"]) assert.equal((await back.heard("job_completed")).jobId, job);
  back.disconnect();
}));

for (const [when, drain, silence] of [
  ["it has been silent for long", 500, 2 * timeout],
  ["nobody has noticed yet", 500, 0],
]) {
  test(`SIGTERM ends the program within DRAIN_MS and a little when ${when}`, { timeout: 30_000 }, withDisk(async ({ data, disk, start }) => {
    const server = await start({ DRAIN_MS: `${drain}`, LOG_LEVEL: "info" });
    const socket = await login(server, { user: "ed" });
    assert.equal((await emit(server, "ed", ...done("kept"))).status, 202);
    disk.begin("hang");
    const lost = Promise.allSettled([1, 2, 3].map((i) => emit(server, "ed", ...done(`lost ${i}`))));
    await socket.inbox.take(({ name, values }) => name === "job_completed" && values[0].jobId === "lost 3");
    if (silence > 0) await eventually(async () => (await ready(server)).status === 503);
    const { code, ms } = await server.stop();
    assert.equal(code, 0);
    assert.ok(ms < drain + 2500, `${ms} ms`);
    assert.match(server.child.log, /the disk does not answer and is left as it is outcomes_not_written=3/);
    await lost;
    socket.disconnect();
    disk.end("hang");
    const next = await start();
    assert.ok((await jobsOf(next, "ed")).includes("kept"));
  }));
}

test("SIGTERM closes clients one after the other, whatever the disk does", { timeout: 30_000 }, withDisk(async ({ disk, start }) => {
  const server = await start({ DRAIN_MS: "5000", STORE_TIMEOUT_MS: "60000" });
  const sockets = await Promise.all(Array.from({ length: 100 }, (_, i) => login(server, { user: `user ${i}`, transports: ["websocket"], reconnection: false })));
  disk.begin("hang");
  const lost = Promise.allSettled([emit(server, "ed", ...done("lost"))]);
  await eventually(async () => (await jobsOf(server, "ed")).includes("lost"));
  const asked = performance.now(), ends = [];
  const all = Promise.all(sockets.map(async (socket) => (await socket.heard("disconnect", 20_000), ends.push(performance.now()))));
  const { code, ms } = await server.stop();
  assert.equal(code, 0);
  assert.ok(ms < 7500, `${ms} ms`);
  await all;
  await lost;
  assert.ok(ends.at(-1) - asked < 4000, `the last ${ends.at(-1) - asked} ms behind the signal`);
  assert.ok(ends.at(-1) - ends[0] > 300, `the last ${ends.at(-1) - ends[0]} ms behind the first`);
}));

test("a start waits for the disk, says so, and can be ended meanwhile", { timeout: 30_000 }, withDisk(async ({ env, disk }) => {
  const begin = async () => {
    const port = await freePort();
    const child = spawn(program("signalbox"), ["serve"], { env: { JWT_SECRET: secret, API_KEY: apiKey, PORT: `${port}`, THREADS: "2", ...env } });
    child.log = "";
    child.stderr.on("data", (text) => (child.log += text));
    await eventually(() => /the disk does not answer: the start waits for it/.test(child.log), 10_000);
    return { url: `http://127.0.0.1:${port}`, child };
  };
  disk.begin("hang");
  const first = await begin();
  first.child.kill("SIGTERM");
  assert.deepEqual(await once(first.child, "exit"), [0, null]);
  assert.match(first.child.log, /stopped before the start was over.*did not answer before the start was given up/);
  const second = await begin();
  disk.end("hang");
  await eventually(async () => (await ready(second).catch(() => ({}))).status === 200, 10_000);
  second.child.kill("SIGTERM");
  assert.deepEqual(await once(second.child, "exit"), [0, null]);
}));

test("a folder that is moved away refuses outcomes until it is back", { timeout: 30_000 }, withDisk(async ({ data, start }) => {
  let server = await start();
  assert.equal((await emit(server, "flo", ...done("1"))).status, 202);
  renameSync(data, `${data}-away`);
  assert.equal((await emit(server, "flo", ...done("2"))).status, 503);
  assert.deepEqual((await ready(server)).body, { status: "refusing outcomes", reason: "the disk cannot be written" });
  assert.match(server.child.log, /was moved or removed from .* while in use/);
  renameSync(`${data}-away`, data);
  await eventually(async () => (await emit(server, "flo", ...done("3"))).status === 202);
  await server.stop("SIGKILL");
  server = await start();
  assert.deepEqual(await jobsOf(server, "flo"), ["1", "2", "3"]);
}));
