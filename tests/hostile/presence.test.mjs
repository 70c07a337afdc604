// A crowd that comes and goes at once is told of to everybody else, and nobody who reads pays for it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

import { program, startServer } from "../support/server.mjs";
import { get, Raw } from "./raw.mjs";
import { crowd, login, scaled, secret } from "./town.mjs";

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

test("a crowd comes, and its graces end in one moment: all who read hear of each, in order, and none is closed", { timeout: 120_000 }, async (t) => {
  // Each reader is told of more than its kernel and ours take at once, and all together of many times what may wait.
  const [readers, guests] = [scaled(200), 1500];
  const name = (i) => `guest ${i} ${"x".repeat(230)}`;
  const server = await startServer("hostile_server", [], { JWT_SECRET: secret, PRESENCE_GRACE_MS: "2000", TOTAL_QUEUE_BYTES: String(8 << 20), LOG_LEVEL: "warn" });
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
    for (const guest of here) guest.reset();
    await said("heard");
    over = true;
    t.diagnostic(`the slowest answer meanwhile took ${(await slowest).toFixed(0)} ms`);
    assert.ok((await slowest) < 1000, `an answer took ${await slowest} ms`);
    assert.equal(server.child.log, "", "nothing was dropped");
  } finally {
    await swarm.terminate();
    await server.stop("SIGKILL");
  }
});
