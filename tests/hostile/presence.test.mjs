// A crowd that comes and goes at once is told of to everybody else, and nobody who reads pays for it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

import { pause, program, startServer } from "../support/server.mjs";
import { get, post, Raw } from "./raw.mjs";
import { apiKey, crowd, login, scaled, secret } from "./town.mjs";

/** Asks for /healthz until `over()`: the slowest answer, in milliseconds. */
async function slowestHealth(port, over) {
  const raw = await Raw.open(port);
  let slowest = 0;
  while (!over()) {
    const start = performance.now();
    if (!(await raw.write(get("/healthz")).answer(60_000))) break; // the test has failed, and its server is gone
    slowest = Math.max(slowest, performance.now() - start);
    await new Promise(setImmediate);
  }
  raw.close();
  return slowest;
}

const workersKey = apiKey.repeat(2); // long enough for nothing to be said of it in the log

/** A worker emits to each reader again and again until `over()`: how often. */
async function emitToAll(port, readers, over) {
  const raw = await Raw.open(port);
  const body = JSON.stringify(Array.from({ length: readers }, (_, i) => ({ userId: `reader ${i}`, event: "tick", data: 1 })));
  const request = post("/api/emit", body, `Authorization: Bearer ${workersKey}\r\nContent-Type: application/json\r\n`);
  let times = 0;
  for (; !over(); ++times) {
    const answer = await raw.write(request).answer(60_000);
    if (!answer) break; // the test has failed, and its server is gone
    assert.equal(answer.status, 202);
    await pause(50);
  }
  raw.close();
  return times;
}

for (const [what, env] of [["", {}], [", with recovery on and a worker that emits to all", { RECOVERY_WINDOW_MS: "60000", API_KEY: workersKey }]])
  test(`a crowd comes, and its graces end in one moment: all who read hear of each, in order, and none is closed${what}`, { timeout: 120_000 }, async (t) => {
    // Each reader is told of more than its kernel and ours take at once, and all together of many times what may wait.
    const [readers, guests] = [scaled(200), 1500];
    const name = (i) => `guest ${i} ${"x".repeat(230)}`;
    const server = await startServer("hostile_server", [], { JWT_SECRET: secret, PRESENCE_GRACE_MS: "2000", TOTAL_QUEUE_BYTES: String(8 << 20), LOG_LEVEL: "warn", ...env });
    const swarm = new Worker(new URL("presence_readers.mjs", import.meta.url), { workerData: { port: server.port, readers } });
    const said = async (what) => {
      const [message] = await once(swarm, "message");
      assert.deepEqual(message, { [what]: readers, lost: 0 }, server.child.log);
    };
    try {
      await said("ready");
      swarm.postMessage({ hear: "user_online", of: guests });
      const here = await crowd(guests, 100, (i) => login(server.port, name(i)));
      await said("heard");
      swarm.postMessage({ hear: "user_offline", of: guests });
      let over = false;
      const slowest = slowestHealth(server.port, () => over);
      const emits = env.API_KEY ? emitToAll(server.port, readers, () => over) : Promise.resolve(1);
      for (const guest of here) guest.reset();
      await said("heard");
      over = true;
      t.diagnostic(`the slowest answer meanwhile took ${(await slowest).toFixed(0)} ms`);
      assert.ok((await slowest) < 1000, `an answer took ${await slowest} ms`);
      assert.ok((await emits) > 0);
      assert.equal(server.child.log, "", "nothing was dropped");
    } finally {
      await swarm.terminate();
      await server.stop("SIGKILL");
    }
  });
