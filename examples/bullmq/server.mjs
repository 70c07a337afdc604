// The application: hands the page out, with a token for whoever says who they are, and gives jobs to the queue.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import http from "node:http";
import { Queue } from "bullmq";
import jwt from "jsonwebtoken";

const { PORT, JWT_SECRET, REDIS_URL, SIGNALBOX_URL } = process.env;
// A job is kept for an hour after its end: so its user is known even if nobody read the queue when it ended.
const kept = { removeOnComplete: { age: 3600 }, removeOnFail: { age: 3600 } };
const queue = new Queue("pictures", { connection: { url: REDIS_URL }, defaultJobOptions: kept });

const files = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/socket.io.js": ["node_modules/socket.io-client/dist/socket.io.min.js", "text/javascript"],
};
const routes = {
  // This login believes everybody, so the server listens on this machine alone. Yours goes here.
  "GET /token": async ({ user }) => JSON.stringify({ url: SIGNALBOX_URL, token: jwt.sign({ id: user }, JWT_SECRET, { expiresIn: "1h" }) }),
  "POST /jobs": async ({ user, prompt }) => (await queue.add("picture", { userId: user, prompt }, { jobId: `${prompt}-${randomUUID()}` })).id,
};
const isText = (value) => value === undefined || (value.trim() !== "" && value.length <= 40 && !value.includes(":"));

async function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  const [file, type] = files[pathname] ?? [], asked = Object.fromEntries(searchParams);
  if (file) return response.setHeader("Content-Type", type).end(await readFile(new URL(file, import.meta.url)));
  const route = routes[`${request.method} ${pathname}`];
  if (!route || !asked.user || !Object.values(asked).every(isText)) return response.writeHead(route ? 400 : 404).end();
  response.end(await route(asked));
}

const server = http.createServer((request, response) => answer(request, response).catch((error) => response.writeHead(500).end(error.message)));
server.listen(PORT, "127.0.0.1", () => console.log(`Open http://127.0.0.1:${PORT}`));
