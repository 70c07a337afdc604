// Debian's Python client, which is strict where the JavaScript client is not: at most sixteen packets in a polling answer.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { api, secret, startLibrary } from "./support.mjs";

let server;
// The client's writer sometimes leaves out its last packet, the close; its process then lives until the next ping ends its waiting GET.
before(async () => (server = await startLibrary({ PRESENCE_EVENTS: "off", PING_INTERVAL_MS: "1000" })));
after(() => server.stop());

const script = fileURLToPath(new URL("python_clients.py", import.meta.url));

/** Runs `count` clients; once they are logged in, each is sent the numbers below `events`, all at once. */
async function run(count, transport, events) {
  const child = spawn("/usr/bin/python3", [script, server.url, secret, String(count), transport], { stdio: ["ignore", "pipe", "pipe"], timeout: 60000 });
  let complaints = "";
  child.stderr.on("data", (data) => (complaints += data));
  const ended = once(child, "close");
  const lines = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== "ready") {
      lines.push(JSON.parse(line));
      continue;
    }
    for (let i = 0; i < count; ++i) {
      const all = Array.from({ length: events }, (_, n) => ({ userId: `p${i}`, event: "message", data: { n } }));
      const answer = await api(server, "POST", "/api/emit", [...all, { userId: `p${i}`, event: "done" }]);
      assert.deepEqual(answer.body, { accepted: events + 1, online: events + 1 });
    }
  }
  const [code] = await ended;
  assert.equal(code, 0, complaints);
  const numbers = Array.from({ length: events }, (_, n) => ({ n }));
  const carried = transport === "polling" ? "polling" : "websocket";
  assert.deepEqual(lines, Array.from({ length: count }, (_, i) => ({ heard: [`p${i}`, ...numbers], answer: ["ü", 1], transport: carried })));
}

for (const transport of ["polling", "websocket", "upgrade"]) {
  test(`logs in, hears 100 events in order and has its call answered, ${transport}`, { timeout: 60000 }, () => run(1, transport, 100));
}
for (const transport of ["polling", "websocket"]) {
  test(`fifty wait at once, ${transport}`, { timeout: 90000 }, () => run(50, transport, 20));
}
