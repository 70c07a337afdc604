// Has the program of a version make a store, and keeps it here as upgrade.test.mjs wants it:
//   node tests/e2e/stores/make.mjs PROGRAM NAME [SETTING=VALUE…]
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { startServer } from "../../support/server.mjs";
import { api, apiKey, eventually, login, secret } from "../support.mjs";
import { beforeTheKill, beforeTheStop, received } from "./contents.mjs";

const [program, name, ...settings] = process.argv.slice(2);
const data = mkdtempSync(join(tmpdir(), "signalbox-store-"));
const env = { DATA_DIR: data, JWT_SECRET: secret, API_KEY: apiKey, ...Object.fromEntries(settings.map((text) => text.split(/=(.*)/s, 2))) };
const start = () => startServer(program, ["serve"], env);

async function emit(server, events) {
  const { status, text } = await eventually(async () => {
    const answer = await api(server, "POST", "/api/emit", events);
    return answer.status !== 503 && answer;
  });
  if (status !== 202) throw new Error(`${status}: ${text}`);
}

let server = await start();
const { userId, data: { jobId } } = received;
const socket = await login(server, { user: userId });
await emit(server, [received]);
await socket.heard("job_completed");
await eventually(async () => (await api(server, "GET", `/api/users/${userId}/jobs/${jobId}`)).body.had);
socket.disconnect();
await emit(server, beforeTheStop);
await server.stop();
server = await start();
await emit(server, beforeTheKill);
await server.stop("SIGKILL");

const folder = fileURLToPath(new URL(name, import.meta.url));
mkdirSync(folder, { recursive: true });
for (const file of ["outcomes.db", "outcomes.db-wal"]) writeFileSync(join(folder, `${file}.gz`), gzipSync(readFileSync(join(data, file)), { level: 9 }));
writeFileSync(join(folder, "made"), `${Date.now()}\n`);
rmSync(data, { recursive: true });
