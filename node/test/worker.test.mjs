// A worker in a process of its own, by SIGNALBOX_URL and SIGNALBOX_API_KEY, and a server that is a Node process as well.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { client, eventually, program, settings } from "./support.mjs";

const apiKey = "fedcba9876543210fedcba9876543210";
const start = 'import http from "node:http"; import https from "node:https"; import service, { wsUtils } from "signalbox";';
const server = (t) =>
  program(t, `${start}
    const server = http.createServer((request, response) => response.end("application"));
    service.initialize(server, ${JSON.stringify({ ...settings, apiKey, apiPath: "/signalbox" })});
    server.listen(0, "127.0.0.1", () => console.log("port", server.address().port));`);
const worker = (t, url, code) => program(t, `${start} const io = service.getIO(); ${code}`, { env: { SIGNALBOX_URL: `${url}/signalbox`, SIGNALBOX_API_KEY: apiKey } });

describe("a worker's process", () => {
  test("emits with the same call, and ends when all is told", async (t) => {
    const url = `http://127.0.0.1:${(await server(t).line(/port (\d+)/))[1]}`;
    const ada = await client(t, url, "ada");
    const run = worker(t, url, `
      for (let i = 0; i < 100; ++i) wsUtils.emitToUser(io, "ada", "note", i);
      console.log("outcome", JSON.stringify(await wsUtils.emitToUser(io, "ada", "job_completed", { jobId: 7, result: 1 })));
      console.log("refused", (await Promise.resolve(wsUtils.emitToUser(io, "ada", "connect", 1)).catch((error) => error)).name, io.refused);
      await service.flush();
      await service.close();`);
    const { code, out, err } = await run.ended;
    assert.equal(code, 0, err);
    assert.match(out, /outcome \{"sockets":[01]\}\nrefused EmitError 1\n/);
    await eventually(() => ada.inbox.some(([event]) => event === "job_completed"));
    assert.deepEqual(ada.inbox.filter(([event]) => event === "note").map(([, i]) => i), Array.from({ length: 100 }, (_, i) => i));
  });

  test("knows who is online, as that changes", async (t) => {
    const url = `http://127.0.0.1:${(await server(t).line(/port (\d+)/))[1]}`;
    const ada = await client(t, url, "ada");
    const run = worker(t, url, `
      let before;
      setInterval(() => {
        const now = JSON.stringify([wsUtils.isUserOnline("ada"), wsUtils.getOnlineUsers().sort(), wsUtils.getOnlineUsersCount(), wsUtils.emitToUser(io, "ada", "x", 1).sockets]);
        if (now !== before) console.log(before = now);
      }, 20);`);
    await run.line(/^\[true,\["ada"\],1,1\]$/m);
    await client(t, url, "bob");
    await run.line(/^\[true,\["ada","bob"\],2,1\]$/m);
    ada.disconnect();
    await run.line(/^\[false,\["bob"\],1,0\]$/m);
  });

  test("sends what waits when it closes, ends by itself, and may begin anew", async (t) => {
    const url = `http://127.0.0.1:${(await server(t).line(/port (\d+)/))[1]}`;
    const run = worker(t, url, `
      const done = (io, jobId) => wsUtils.emitToUser(io, "ada", "job_completed", { jobId });
      for (const close of [() => io.close(), () => service.close()]) {
        const io = service.getIO();
        let taken = false;
        done(io, 1).then(() => (taken = true));
        void close();
        await close();
        console.log("taken", taken, await done(io, 2).catch((error) => error.code), service.getIO() !== io);
      }
      service.connect({ url: process.env.SIGNALBOX_URL, apiKey: process.env.SIGNALBOX_API_KEY });
      await done(service.getIO(), 3);
      await service.close();
      console.log("over");`);
    const { code, out, err } = await run.ended;
    assert.deepEqual([code, out], [0, "taken true stopped true\ntaken true stopped true\nover\n"], err);
    assert.match(err, /an emit was refused \(stopped\): The connection to the server was closed by close\(\)\./);
  });

  test("that connects anew has what waited sent as well: flush() and close() wait for it", async (t) => {
    const run = program(t, `${start}
      const taken = [], waiting = [];
      const answer = (response, then) => response.writeHead(202, { "Content-Type": "application/json" }).end('{"accepted":1,"online":0}', then);
      const server = http.createServer((request, response) => {
        if (request.method !== "POST") return response.writeHead(404).end();
        if (waiting.push(response) < 2) return;
        const [first, second] = waiting.splice(0);
        answer(second, () => answer(first));
      }).listen(0, "127.0.0.1", async () => {
        const url = "http://127.0.0.1:" + server.address().port;
        for (const wait of ["flush", "close"]) {
          for (const jobId of ["first", "second"]) {
            service.connect({ url, apiKey: ${JSON.stringify(apiKey)} });
            wsUtils.emitToUser(service.getIO(), "ada", "job_completed", { jobId }).then(() => taken.push(jobId));
          }
          await service[wait]();
          console.log(wait, taken.splice(0).sort().join());
        }
        server.close();
        server.closeAllConnections();
      });`);
    const { code, out, err } = await run.ended;
    assert.deepEqual([code, out], [0, "flush first,second\nclose first,second\n"], err);
  });

  test("has what concerns users alone, and says so of the rest", async (t) => {
    const url = `http://127.0.0.1:${(await server(t).line(/port (\d+)/))[1]}`;
    const run = worker(t, url, `
      for (const name of ["on", "use", "emit", "fetchSockets", "of"]) { try { io[name]; console.log("silent", name); } catch (error) { console.log(error.message); } }
      await service.close();`);
    const { out } = await run.ended;
    assert.doesNotMatch(out, /silent/);
    assert.equal(out.match(/signalbox has no io\.\w+: this process is a worker's/g).length, 4);
  });
});
