// ADMIN_PORT: what an operator sees of one user, and does with them. On three shards, with the real client.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { freePort, untilItListens } from "../support/server.mjs";
import { emit, eventually, Inbox, login, startProgram, upgraded } from "./support.mjs";

const key = "a key for operators, and a long one";
let server, url, cookie;

before(async () => {
  const port = await freePort();
  server = await startProgram({ THREADS: "3", ADMIN_KEY: key, ADMIN_PORT: String(port) });
  await untilItListens(port, server.child);
  url = `http://127.0.0.1:${port}`;
  const response = await ask("POST", "/login", { key });
  assert.equal(response.status, 204);
  cookie = response.headers.get("set-cookie").split(";")[0];
});
after(() => server.stop());

const ask = (method, path, body, options = {}) =>
  fetch(url + path, { method, headers: { "Content-Type": "application/json", ...(cookie && { Cookie: cookie }) }, body: body && JSON.stringify(body), ...options });
/** The address of what is told of that user, or done with them. */
const at = (id, what = "", query = "") => `/data/user${what && `/${what}`}?id=${encodeURIComponent(id)}${query}`;
const data = async (...of) => {
  const response = await ask("GET", at(...of));
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("cache-control"), "no-store");
  return response.json();
};
const act = async (id, what, body = {}) => {
  const response = await ask("POST", at(id, what), body);
  return { status: response.status, body: await response.json() };
};

/** Follows a trace; its entries stand in `inbox`, and `stop()` leaves it. */
async function trace(id, query) {
  const leave = new AbortController();
  const response = await ask("GET", at(id, "trace", query), undefined, { signal: leave.signal });
  const inbox = new Inbox();
  let begun;
  const beginning = new Promise((done) => (begun = done));
  const read = async () => {
    let text = "";
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      text += piece;
      if (text.includes("\n\n")) begun();
      for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2))
        if (text.startsWith("data: ")) inbox.put(JSON.parse(text.slice(6, end)));
    }
  };
  let over;
  if (response.status === 200) {
    over = read();
    over.catch(() => {});
    await beginning;
  }
  return { status: response.status, response, inbox, over, heard: (what) => inbox.take((entry) => entry.what === what), stop: () => leave.abort() };
}

/** The same once there is room: a trace that was left makes it a moment later. */
const traceWithRoom = (id) =>
  eventually(async () => {
    const one = await trace(id);
    return one.status === 200 && one;
  });

const close = (...sockets) => sockets.forEach((socket) => socket.close());

test("a user's sockets are found, by whichever transport and on whichever shard", async () => {
  const sockets = [await login(server, { user: "ada", transports: ["polling"] })];
  for (let tab = 0; tab < 8; ++tab) sockets.push(await login(server, { user: "ada", transports: ["websocket"] }));
  const other = await login(server, { user: "grace" });
  const report = await data("ada");
  assert.equal(report.userId, "ada");
  assert.equal(report.online, true);
  assert.equal(report.connections, 9);
  assert.equal(report.more, 0);
  assert.deepEqual(report.nodes, []);
  assert.deepEqual(new Set(report.sockets.map(({ id }) => id)), new Set(sockets.map(({ id }) => id)));
  assert.equal(report.sockets.find(({ id }) => id === sockets[0].id).transport, "polling");
  assert.equal(report.sockets.filter(({ transport }) => transport === "websocket").length, 8);
  for (const { namespace, since, address, forwardedFor, waitingBytes, shard } of report.sockets) {
    assert.equal(namespace, "/");
    assert.ok(Math.abs(Date.now() - since) < 60_000);
    assert.equal(address, "127.0.0.1");
    assert.equal(forwardedFor, null);
    assert.equal(typeof waitingBytes, "number");
    assert.ok([0, 1, 2].includes(shard));
  }
  assert.ok(new Set(report.sockets.map(({ shard }) => shard)).size > 1);
  close(...sockets, other);
  await eventually(async () => (await data("ada")).sockets.length === 0);
});

test("a client that has moved to WebSocket is shown so, and where its proxy says that it comes from", async () => {
  const ada = await login(server, { user: "moved", extraHeaders: { "X-Forwarded-For": "203.0.113.9" } });
  await upgraded(ada);
  const socket = await eventually(async () => {
    const [one] = (await data("moved")).sockets;
    return one.transport === "websocket" && one;
  });
  assert.equal(socket.forwardedFor, "203.0.113.9");
  close(ada);
});

test("nobody's sockets are none, and an id that nobody can have is refused", async () => {
  assert.deepEqual(await data("nobody"), { userId: "nobody", online: false, connections: 0, nodes: [], sockets: [], more: 0 });
  assert.equal((await data("a/b c+ä")).userId, "a/b c+ä");
  for (const query of [`?id=${"x".repeat(300)}`, "?id=%0A", "?id=%FF", "?id=%", "?id=", "", "?id=ada&id=grace"])
    for (const what of ["", "/jobs", "/trace"]) assert.equal((await ask("GET", `/data/user${what}${query}`)).status, 400, what + query);
  for (const what of ["emit", "disconnect"]) assert.equal((await ask("POST", `/data/user/${what}?id=ada&id=grace`, {})).status, 400, what);
});

for (const id of [".", "..", "a/b", "%2e", "ü?#&", "+ +", "a&id=b", "x".repeat(128), "é".repeat(128)]) {
  test(`all that is done with a user is done with one called ${id.slice(0, 9)} as well`, async () => {
    const socket = await login(server, { user: id });
    const report = await data(id);
    assert.deepEqual([report.userId, report.connections, report.sockets[0].id], [id, 1, socket.id]);
    const seen = await trace(id);
    assert.equal((await act(id, "emit", { event: "job_progress", data: { jobId: "7" } })).body.online, 1);
    assert.equal((await seen.heard("sent")).jobId, "7");
    seen.stop();
    assert.deepEqual((await data(id, "jobs")).map(({ jobId }) => jobId), ["7"]);
    assert.deepEqual((await act(id, "disconnect")).body, { disconnected: 1 });
    await eventually(() => !socket.connected);
  });
}

test("of many sockets the first fifty are shown, and all are disconnected", async () => {
  const sockets = await Promise.all(Array.from({ length: 60 }, () => login(server, { user: "crowd", transports: ["websocket"] })));
  const report = await data("crowd");
  assert.equal(report.sockets.length, 50);
  assert.equal(report.more, 10);
  assert.deepEqual(await act("crowd", "disconnect"), { status: 200, body: { disconnected: 60 } });
  for (const socket of sockets) assert.equal(await socket.heard("disconnect"), "io server disconnect");
  assert.equal((await data("crowd")).online, false);
  assert.deepEqual((await act("crowd", "disconnect")).body, { disconnected: 0 });
});

test("a user's jobs are shown in pages", async () => {
  for (const jobId of ["1", "2", "3"]) await emit(server, "worker's", "job_completed", { jobId, result: 1 });
  const first = await ask("GET", at("worker's", "jobs", "&limit=2"));
  assert.equal((await first.json()).length, 2);
  const next = /<(.*)>; rel="next"/.exec(first.headers.get("link"))[1];
  const rest = await data("worker's", "jobs", next.replace("?", "&"));
  assert.equal(rest.length, 1);
  assert.equal(rest[0].event, "job_completed");
  assert.equal((await ask("GET", "/data/user/jobs?id=ada&limit=x")).status, 400);
});

test("a test event reaches the user, and what is wrong with one is said", async () => {
  const ada = await login(server, { user: "ada" });
  const { status, body } = await act("ada", "emit", { event: "hello", data: { n: 1 } });
  assert.equal(status, 202);
  assert.equal(body.online, 1);
  assert.deepEqual(await ada.heard("hello"), { n: 1 });
  for (const [event, sentence] of [
    [{ data: 1 }, /event: is missing/],
    [{}, /event: is missing/],
    [{ event: "connect" }, /event: /],
    [[1], /Send/],
    [{ userId: "grace", event: "x" }, /userId: stands there twice/],
  ]) {
    const refused = await act("ada", "emit", event);
    assert.equal(refused.status, 400);
    assert.match(refused.body.error, sentence);
  }
  close(ada);
});

test("a trace shows what is sent and received, from the login to the end, without the data", async () => {
  const seen = await trace("later");
  const ada = await login(server, { user: "later", transports: ["websocket"] });
  assert.deepEqual((await seen.heard("connected")).socket, ada.id);
  assert.equal((await seen.inbox.take()).packet, "connect");
  assert.equal((await seen.inbox.take()).event, "authenticated");
  await emit(server, "later", "job_progress", { jobId: "7", progress: 5, secret: "s3cret" });
  await emit(server, "later", "job_completed", { jobId: "7", result: "s3cret" });
  const progress = await seen.heard("sent");
  assert.equal(progress.event, "job_progress");
  assert.equal(progress.jobId, "7");
  assert.ok(progress.bytes > 20 && Math.abs(Date.now() - progress.at) < 60_000);
  assert.equal((await seen.heard("sent")).event, "job_completed");
  assert.deepEqual({ ...(await seen.heard("confirmed")), at: 0 }, { at: 0, what: "confirmed", socket: ada.id, event: "job_completed", jobId: "7" });
  ada.emit("jobs", {}, () => {});
  assert.equal((await seen.heard("received")).event, "jobs");
  assert.equal((await seen.heard("sent")).packet, "ack");
  close(ada);
  assert.equal((await seen.heard("received")).packet, "disconnect");
  assert.equal((await seen.heard("disconnected")).reason, "client namespace disconnect");
  assert.ok(!JSON.stringify(seen.inbox.all).includes("s3cret"));
  seen.stop();
});

test("a trace shows the data where that is asked for, of tabs on all shards and of both transports", async () => {
  const sockets = [await login(server, { user: "tabs", transports: ["polling"] })];
  for (let tab = 0; tab < 5; ++tab) sockets.push(await login(server, { user: "tabs", transports: ["websocket"] }));
  const seen = await trace("tabs", "&data=1");
  await act("tabs", "emit", { event: "hello", data: { n: 1 } });
  const entries = [];
  while (entries.length < sockets.length) entries.push(await seen.heard("sent"));
  assert.deepEqual(new Set(entries.map(({ socket }) => socket)), new Set(sockets.map(({ id }) => id)));
  for (const entry of entries) assert.equal(entry.data, '{"n":1}');
  await emit(server, "tabs", "job_completed", { jobId: "1", result: "x".repeat(10_000) });
  const large = await seen.heard("sent");
  assert.equal(large.data.length, 4096);
  assert.equal(large.cut, true);
  const confirmed = [];
  while (confirmed.length < sockets.length) confirmed.push((await seen.heard("confirmed")).socket);
  assert.equal(new Set(confirmed).size, sockets.length);
  close(...sockets);
  seen.stop();
});

test("a trace tells of a client whose line breaks", async () => {
  const ada = await login(server, { user: "breaks", transports: ["websocket"] });
  const seen = await trace("breaks");
  ada.io.engine.transport.ws.terminate();
  assert.match((await seen.heard("disconnected")).reason, /^transport (close|error)$/); // as the kernel has it
  seen.stop();
});

test("four traces go on at once, and a fifth when one of them has ended", async () => {
  const all = [];
  for (let i = 0; i < 4; ++i) all.push(await traceWithRoom(`user-${i}`));
  const fifth = await trace("ada");
  assert.equal(fifth.status, 429);
  assert.match((await fifth.response.json()).error, /4 traces/);
  all[0].stop();
  all.push(await traceWithRoom("ada"));
  all.forEach((each) => each.stop());
});

test("a trace ends with the session in which it was asked for, and no other does", async () => {
  const mine = cookie;
  const others = await traceWithRoom("ada");
  cookie = (await ask("POST", "/login", { key })).headers.get("set-cookie").split(";")[0];
  try {
    const seen = await traceWithRoom("ada");
    assert.equal((await ask("POST", "/logout", {})).status, 204);
    await seen.over;
  } finally {
    cookie = mine;
  }
  const ada = await login(server, { user: "ada" });
  assert.equal((await others.heard("connected")).socket, ada.id);
  close(ada);
  others.stop();
});

test("nothing of it is told without a login", async () => {
  const mine = cookie;
  cookie = undefined;
  try {
    for (const what of ["", "jobs", "trace"]) assert.equal((await ask("GET", at("ada", what))).status, 401, what);
    for (const what of ["emit", "disconnect"]) assert.equal((await ask("POST", at("ada", what), {})).status, 401, what);
  } finally {
    cookie = mine;
  }
  assert.equal((await ask("GET", at("ada", "disconnect"))).status, 405);
  assert.equal((await fetch(url + at("ada", "disconnect"), { method: "POST", headers: { Cookie: cookie }, body: "{}" })).status, 415);
});
