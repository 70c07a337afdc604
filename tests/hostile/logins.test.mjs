// One valid token that logs in again and again over one connection, each time to be told all that its user has not received.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";

import { pause } from "../support/server.mjs";
import { post, Raw, text } from "./raw.mjs";
import { apiKey, attack, login, loginByPolling, loginPacket, Town } from "./town.mjs";

/** One shard, which keeps so many unread outcomes for a user. */
async function build(outcomes, bytes, env) {
  const town = await Town.build({ THREADS: "1", ...env });
  const result = "x".repeat(bytes);
  const each = Math.min(outcomes, Math.floor(900_000 / (bytes + 100)), 1000);
  for (let from = 0; from < outcomes; from += each) {
    const events = Array.from({ length: Math.min(each, outcomes - from) }, (_, i) => ({ userId: "again", event: "job_completed", data: { jobId: `${from + i}`, result } }));
    const answer = await town.worker.write(post("/api/emit", JSON.stringify(events), `Authorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\n`)).answer(20_000);
    assert.equal(answer.status, 202);
  }
  return town;
}

const logIn = loginPacket("again");
for (const [what, outcomes, bytes, env] of [
  ["10,000 small outcomes", 10_000, 50, {}],
  ["10 outcomes of 90 KB", 10, 90_000, {}],
  ["10 outcomes of 90 KB that ask for acknowledgements", 10, 90_000, { OUTCOME_ACKS: "on" }],
])
  describe(`a user with ${what}`, () => {
    let town;
    before(async () => (town = await build(outcomes, bytes, env)), { timeout: 60_000 });
    after(() => town.leave());
    const where = () => town;
    const bounds = { cpuMs: 500 };

    attack("490 logins in one request", { where, ...bounds }, async ({ port }) => {
      const raw = await Raw.open(port);
      const { target } = await loginByPolling(raw, "again");
      await raw.write(post(target, Array(490).fill(["41", logIn]).flat().join("\x1e"))).answer(10_000);
      raw.close();
    });

    attack("10 WebSockets that read nothing", { where, ...bounds, memoryMb: 40 }, async ({ port }) => {
      const all = await Promise.all(Array.from({ length: 10 }, async () => {
        const ws = (await login(port, "again")).pause();
        ws.write(Buffer.concat(Array(500).fill([text("41"), text(logIn)]).flat()));
        return ws;
      }));
      await pause(2000);
      for (const ws of all) ws.socket.destroy();
    });
  });
