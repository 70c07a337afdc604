// The client of a page, with the real socket.io-client, against the real server.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { api, at, connections, eventually, page, received, startProgram, status, watch, worker } from "./support.mjs";

const statuses = (watched) => watched.seen.map((job) => job.status);

/** In and out again by another client, so that all outcomes of the user count as received. */
async function receive(t, server, user, job) {
  const other = page(t, server, user);
  const letGo = other.hold();
  await received(server, user, job);
  letGo();
  other.socket.disconnect();
}

for (const [name, transports] of [["polling, then websocket", undefined], ["polling", ["polling"]], ["websocket", ["websocket"]]]) {
  describe(`a page over ${name}`, () => {
    let server;
    before(async () => (server = await startProgram({ OUTCOME_REPLAY_MS: "0" })));
    after(() => server.stop());
    const open = (t, user) => page(t, server, user, { transports });

    test("sees a job from its first progress to its end, and its retry", async (t) => {
      const job = watch(open(t, "ada").job("1"));
      const at1 = worker(server, "ada", "1");
      assert.deepEqual(job.seen, [{ progress: 0, status: "pending", result: null, error: null }]);
      await at1.progress(10, "initializing");
      await job.until(status("initializing"));
      await at1.fail("no paper");
      assert.deepEqual(await job.until(status("failed")), { progress: 10, status: "failed", result: null, error: "no paper" });
      await at1.progress(50, "generating");
      await job.until(at(50));
      await at1.complete({ imageUrl: "/a" });
      assert.deepEqual(await job.until(status("completed")), { progress: 100, status: "completed", result: { imageUrl: "/a" }, error: null });
    });

    test("that is loaded later sees how far a job is, and an end that was received long before", async (t) => {
      await worker(server, "bob", "runs").progress(40);
      await worker(server, "bob", "ended").complete("yes");
      await receive(t, server, "bob", "ended");
      const client = open(t, "bob");
      const [runs, ended] = [watch(client.job("runs")), watch(client.job("ended"))];
      assert.deepEqual(await ended.until(status("completed")), { progress: 100, status: "completed", result: "yes", error: null });
      await runs.until(at(40));
      assert.deepEqual(statuses(ended), ["pending", "completed"]);
      assert.deepEqual(runs.seen.map((job) => job.progress), [0, 40]);
    });

    test("has one connection, however much it looks at", async (t) => {
      const client = open(t, "cyd");
      assert.equal(await connections(server, "cyd"), 0, "and none before");
      const stores = [client.job("1"), client.job("1"), client.job("2"), client.jobs, client.presence, client.online("cyd")];
      const watched = stores.map(watch);
      await watched.at(-1).until((online) => online);
      assert.equal(await connections(server, "cyd"), 1);
    });
  });
}

describe("a page", () => {
  let server;
  before(async () => (server = await startProgram({ OUTCOME_REPLAY_MS: "0", SEND_QUEUE_BYTES: "20000" })));
  after(() => server.stop());

  test("looks at many jobs at once by asking for all", async (t) => {
    const ids = Array.from({ length: 20 }, (_, i) => `${i}`);
    for (const id of ids) await worker(server, "ada", id).complete(id);
    await receive(t, server, "ada", "19");
    const client = page(t, server, "ada");
    const asked = [];
    client.socket.onAnyOutgoing((event) => asked.push(event));
    const jobs = ids.map((id) => watch(client.job(id)));
    for (const [i, job] of jobs.entries()) assert.equal((await job.until(status("completed"))).result, ids[i]);
    assert.deepEqual(asked, ["jobs"]);
  });

  test("looks at 1,100 jobs at once, which the server tells in pages", async (t) => {
    const large = await startProgram({ JOBS_PER_USER: "2000", OUTCOME_REPLAY_MS: "0" });
    t.after(() => large.stop());
    const events = Array.from({ length: 1100 }, (_, i) => ({ userId: "ada", event: "job_progress", data: { jobId: `${i}`, progress: 50 } }));
    for (const part of [events.slice(0, 600), events.slice(600)]) await api(large, "/api/emit", part);
    const client = page(t, large, "ada");
    const asked = [];
    client.socket.onAnyOutgoing((event) => asked.push(event));
    const jobs = events.map(({ data }) => watch(client.job(data.jobId)));
    for (const job of jobs) await job.until(at(50));
    await worker(large, "ada", "1099").complete("yes");
    await worker(large, "ada", "not looked at").progress(10);
    await jobs.at(-1).until(status("completed"));
    await eventually(() => client.jobs.get().length === 1101);
    assert.ok(asked.length <= 2, `${asked.length} questions`);
  });

  test("shows what it heard while it waited for an answer, and not the older answer", async (t) => {
    for (const id of ["1", "2", "3", "4", "5", "6"]) await worker(server, "gil", id).complete("old");
    await receive(t, server, "gil", "6");
    const client = page(t, server, "gil");
    const answers = [];
    const { onack } = client.socket;
    client.socket.onack = (packet) => answers.push(packet);
    const asked = [];
    client.socket.onAnyOutgoing((event) => asked.push(event));
    const jobs = ["1", "2", "3", "4", "5", "6"].map((id) => watch(client.job(id)));
    await eventually(() => answers.length === 1);
    await worker(server, "gil", "1").progress(10);
    await worker(server, "gil", "2").complete("new");
    await jobs[1].until(status("completed"));
    delete client.socket.onack;
    onack.call(client.socket, answers.shift());
    await jobs[5].until(status("completed"));
    assert.deepEqual(asked, ["jobs"]);
    assert.deepEqual(jobs.map((job) => job.seen.at(-1).result), [null, "new", "old", "old", "old", "old"]);
    assert.deepEqual(statuses(jobs[0]), ["pending", "processing"]);

    client.socket.onack = (packet) => answers.push(packet);
    const presence = watch(client.presence);
    await eventually(() => answers.length === 1);
    const comes = new Promise((resolve) => client.socket.on("user_online", ({ userId }) => userId === "hal" && resolve()));
    page(t, server, "hal").hold();
    await comes;
    delete client.socket.onack;
    onack.call(client.socket, answers.shift());
    await presence.until((list) => list.includes("hal"));
    assert.deepEqual(presence.seen.filter((list) => list.includes("gil") && !list.includes("hal")), []);
  });

  test("has all jobs, in the order of their newest events, though the answer comes in pages", async (t) => {
    const ids = Array.from({ length: 40 }, (_, i) => `job ${i}`);
    for (const id of ids) await worker(server, "bob", id).complete("x".repeat(1000));
    await worker(server, "bob", "job 7").progress(5);
    const jobs = watch(page(t, server, "bob").jobs);
    const all = await jobs.until((list) => list.length === 40 && list.at(-1).jobId === "job 7");
    assert.deepEqual(all.map(({ jobId }) => jobId), [...ids.filter((id) => id !== "job 7"), "job 7"]);
    assert.deepEqual(all.at(-1), { jobId: "job 7", progress: 5, status: "processing", result: null, error: null });
  });

  test("has the same job under a number and under its digits", async (t) => {
    const client = page(t, server, "cyd");
    const jobs = [watch(client.job(7)), watch(client.job("7"))];
    await worker(server, "cyd", 7).progress(30);
    for (const job of jobs) await job.until(at(30));
  });

  test("is called for the job that changed, and for no other", async (t) => {
    const client = page(t, server, "dee");
    const [one, two] = [watch(client.job("1")), watch(client.job("2"))];
    for (const progress of [10, 20, 30]) await worker(server, "dee", "1").progress(progress);
    await worker(server, "dee", "2").progress(5);
    await two.until(at(5));
    await one.until(at(30));
    assert.deepEqual(two.seen.map((job) => job.progress), [0, 5]);
  });

  test("sees what happened while it was away, also an end that another tab received, and loses nothing that it showed", async (t) => {
    const client = page(t, server, "eve");
    const [shown, missed, retried] = ["shown", "missed", "retried"].map((id) => watch(client.job(id)));
    await worker(server, "eve", "shown").complete("yes");
    await worker(server, "eve", "missed").progress(60);
    await worker(server, "eve", "retried").fail("no paper");
    await Promise.all([shown.until(status("completed")), missed.until(at(60)), retried.until(status("failed"))]);
    await received(server, "eve", "retried");
    client.socket.disconnect();
    await worker(server, "eve", "missed").complete("late");
    await worker(server, "eve", "retried").progress(20);
    await receive(t, server, "eve", "missed");
    client.socket.connect();
    assert.equal((await missed.until(status("completed"))).result, "late");
    await retried.until(at(20));
    assert.deepEqual(statuses(shown), ["pending", "completed"]);
    assert.deepEqual(statuses(missed), ["pending", "processing", "completed"]);
    assert.deepEqual(statuses(retried), ["pending", "failed", "processing"]);
  });

  test("lets go of the connection a second after nobody looks any more, not between two looks", async (t) => {
    const client = page(t, server, "fay");
    const first = watch(client.job("1"));
    await eventually(() => client.connected.get());
    const { id } = client.socket;
    first.end();
    const second = watch(client.job("2"));
    first.end(); // a second time it ends nothing
    await worker(server, "fay", "2").progress(10);
    await second.until(at(10));
    assert.equal(client.socket.id, id);
    const start = performance.now();
    second.end();
    await eventually(async () => (await connections(server, "fay")) === 0);
    assert.ok(performance.now() - start > 900);
    const third = watch(client.job("2"));
    await eventually(async () => (await connections(server, "fay")) === 1);
    third.end();
  });
});

describe("a server that is killed", () => {
  test("and started again takes nothing from the page: no outcome goes back to progress", { timeout: 60_000 }, async (t) => {
    const data = mkdtempSync(join(tmpdir(), "signalbox-page-"));
    const env = { DATA_DIR: data };
    let server = await startProgram(env);
    t.after(async () => {
      await server.stop();
      rmSync(data, { recursive: true });
    });
    const client = page(t, server, "ada", { reconnectionDelay: 50, reconnectionDelayMax: 100 });
    const [ended, runs, jobs, connected] = [client.job("ended"), client.job("runs"), client.jobs, client.connected].map(watch);
    await worker(server, "ada", "ended").progress(50);
    await worker(server, "ada", "runs").progress(40);
    await Promise.all([ended.until(at(50)), runs.until(at(40))]);
    await worker(server, "ada", "ended").complete("yes");
    await ended.until(status("completed"));
    for (let kill = 0; kill < 2; ++kill) {
      await server.stop("SIGKILL");
      await connected.until((is) => !is);
      server = await startProgram(env, server.port);
      await connected.until((is) => is);
    }
    await worker(server, "ada", "runs").complete("too");
    await runs.until(status("completed"));
    assert.deepEqual(statuses(ended), ["pending", "processing", "completed"]);
    assert.deepEqual(statuses(runs), ["pending", "processing", "completed"]);
    for (const list of jobs.seen.slice(jobs.seen.findIndex((seen) => seen.some((job) => job.result === "yes"))))
      assert.equal(list.find(({ jobId }) => jobId === "ended").result, "yes");
    await worker(server, "ada", "ended").progress(5);
    await ended.until(at(5));
  });
});

test("a line that breaks again and again shows no job's end before its progress", { timeout: 60_000 }, async (t) => {
  const server = await startProgram({ OUTCOME_REPLAY_MS: "0" });
  t.after(() => server.stop());
  const client = page(t, server, "ada", { reconnectionDelay: 5, reconnectionDelayMax: 20 });
  const ids = Array.from({ length: 30 }, (_, i) => `${i}`);
  const jobs = ids.map((id) => watch(client.job(id)));
  const all = watch(client.jobs);
  let working = ids.length;
  const work = ids.map(async (id) => {
    for (let step = 0; step < 20; ++step) await worker(server, "ada", id).progress(step);
    await worker(server, "ada", id).complete(id);
    --working;
  });
  let breaks = 0;
  for (; working > 0; ++breaks) {
    await eventually(() => client.connected.get(), 30_000);
    client.socket.io.engine.close();
    await eventually(() => !client.connected.get(), 30_000);
  }
  t.diagnostic(`${breaks} breaks`);
  await Promise.all(work);
  for (const [i, job] of jobs.entries()) {
    await job.until(status("completed"));
    assert.equal(statuses(job).filter((now) => now === "completed").length, 1, `job ${i}: ${statuses(job)}`);
  }
  await all.until((list) => list.every((job) => job.result === job.jobId));
});

describe("who is online", () => {
  test("is the whole list, and who comes and goes", async (t) => {
    const server = await startProgram();
    t.after(() => server.stop());
    const stays = page(t, server, "bob").hold();
    await eventually(async () => (await connections(server, "bob")) === 1);
    const client = page(t, server, "ada");
    const [presence, bob, cyd] = [client.presence, client.online("bob"), client.online("cyd")].map(watch);
    assert.deepEqual([...(await presence.until((list) => list.length === 2))].sort(), ["ada", "bob"]);
    assert.deepEqual([bob.seen.at(-1), cyd.seen.at(-1)], [true, false]);
    const third = page(t, server, "cyd");
    third.hold();
    await cyd.until((online) => online);
    third.socket.disconnect();
    await cyd.until((online) => !online);
    assert.deepEqual(bob.seen, [false, true]);
    client.socket.disconnect().connect();
    await eventually(() => client.connected.get());
    assert.deepEqual([...presence.seen.at(-1)].sort(), ["ada", "bob"], "it stays while the connection is lost");
    stays();
  });

  test("is nobody with PRESENCE_EVENTS=off, and jobs are told all the same", async (t) => {
    const server = await startProgram({ PRESENCE_EVENTS: "off" });
    t.after(() => server.stop());
    const client = page(t, server, "ada");
    const [presence, job] = [client.presence, client.job("1")].map(watch);
    await eventually(() => client.connected.get());
    await worker(server, "ada", "2").complete("yes");
    await job.until(status("pending"));
    const late = watch(client.job("2"));
    await late.until(status("completed"));
    assert.deepEqual(presence.seen, [[]]);
  });
});

for (const [name, env] of [["OUTCOME_ACKS", { OUTCOME_ACKS: "on" }], ["RECOVERY_WINDOW_MS", { RECOVERY_WINDOW_MS: "60000" }]]) {
  test(`with ${name} a page sees the same`, async (t) => {
    const server = await startProgram(env);
    t.after(() => server.stop());
    const client = page(t, server, "ada", { reconnectionDelay: 10, reconnectionDelayMax: 20 });
    const [job, connected] = [watch(client.job("1")), watch(client.connected)];
    await connected.until((is) => is);
    await worker(server, "ada", "1").progress(10);
    await job.until(at(10));
    client.socket.io.engine.close();
    await worker(server, "ada", "1").complete("yes");
    await job.until(status("completed"));
    await received(server, "ada", "1");
    assert.deepEqual(statuses(job), ["pending", "processing", "completed"]);
    assert.equal((await api(server, "/api/presence/ada")).connections, 1);
  });
}
