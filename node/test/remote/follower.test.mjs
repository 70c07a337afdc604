// Who is online, as a worker in its own process knows it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually, freePort, line, login, pause, remote, startProgram } from "./support.mjs";

test("it knows who is online, and an emit says whether its user is", async (t) => {
  const server = await startProgram();
  const ada = await login(server, { user: "ada" });
  const io = remote(t, server.url);
  assert.deepEqual([io.isUserOnline("ada"), io.onlineUsers(), io.onlineCount()], [false, [], 0]);
  io.start();
  await io.ready();
  const bob = await login(server, { user: "bob" });
  const seven = await login(server, { user: "7" });
  await eventually(() => io.onlineCount() === 3);
  assert.deepEqual(io.onlineUsers(), ["7", "ada", "bob"]);
  assert.equal(io.isUserOnline(7), true);
  assert.deepEqual([io.emit("ada", "x", "1").sockets, io.emit("nobody", "x", "1").sockets], [1, 0]);
  bob.disconnect();
  await eventually(() => !io.isUserOnline("bob"));
  await io.ready();
  for (const socket of [ada, seven]) socket.disconnect();
  await server.stop();
});

test("through a restart nobody flickers: what it knew stays until the new server has named everybody", { timeout: 60_000 }, async (t) => {
  const port = await freePort();
  let server = await startProgram({}, port);
  const back = { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 50 };
  const ada = await login(server, { user: "ada", ...back });
  const bob = await login(server, { user: "bob" });
  const log = [];
  const io = remote(t, server.url, { log: (level, text) => log.push(`${level} ${text}`) });
  io.start();
  await io.ready();
  await server.stop("SIGKILL");
  await eventually(() => log.length > 0);
  assert.deepEqual(io.onlineUsers(), ["ada", "bob"]);
  server = await startProgram({}, port);
  await ada.heard("authenticated");
  await eventually(() => !io.isUserOnline("bob"));
  await eventually(() => io.isUserOnline("ada"));
  await eventually(() => log.length > 1);
  assert.match(log[0], /^warn who is online is not followed at present: http/);
  assert.match(log[1], /^info http.* says again who is online$/);
  for (const socket of [ada, bob]) socket.disconnect();
  await server.stop();
});

test("a line that breaks off in the middle of the names leaves what was known, and is made anew", async (t) => {
  const server = await startProgram();
  const users = await Promise.all(Array.from({ length: 50 }, (_, i) => login(server, { user: `user ${i}`, transports: ["websocket"] })));
  let cuts = 0;
  const io = remote(t, await line(t, server.port, (request, answer) => answer.includes("event: ready") && ++cuts <= 3));
  io.start();
  await io.ready();
  assert.equal(cuts, 4);
  assert.equal(io.onlineCount(), 50);
  for (const socket of users) socket.disconnect();
  await server.stop();
});

test("ready() waits for the server, and rejects where it refuses", async (t) => {
  const port = await freePort();
  const early = remote(t, `http://127.0.0.1:${port}`);
  await assert.rejects(early.ready(), /call start\(\) first/);
  early.start();
  const waits = early.ready();
  await pause(50);
  const server = await startProgram({}, port);
  await waits;
  const wrong = remote(t, server.url, { apiKey: "nonsense" });
  wrong.start();
  await assert.rejects(wrong.ready(), (error) => error.code === "unauthorized" && /give SIGNALBOX_API_KEY/.test(error.message));
  const elsewhere = remote(t, `${server.url}/elsewhere`);
  elsewhere.start();
  await assert.rejects(elsewhere.ready(), /SIGNALBOX_URL/);
  await server.stop();
});
