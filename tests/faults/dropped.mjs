// Users whose lines drop for two seconds again and again while outcomes are emitted to them: how many do they get?
// The server may be any with `POST /api/emit` and our tokens.
import { apiKey, connect } from "../e2e/support.mjs";
import { Line } from "../support/line.mjs";
import { pause } from "../support/server.mjs";
import { randomOf } from "./works.mjs";

const kDown = 2000;

async function post(server, userId, jobId) {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const body = JSON.stringify({ userId, event: "job_completed", data: { jobId, result: jobId } });
  const answer = await fetch(`${server.url}/api/emit`, { method: "POST", headers, body });
  await answer.text();
  if (answer.status !== 202) throw new Error(`refused with ${answer.status}`);
}

/** Up for one to four seconds, then down for two, until `over()`; up at the end. */
async function drop(line, random, over) {
  while (!over()) {
    await pause(1000 + random() * 3000);
    line.down();
    await pause(kDown);
    line.up();
  }
}

/** Tells how many outcomes were accepted, how many of these reached their user, and how often one came again. */
export async function dropAgainAndAgain(server, { users, seconds, rate, seed, client = {} }) {
  const random = randomOf(seed);
  const heard = new Set();
  let told = 0, accepted = 0, over = false;
  const lines = await Promise.all(Array.from({ length: users }, () => Line.to(server.port)));
  const sockets = lines.map((line, i) => {
    const socket = connect(line, { user: `user${i}`, reconnection: true, ...client });
    socket.on("job_completed", ({ jobId }) => (told++, heard.add(jobId)));
    return socket;
  });
  await Promise.all(sockets.map((socket) => socket.heard("authenticated", 60000)));
  const drops = lines.map((line, i) => drop(line, randomOf(seed + i), () => over));

  const start = performance.now();
  for (let number = 0; number < seconds * rate; number++) {
    const early = start + (1000 * number) / rate - performance.now();
    if (early > 0) await pause(early);
    await post(server, `user${Math.floor(random() * users)}`, `job-${number}`);
    accepted++;
  }
  over = true;
  await Promise.all(drops);
  // Who is away tries again within five seconds.
  for (const end = Date.now() + 20000; heard.size < accepted && Date.now() < end; ) await pause(100);
  for (const socket of sockets) socket.disconnect();
  for (const line of lines) line.close();
  return { accepted, delivered: heard.size, again: told - heard.size };
}
