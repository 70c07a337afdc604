// The examples do what they say, each against a running server.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { startServer } from "../support/server.mjs";
import { apiKey, login, secret, startProgram } from "./support.mjs";

const run = promisify(execFile);
const example = (name) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
const job = (event) => (item) => item.name === event;

async function hearsTheJob(socket, jobId, imageUrl) {
  const heard = [];
  while (heard.length < 3) heard.push(await socket.inbox.take(({ name }) => name.startsWith("job_")));
  const [first, second, last] = heard.map(({ values }) => values[0]);
  assert.deepEqual([first, second], [{ jobId, progress: 10, status: "initializing" }, { jobId, progress: 50, status: "generating" }]);
  assert.deepEqual([heard[2].name, last.jobId], ["job_completed", jobId]);
  assert.match(last.result.imageUrl, imageUrl);
}

describe("workers through HTTP", () => {
  let server, socket, env;
  before(async () => {
    server = await startProgram();
    socket = await login(server, { user: "42" });
    env = { PATH: process.env.PATH, API_KEY: apiKey, SIGNALBOX_URL: server.url };
  });
  after(async () => {
    socket.disconnect();
    await server.stop();
  });

  for (const [name, command, file] of [["curl", "bash", "worker.sh"], ["Node", process.execPath, "worker.mjs"], ["Python", "/usr/bin/python3", "worker.py"]]) {
    test(`the worker with ${name}`, async () => {
      await run(command, [example(file), "42", `job-${file}`], { env, timeout: 20000 });
      await hearsTheJob(socket, `job-${file}`, new RegExp(`job-${file}\\.png$`));
    });
    test(`the worker with ${name} fails loudly with a wrong key`, async () => {
      await assert.rejects(run(command, [example(file), "42", "x"], { env: { ...env, API_KEY: "wrong" }, timeout: 20000 }), /401|API_KEY/);
    });
  }
});

test("the worker with Node asks again where the server is away, and says of no job that is done that it failed", async (t) => {
  const asked = [];
  const server = http.createServer(async (request, response) => {
    const { event } = JSON.parse((await request.toArray()).join(""));
    if (asked.push(event) === 1) return request.socket.destroy();
    response.writeHead(event === "job_completed" ? 413 : 202).end(event === "job_completed" ? "too large, says a proxy" : '{"accepted":1,"online":1}');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const env = { PATH: process.env.PATH, API_KEY: apiKey, SIGNALBOX_URL: `http://127.0.0.1:${server.address().port}` };
  await assert.rejects(run(process.execPath, [example("worker.mjs"), "42", "x"], { env, timeout: 20000 }), /413: too large, says a proxy/);
  assert.deepEqual(asked, ["job_progress", "job_progress", "job_progress", "job_completed"]);
});

test("the worker in C++, in the server's process", async () => {
  const server = await startServer("example_worker", [], { JWT_SECRET: secret });
  const socket = await login(server, { user: "42" });
  assert.deepEqual(await socket.emitWithAck("start_job", { jobId: "c", prompt: "a house" }), { ok: true });
  await hearsTheJob(socket, "c", /^https:\/\/example\.com\/\d+\.png$/);
  socket.emit("start_job", { jobId: "d" });
  assert.deepEqual((await socket.inbox.take(job("job_failed"))).values[0], { jobId: "d", error: "nothing to paint" });
  socket.disconnect();
  assert.equal((await server.stop()).code, 0);
});
