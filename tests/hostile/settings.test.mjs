// Whatever a setting says within its range, no client ends the program: each setting at both ends of what docs/configuration.md allows, and
// at each a client that logs in with nested claims, sends of everything a little, and asks.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { pause, startServer } from "../support/server.mjs";
import { frame, get, polling, post, Raw, text, upgrade } from "./raw.mjs";
import { apiKey, crowd, secret, token } from "./town.mjs";

/** Every setting with the values at the ends of its range, or each of its choices. */
function* extremes() {
  const rows = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8").matchAll(/^\| `([A-Z_]+)` \|[^|]*\|[^|]*\|[^|]*\| ([^|]*?) \|/gm);
  for (const [, name, allowed] of rows) {
    const [, from, to] = /^(\w+) to (\d+)$/.exec(allowed) ?? [];
    if (name === "PORT" || name === "LISTEN" || allowed.trim() === "") continue;
    if (to === undefined) for (const choice of allowed.replace(/ \(.*/, "").split(", ")) yield [name, choice];
    else yield* [[name, /^\d+$/.test(from) ? from : "2000000"], [name, to]]; // the least of some is another setting
  }
}

/** What must be as large when a setting is at its largest. */
const room = {
  MAX_PAYLOAD_BYTES: ["TOTAL_PARTIAL_BYTES", "TOTAL_QUEUE_BYTES"],
  RECOVERY_BYTES_PER_USER: ["RECOVERY_TOTAL_BYTES"],
};

const nested = (depth) => "[".repeat(depth) + "1" + "]".repeat(depth);
const claims = `{"id":"ada","exp":${Math.floor(Date.now() / 1000) + 3600},"rights":${nested(20)}}`;
const login = `40{"token":"${token(claims)}","theme":"dark"}`; // no deeper than the least JSON_DEPTH: only the claims are
const job = { userId: "ada", event: "job_completed", data: { jobId: "7", result: { of: [{ it: 1 }] } } };

const messages = [
  login, "40/1,{}", "40/none,{}", '42["message",1]', '421["question",{"a":1}]', '422["jobs"]', '423["jobs",{"after":0,"limit":1}]',
  '424["job_status","7"]', `425["authenticate",{"token":"${token(claims)}"}]`, '426["ask many",2]', '42["ask many"]', '42/1,["message",1]', `42["message",${nested(2)}]`, `42["message",${nested(1100)}]`,
];
const attachment = [text('451-["message",{"_placeholder":true,"num":0}]'), frame(2, "bytes")];
const emit = post("/api/emit", JSON.stringify(job), `Authorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\n`);
const asked = get("/api/users/ada/jobs", `Authorization: Bearer ${apiKey}\r\n`);

/** One connection to its end, or until the server has answered what stands behind it all. */
async function speak(port, bytes) {
  const raw = new Raw(port);
  raw.write(bytes);
  await raw.until(() => undefined, "its end", 150).catch(() => {});
  const got = raw.got.toString("latin1");
  raw.close();
  return got;
}

async function attackAll(port) {
  await Promise.all([emit + asked, Buffer.concat([Buffer.from(upgrade()), ...messages.slice(0, -1).map(text), ...attachment, text(messages.at(-1))])].map((bytes) => speak(port, bytes)));
  const sid = /"sid":"([^"]+)"/.exec(await speak(port, get(polling)))?.[1];
  if (sid) await speak(port, post(`${polling}&sid=${sid}`, messages.join("\x1e")) + get(`${polling}&sid=${sid}`));
}

test("no client ends the program, whatever a setting says", { timeout: 600_000 }, async (t) => {
  const all = [...extremes()];
  assert.ok(all.length > 100, `${all.length} values in docs/configuration.md`);
  const faults = [];
  await crowd(all.length, 4, async (i) => {
    const [name, value] = all[i];
    const where = mkdtempSync(join(tmpdir(), "signalbox-settings-"));
    const also = Object.fromEntries((room[name] ?? []).map((other) => [other, value]));
    const what = `${name}=${value}`;
    try {
      const server = await startServer("hostile_server", [], { JWT_SECRET: secret, API_KEY: apiKey, LOG_LEVEL: "off", THREADS: "1", DATA_DIR: where, ...also, [name]: value });
      const ended = once(server.child, "exit");
      await attackAll(server.port);
      server.child.kill("SIGTERM");
      const survived = (await Promise.race([ended, pause(100)])) === undefined;
      server.child.kill("SIGTERM"); // cuts short what SHUTDOWN_DELAY_MS and DRAIN_MS still wait for
      const [code, signal] = await ended;
      // A second one may meet a program that has stopped while a sanitizer looks for leaks; the first ends none.
      if (code !== 0 && !(signal === "SIGTERM" && survived)) faults.push(`${what} ended with ${code ?? signal}: ${server.child.log}`);
    } finally {
      rmSync(where, { recursive: true, force: true });
    }
  });
  assert.deepEqual(faults, []);
  t.diagnostic(`${all.length} values`);
});
