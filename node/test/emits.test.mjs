// wsUtils.emitToUser and who is online, in the process of the engine.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import service, { EmitError, wsUtils, WS_EVENTS } from "signalbox";

import { client, eventually, folder, onlyNative, program, settings } from "./support.mjs";

let url, io;
before(async () => {
  const server = http.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  service.initialize(server, settings);
  io = service.getIO();
  url = `http://127.0.0.1:${server.address().port}`;
  server.unref();
});
after(() => service.close());

const heard = async (socket, event) => (await eventually(() => socket.inbox.find(([name]) => name === event)))[1];

describe("emitToUser", () => {
  test("says for how many sockets it was queued", async (t) => {
    assert.equal(wsUtils.emitToUser(io, "nobody", "x", 1).sockets, 0);
    await client(t, url, "two");
    await client(t, url, "two", { transports: ["polling"] });
    const emission = wsUtils.emitToUser(io, "two", "x", 1);
    assert.equal(emission.sockets, 2);
    assert.deepEqual(await emission, { sockets: 2 });
  });

  test("sends what JSON.stringify makes of the data", async (t) => {
    const ada = await client(t, url, "ada");
    const data = [undefined, null, { a: undefined, when: new Date(0), toJSON: undefined }, { toJSON: () => "own" }, "\ud800 ünï \\ud800 😀", [undefined], NaN];
    for (const [i, one] of data.entries()) wsUtils.emitToUser(io, "ada", `e${i}`, one);
    await heard(ada, "e6");
    assert.deepEqual(data.map((_, i) => ada.inbox.find(([name]) => name === `e${i}`)[1]),
      [null, null, { when: "1970-01-01T00:00:00.000Z" }, "own", "\ufffd ünï \\ud800 😀", [null], null]);
  });

  test("takes an integer for its digits", async (t) => {
    const socket = await client(t, url, 42);
    assert.equal(wsUtils.emitToUser(io, 42, "x", 1).sockets, 1);
    assert.equal(wsUtils.emitToUser(io, 42n, "x", 1).sockets, 1);
    assert.ok(wsUtils.isUserOnline(42));
    for (const wrong of [1.5, null, undefined, {}, NaN, true]) assert.throws(() => wsUtils.emitToUser(io, wrong, "x", 1), /a user's id is text or an integer/);
  });

  test("throws where the data cannot be JSON", () => {
    const circle = {};
    circle.self = circle;
    assert.throws(() => wsUtils.emitToUser(io, "ada", "x", circle), { name: "TypeError", message: /the data of 'x' cannot be made JSON: .*circular/s });
    assert.throws(() => wsUtils.emitToUser(io, "ada", "x", { a: 1n }), { name: "TypeError", message: /the data of 'x' cannot be made JSON: .*BigInt/ });
    assert.throws(() => wsUtils.emitToUser(io, "ada", 5, 1), /an event's name is text/);
  });

  test("rejects with the engine's code, for who awaits it", async () => {
    const code = (user, event, data) => Promise.resolve(wsUtils.emitToUser(io, user, event, data)).then(() => "taken", (error) => (assert.ok(error instanceof EmitError), error.code));
    assert.equal(await code("", "x", 1), "invalid_user");
    assert.equal(await code("x".repeat(257), "x", 1), "invalid_user");
    assert.equal(await code("ada", "", 1), "invalid_event");
    assert.equal(await code("ada", "connect", 1), "reserved_event");
    assert.equal(await code("ada", "x", "y".repeat(1_000_001)), "too_large");
    assert.equal(await code("ada", "job_completed", { jobId: "x".repeat(257) }), "invalid_job");
    let deep = 1;
    for (let i = 0; i < 200; ++i) deep = [deep];
    assert.equal(await code("ada", "x", deep), "invalid_json");
    assert.ok(io.refused >= 7);
  });

  test("of who does not await them refusals end nothing, and are logged once a second", async (t) => {
    const { ended } = program(t, `
      import service, { wsUtils } from "signalbox";
      import http from "node:http";
      service.initialize(http.createServer(), ${JSON.stringify(settings)});
      for (let i = 0; i < 1000; ++i) wsUtils.emitToUser(service.getIO(), "", "x", 1);
      setTimeout(() => {}, 1200);`);
    const { code, err } = await ended;
    assert.equal(code, 0);
    assert.match(err, /^signalbox: an emit was refused \(invalid_user\): A user's id .*\nsignalbox: 999 emits were refused \(invalid_user\): .*\n$/);
  });

  test("io.to and io.in of a user's room are the same, and there are no other rooms", async (t) => {
    const ada = await client(t, url, "ada");
    io.to("user:ada").emit("to", 1);
    io.in("user:ada").emit("in", 2);
    assert.deepEqual([await heard(ada, "to"), await heard(ada, "in")], [1, 2]);
    assert.throws(() => io.to("lobby"), /no room "lobby"/);
    assert.throws(() => io.to("user:"), /no room/);
  });

  test("io.emit tells everybody", async (t) => {
    const [ada, bob] = [await client(t, url, "ada"), await client(t, url, "bob")];
    io.emit("maintenance", { at: 5 });
    assert.deepEqual([await heard(ada, "maintenance"), await heard(bob, "maintenance")], [{ at: 5 }, { at: 5 }]);
    assert.throws(() => io.emit("x", 1, 2), /one argument/);
  });
});

test("who is online is right in the line behind the change", async (t) => {
  const socket = await client(t, url, "presence");
  assert.ok(wsUtils.isUserOnline("presence"));
  assert.ok(wsUtils.getOnlineUsers().includes("presence"));
  assert.equal(wsUtils.getOnlineUsersCount(), wsUtils.getOnlineUsers().length);
  socket.disconnect();
  await eventually(() => !wsUtils.isUserOnline("presence"));
  assert.ok(!wsUtils.getOnlineUsers().includes("presence"));
});

test("progress arrives as JSON.stringify writes it, whatever its members are", async (t) => {
  const sent = [
    ...[50, 0.1, -0, 1e21, NaN, Infinity].map((progress) => ({ jobId: "7", progress, status: "processing" })),
    { jobId: 'a "quoted"\n\u2028 \u{1F600}', progress: 1, status: "é" },
    { jobId: "half \ud800", progress: 1, status: "x" },
    { progress: 1, jobId: "another order", status: "x" },
    { jobId: "more", progress: 1, status: "x", step: 3 },
    { jobId: "fewer", progress: 1 },
    { jobId: 8, progress: "text", status: null },
    Object.assign(Object.create({ toJSON: () => ({ jobId: "made", progress: 2, status: "by toJSON" }) }), { jobId: "7", progress: 1, status: "x" }),
  ];
  const page = await client(t, url, "stringified");
  for (const data of sent) await wsUtils.emitToUser(io, "stringified", "job_progress", data);
  await eventually(() => page.inbox.filter(([event]) => event === "job_progress").length === sent.length);
  const got = page.inbox.filter(([event]) => event === "job_progress").map(([, data]) => JSON.stringify(data));
  assert.deepEqual(got, sent.map((data) => JSON.stringify(data).replace("\\ud800", "\ufffd")));
});

test("an outcome that was awaited is there after kill -9", onlyNative("outcomes are in memory alone"), async (t) => {
  const dataDir = folder(t);
  const code = (then) => `
    import service, { wsUtils } from "signalbox";
    import http from "node:http";
    const server = http.createServer();
    service.initialize(server, ${JSON.stringify({ ...settings, dataDir })});
    server.listen(0, "127.0.0.1", async () => { console.log("port", server.address().port); ${then} });`;
  const first = program(t, code(`
    for (let i = 0; i < 500; ++i) wsUtils.emitToUser(service.getIO(), "ada", "job_completed", { jobId: i, result: i });
    await wsUtils.emitToUser(service.getIO(), "ada", "job_failed", { jobId: "last", error: "e" });
    process.kill(process.pid, "SIGKILL");`));
  assert.equal((await first.ended).signal, "SIGKILL");
  const second = program(t, code(""));
  const [, port] = await second.line(/port (\d+)/);
  const ada = await client(t, `http://127.0.0.1:${port}`, "ada");
  await eventually(() => ada.inbox.filter(([event]) => event.startsWith("job_")).length === 501);
  assert.deepEqual(ada.inbox.filter(([event]) => event === "job_completed").map(([, { jobId }]) => jobId), Array.from({ length: 500 }, (_, i) => i));
});

test("an outcome that the disk refuses later is counted and logged, whether somebody awaits it or not", onlyNative("outcomes are in memory alone"), async (t) => {
  const dataDir = folder(t);
  const code = (then) => `
    import service, { wsUtils } from "signalbox";
    import http from "node:http";
    service.initialize(http.createServer(), ${JSON.stringify({ ...settings, dataDir })});
    const io = service.getIO();
    const done = (jobId) => wsUtils.emitToUser(io, "ada", "job_completed", { jobId });
    ${then}
    await service.close();`;
  assert.equal((await program(t, code('await done("good");')).ended).code, 0);
  const trigger = "CREATE TRIGGER bad BEFORE INSERT ON outcome WHEN NEW.job LIKE 'bad%' BEGIN SELECT RAISE(ABORT, 'no such jobs'); END;";
  execFileSync("python3", ["-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])", path.join(dataDir, "outcomes.db"), trigger]);
  const { out, err } = await program(t, code(`
    done("bad 1");
    console.log(await done("bad 2").catch((error) => error.code));
    await done("good");
    console.log(io.refused);`)).ended;
  assert.equal(out, "not_durable\n2\n", err);
  assert.match(err, /emit was refused \(not_durable\): The store cannot write/);
});

test("what nobody awaited is there after process.exit in the middle", onlyNative("outcomes are in memory alone"), async (t) => {
  const dataDir = folder(t);
  const code = (then) => `
    import service, { wsUtils } from "signalbox";
    import http from "node:http";
    const server = http.createServer();
    service.initialize(server, ${JSON.stringify({ ...settings, dataDir, logLevel: "info" })});
    server.listen(0, "127.0.0.1", () => { console.log("port", server.address().port); ${then} });`;
  const first = program(t, code('for (let i = 0; i < 5000; ++i) wsUtils.emitToUser(service.getIO(), "ada", "job_completed", { jobId: i }); process.exit(3);'));
  const { code: ended, err } = await first.ended;
  assert.equal(ended, 3);
  assert.match(err, / info stopped\n$/, "the engine was given its time");
  const second = program(t, code(""));
  const [, port] = await second.line(/port (\d+)/);
  const ada = await client(t, `http://127.0.0.1:${port}`, "ada");
  await eventually(() => ada.inbox.filter(([event]) => event === "job_completed").length === 5000);
});
