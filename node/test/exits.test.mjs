// However a process or a thread ends: no crash, no hang, nothing accepted lost.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { client, eventually, folder, next, onlyNative, program, settings } from "./support.mjs";

const start = (more = {}) => `
  import http from "node:http";
  import { Worker, isMainThread, parentPort } from "node:worker_threads";
  import service, { wsUtils } from "signalbox";
  const settings = ${JSON.stringify({ ...settings, ...more })};`;
const listening = `
  const server = http.createServer();
  service.initialize(server, settings);
  const io = service.getIO();
  server.listen(0, "127.0.0.1", () => console.log("port", server.address().port));`;

/** The program's address, once it listens. */
async function address({ line }) {
  return `http://127.0.0.1:${(await line(/port (\d+)/))[1]}`;
}

describe("a process", () => {
  for (const [how, code, expected] of [
    ["process.exit in a handler", 'service.on("go", () => process.exit(5));', 5],
    ["process.exit with handlers, logins and emits under way", 'io.use(async () => new Promise(() => {})); setInterval(() => { for (let i = 0; i < 1000; ++i) wsUtils.emitToUser(io, "ada", "x", i); }, 1); setTimeout(() => process.exit(5), 300);', 5],
    ["an exception that nobody catches", 'setTimeout(() => { throw new Error("mine"); }, 100);', 1],
    ["process.exit while it closes", 'setTimeout(() => { service.close(); process.exit(5); }, 100);', 5],
    ["process.exit in the turn of initialize", "process.exit(5);", 5],
  ]) {
    test(`ends by ${how}`, async (t) => {
      const run = program(t, start() + listening + code);
      if (how.includes("handler,")) client(t, await address(run), "ada").catch(() => {});
      if (how.endsWith("a handler")) (await client(t, await address(run), "ada")).emit("go");
      const { code: ended, signal, err } = await run.ended;
      assert.deepEqual([ended, signal], [expected, null], err);
    });
  }

  test("lives on when a handler throws", async (t) => {
    const run = program(t, `${start()}${listening} service.on("go", () => { throw new Error("mine"); }).on("ask", (socket, ack) => ack("lives"));`);
    const ada = await client(t, await address(run), "ada");
    ada.emit("go");
    assert.equal(await ada.emitWithAck("ask"), "lives");
    await eventually(() => /signalbox: a handler of 'go' failed: Error: mine/.test(run.output.err));
  });

  test("that takes SIGTERM itself lets clients go by close()", async (t) => {
    const run = program(t, `${start()}${listening} process.on("SIGTERM", async () => { await service.close(); server.close(); });`);
    const ada = await client(t, await address(run), "ada", { reconnection: false });
    const gone = next(ada, "disconnect");
    run.child.kill("SIGTERM");
    assert.equal(await gone, "transport close");
    assert.equal((await run.ended).code, 0);
  });
});

describe("worker threads", onlyNative("each thread would have an engine of its own"), () => {
  test("share one engine: each emits, and hears what it listens to in its own thread", async (t) => {
    const run = program(t, `${start()}${listening}
      for (let i = 0; i < 3; ++i) new Worker(\`
        import("signalbox").then(({ default: service, wsUtils }) => {
          const { parentPort, threadId } = require("node:worker_threads");
          parentPort.on("message", () => {});  // or the thread ends: the engine keeps nobody
          const io = service.getIO();
          service.on("who", (socket) => wsUtils.emitToUser(io, socket.user.id, "thread", threadId));
          console.log("ready", wsUtils.isUserOnline("ada"));
        });\`, { eval: true });`);
    const url = await address(run);
    await eventually(() => run.output.out.match(/ready false/g)?.length === 3);
    const ada = await client(t, url, "ada");
    ada.emit("who");
    await eventually(() => ada.inbox.filter(([event]) => event === "thread").length === 3);
    assert.deepEqual(ada.inbox.filter(([event]) => event === "thread").map(([, id]) => id).sort(), [1, 2, 3]);
  });

  test("may come and go while clients are served, and the engine stays until the last leaves", async (t) => {
    const run = program(t, `${start()}
      console.log("main");
      const worker = () => new Worker(\`
        import("signalbox").then(({ default: service, wsUtils }) => {
          const io = service.getIO();
          io.on("connection", () => {});
          for (let i = 0; i < 100; ++i) wsUtils.emitToUser(io, "ada", "tick", i);
          setTimeout(() => process.exit(), 20);
        });\`, { eval: true });
      ${listening}
      let left = 15;
      const again = () => left-- > 0 ? worker().on("exit", again) : console.log("all gone");
      again(); again();`);
    const ada = await client(t, await address(run), "ada");
    await run.line(/all gone/);
    assert.ok(ada.connected);
  });

  test("one starts the engine, and it stops with the process", async (t) => {
    const run = program(t, `${start()}
      new Worker(\`
        import("signalbox").then(({ default: service }) => {
          service.initialize(0, { ...${JSON.stringify(settings)}, host: "127.0.0.1" });
          require("node:worker_threads").parentPort.postMessage("up");
        });\`, { eval: true }).on("message", () => {
          try { service.initialize(0, settings); } catch (error) { console.log(error.message); }
          service.getIO();
          process.exit(4);
        });`);
    const { code, out, err } = await run.ended;
    assert.equal(code, 4, err);
    assert.match(out, /runs already in this process/);
  });

  test("one that is ended within its handler ends alone", async (t) => {
    const run = program(t, `${start()}${listening}
      const worker = new Worker(\`
        import("signalbox").then(({ default: service }) => {
          service.getIO();
          service.on("end", () => { require("node:worker_threads").parentPort.postMessage("now"); for (;;) {} });
          service.on("exit", () => process.exit());
          require("node:worker_threads").parentPort.on("message", () => {}).postMessage("ready");
        })\`, { eval: true });
      worker.on("message", (what) => (console.log(what), what === "now" && worker.terminate())).on("exit", () => console.log("ended"));`);
    const url = await address(run);
    await run.line(/ready/);
    const ada = await client(t, url, "ada");
    ada.emit("end");
    await run.line(/ended/);
    assert.equal(run.child.exitCode, null);
    await client(t, url, "bob");
  });
});

test("node --watch starts anew, with the store of the run before", onlyNative("outcomes are in memory alone"), async (t) => {
  const dataDir = folder(t);
  for (let round = 0; round < 3; ++round) {
    const run = program(t, `${start({ dataDir })}${listening} for (let i = 0; i < 100; ++i) wsUtils.emitToUser(io, "ada", "job_completed", { jobId: "${round}-" + i });`);
    await address(run);
    run.child.kill("SIGTERM");
    assert.equal((await run.ended).signal, "SIGTERM");
  }
  const run = program(t, start({ dataDir }) + listening);
  const ada = await client(t, await address(run), "ada");
  await eventually(() => ada.inbox.filter(([event]) => event === "job_completed").length >= 1);
});

test("emits while it closes are refused or taken, and nothing else", async (t) => {
  const run = program(t, `${start({ dataDir: folder(t) })}
    for (let round = 0; round < 8; ++round) {
      service.initialize(http.createServer(), settings);
      const io = service.getIO();
      let over = false;
      const closed = service.close().then(() => (over = true));
      for (let i = 0; !over; ++i) {
        wsUtils.emitToUser(io, "ada", "job_completed", { jobId: i });
        if (i % 50 === 0) await new Promise(setImmediate);
      }
      await closed;
    }
    console.log("survived");`);
  const { code, out, signal } = await run.ended;
  assert.deepEqual([code, signal, out], [0, null, "survived\n"]);
});
