// Who is online as a stream of events: with curl and with Node's http, while users come and go and the server ends.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { get } from "node:http";
import { after, before, describe, test } from "node:test";

import { api, apiKey, eventually, Inbox, login, startProgram } from "./support.mjs";

const headers = { Authorization: `Bearer ${apiKey}`, Accept: "text/event-stream" };

/** What of `text` are whole events goes to the inbox as {event, data}; what is left of it is returned. */
function hear(text, inbox) {
  const events = text.split("\n\n");
  for (const event of events.slice(0, -1)) {
    const fields = Object.fromEntries(event.split("\n").map((line) => line.split(/: (.*)/s)));
    if (fields.event) inbox.put({ event: fields.event, data: JSON.parse(fields.data) });
  }
  return events.at(-1);
}

/** Follows with Node's http. */
async function follow(server) {
  const request = get(`${server.url}/api/presence`, { headers, agent: false });
  const [answer] = await once(request, "response");
  const follower = { answer, inbox: new Inbox(), ended: once(answer, "end"), stop: () => request.destroy() };
  let rest = "";
  answer.setEncoding("utf8").on("data", (text) => (rest = hear(rest + text, follower.inbox)));
  answer.on("error", () => {});
  follower.ended.catch(() => {});
  follower.next = async () => follower.inbox.take();
  follower.upToReady = async () => {
    const users = [];
    for (let one; (one = await follower.next()).event !== "ready"; ) users.push(...one.data.users);
    return users;
  };
  return follower;
}

describe("GET /api/presence with Accept: text/event-stream", () => {
  let server;
  before(async () => (server = await startProgram({ IDLE_TIMEOUT_MS: "200" })));
  after(() => server.stop());

  test("with curl -N: who is online, and then who comes and who goes", async () => {
    const ada = await login(server, { user: "ada" });
    const curl = spawn("curl", ["-sN", `${server.url}/api/presence`, ...Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`])]);
    let text = "";
    curl.stdout.setEncoding("utf8").on("data", (more) => (text += more));
    const said = (what) => eventually(() => text === what || undefined).catch(() => assert.equal(text, what));
    const begin = 'event: snapshot\ndata: {"users":["ada"]}\n\nevent: ready\ndata: {}\n\n';
    await said(begin);
    const grace = await login(server, { user: "grace" });
    await said(`${begin}event: online\ndata: {"userId":"grace"}\n\n`);
    ada.disconnect();
    await said(`${begin}event: online\ndata: {"userId":"grace"}\n\nevent: offline\ndata: {"userId":"ada"}\n\n`);
    curl.kill();
    grace.disconnect();
  });

  test("with Node's http, each user once however many sockets, and with PRESENCE_EVENTS=off as well", async () => {
    const quiet = await startProgram({ PRESENCE_EVENTS: "off" });
    const follower = await follow(quiet);
    assert.equal(follower.answer.statusCode, 200);
    assert.equal(follower.answer.headers["content-type"], "text/event-stream");
    assert.deepEqual(await follower.upToReady(), []);
    const sockets = [];
    for (let i = 0; i < 3; ++i) sockets.push(await login(quiet, { user: "ada" }));
    for (const socket of sockets) socket.disconnect();
    assert.deepEqual(await follower.next(), { event: "online", data: { userId: "ada" } });
    assert.deepEqual(await follower.next(), { event: "offline", data: { userId: "ada" } });
    follower.stop();
    await quiet.stop();
  });

  test("a follower counts as one connection, whose end is seen", async () => {
    const full = await startProgram({ MAX_CONNECTIONS: "2" });
    const one = await follow(full);
    const two = await follow(full);
    await assert.rejects(follow(full).then((third) => assert.equal(third.answer.statusCode, 200)));
    one.stop();
    await eventually(async () => (await fetch(`${full.url}/healthz`).catch(() => undefined))?.status === 200);
    two.stop();
    await full.stop();
  });

  test("HEAD says what it is, and the connection goes on", async () => {
    const answer = await fetch(`${server.url}/api/presence`, { method: "HEAD", headers });
    assert.deepEqual([answer.status, answer.headers.get("content-type")], [200, "text/event-stream"]);
    assert.equal((await api(server, "GET", "/api/presence")).status, 200);
  });

  test("without the key, or with a wrong page, it is refused as any request is", async () => {
    assert.equal((await fetch(`${server.url}/api/presence`, { headers: { Accept: headers.Accept } })).status, 401);
    assert.equal((await fetch(`${server.url}/api/presence?limit=0`, { headers })).status, 400);
  });

  test("it ends in good order with the server, which does not wait for it", async () => {
    const ending = await startProgram({ DRAIN_MS: "60000" });
    const follower = await follow(ending);
    await follower.upToReady();
    assert.ok((await ending.stop()).ms < 3000);
    await follower.ended;
  });

  test("followers that begin while hundreds log in and leave all know in the end who is online", { timeout: 60_000 }, async () => {
    const users = Array.from({ length: 300 }, (_, i) => `user-${i}`);
    const followers = [];
    const sockets = [];
    for (let i = 0; i < users.length; i += 30) {
      const come = Promise.all(users.slice(i, i + 30).map((user) => login(server, { user, transports: ["websocket"] })));
      followers.push(await follow(server));
      sockets.push(...(await come));
      for (const socket of sockets.splice(0, 10)) socket.disconnect();
    }
    await eventually(async () => (await api(server, "GET", "/api/presence")).body.count === 200);
    const { users: online } = (await api(server, "GET", "/api/presence")).body;
    for (const follower of followers) {
      const known = new Set(await follower.upToReady());
      const caughtUp = () => {
        for (const { event, data } of follower.inbox.all) event === "online" ? known.add(data.userId) : known.delete(data.userId);
        follower.inbox.clear();
        return known.size === online.length && online.every((user) => known.has(user));
      };
      await eventually(caughtUp);
      follower.stop();
    }
    for (const socket of sockets) socket.disconnect();
  });
});
