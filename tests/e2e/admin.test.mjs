// The admin page's server: its door, its login, and the data that it shows.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { FaultyDisk } from "../support/faulty_disk.mjs";
import { RedisServer, skipWithoutRedis } from "../support/redis_server.mjs";
import { freePort } from "../support/server.mjs";
import { apiKey, connect, emit, eventually, login, startProgram } from "./support.mjs";

const adminKey = "fedcba9876543210fedcba9876543210";

/** A program with an admin page, whose `admin(path, …)` asks for it with that cookie. */
async function start(env = {}) {
  const adminPort = await freePort();
  const server = await startProgram({ ADMIN_KEY: adminKey, ADMIN_PORT: String(adminPort), ...env });
  server.adminPort = adminPort;
  server.admin = (path, { cookie, headers = {}, ...rest } = {}) =>
    fetch(`http://127.0.0.1:${adminPort}${path}`, { headers: { ...(cookie && { Cookie: cookie }), ...headers }, ...rest });
  server.post = (path, body, options = {}) =>
    server.admin(path, { method: "POST", body: JSON.stringify(body), ...options, headers: { "Content-Type": "application/json", ...options.headers } });
  /** The cookie of a new session. */
  server.logIn = async () => {
    const response = await server.post("/login", { key: adminKey });
    assert.equal(response.status, 204);
    return response.headers.get("set-cookie").split(";")[0];
  };
  return server;
}

/** An answer to a request whose Host is not ours, which fetch would not send: its status. */
const statusAs = (port, host, { method = "GET", path = "/data/overview", headers = {} } = {}) =>
  new Promise((done, failed) => {
    request({ port, host: "127.0.0.1", method, path, headers: { Host: host, ...headers } }, (response) => done(response.resume().statusCode)).on("error", failed).end();
  });

describe("The admin page's door", { timeout: 60000 }, () => {
  test("is closed without ADMIN_KEY, whatever ADMIN_PORT says", async () => {
    const adminPort = await freePort();
    const server = await startProgram({ ADMIN_PORT: String(adminPort) });
    await assert.rejects(fetch(`http://127.0.0.1:${adminPort}/`), (error) => error.cause.code === "ECONNREFUSED");
    await server.stop();
  });

  test("is at loopback, IPv4 and IPv6, where the log says, at a free port if that is 0", async () => {
    const server = await startProgram({ ADMIN_KEY: adminKey, ADMIN_PORT: "0", LOG_LEVEL: "info" });
    const [, port] = await eventually(() => /listening for the admin page host=localhost port=(\d+)/.exec(server.child.log));
    for (const host of ["127.0.0.1", "[::1]", "localhost"]) assert.equal((await fetch(`http://${host}:${port}/data/overview`)).status, 401, host);
    assert.ok(!server.child.log.includes("ADMIN_KEY"), "its key is long enough");
    await server.stop();
  });

  test("says so if its key can be guessed", async () => {
    const server = await startProgram({ ADMIN_KEY: "short", ADMIN_PORT: "0" });
    await eventually(() => /ADMIN_KEY is shorter than 32 bytes/.test(server.child.log));
    await server.stop();
  });

  test("is never PORT, and serves nobody else", async () => {
    const server = await start();
    const cookie = await server.logIn();
    for (const path of ["/data/overview", "/login", "/data"]) assert.equal((await fetch(server.url + path, { headers: { Cookie: cookie } })).status, 404, path);
    for (const path of ["/api/nodes", "/metrics", "/healthz", "/socket.io/?EIO=4&transport=polling", "/socket.io/socket.io.js"])
      assert.equal((await server.admin(path, { cookie, headers: { Authorization: `Bearer ${apiKey}` } })).status, 404, path);
    await server.stop();
  });
});

describe("A login at the admin page", { timeout: 60000 }, () => {
  let server;
  before(async () => (server = await start()));
  after(() => server.stop());

  test("takes the key, and gives a cookie that scripts cannot read and other sites do not send", async () => {
    const response = await server.post("/login", { key: adminKey });
    assert.equal(response.status, 204);
    assert.match(response.headers.get("set-cookie"), new RegExp(`^signalbox_admin_${server.adminPort}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`));
    const secure = await server.post("/login", { key: adminKey }, { headers: { "X-Forwarded-Proto": "https" } });
    assert.match(secure.headers.get("set-cookie"), /; Secure$/);
  });

  test("takes no other key, and says so", async () => {
    const response = await server.post("/login", { key: adminKey + "x" });
    assert.deepEqual([response.status, await response.json()], [401, { error: "This is not the value of ADMIN_KEY." }]);
    assert.equal(response.headers.get("set-cookie"), null);
    for (const body of [{}, { key: 1 }, [], "x"]) assert.equal((await server.post("/login", body)).status, 400, JSON.stringify(body));
  });

  test("is wanted for all data, and for what there is not as well", async () => {
    for (const path of ["/data", "/data/overview", "/data/history", "/data/refusals", "/data/queues", "/data/nodes", "/data/users", "/data/nothing"])
      for (const cookie of [undefined, `signalbox_admin_${server.adminPort}=x`, `signalbox_admin_${server.adminPort}=${adminKey}`])
        assert.equal((await server.admin(path, { cookie })).status, 401, `${path} with ${cookie}`);
    const cookie = await server.logIn();
    assert.equal((await server.admin("/data/overview", { cookie })).status, 200);
    assert.equal((await server.admin("/data/nothing", { cookie })).status, 404);
    const post = await server.post("/data/overview", {}, { cookie });
    assert.deepEqual([post.status, post.headers.get("allow")], [405, "GET, HEAD"]);
  });

  test("ends with a logout, which takes the cookie away", async () => {
    const [one, two] = [await server.logIn(), await server.logIn()];
    const response = await server.post("/logout", {}, { cookie: one });
    assert.equal(response.status, 204);
    assert.match(response.headers.get("set-cookie"), /=; Path=\/; HttpOnly; SameSite=Strict; Max-Age=0$/);
    assert.equal((await server.admin("/data/overview", { cookie: one })).status, 401);
    assert.equal((await server.admin("/data/overview", { cookie: two })).status, 200);
  });

  test("ends for a request as well whose body is still to come", async () => {
    const cookie = await server.logIn();
    const [path, body] = ["/data/user/emit?id=ada", JSON.stringify({ event: "late" })];
    const headers = { Cookie: cookie, "Content-Type": "application/json", "Content-Length": body.length, Expect: "100-continue" };
    const late = request({ port: server.adminPort, host: "127.0.0.1", method: "POST", path, headers });
    const let_in = new Promise((done) => late.once("continue", done));
    const answered = new Promise((done, failed) => late.once("response", done).once("error", failed));
    late.flushHeaders();
    await let_in;
    assert.equal((await server.post("/logout", {}, { cookie })).status, 204);
    late.end(body);
    assert.equal((await answered).resume().statusCode, 401);
  });

  test("is found behind a cookie of the same name, which anybody on this host may set", async () => {
    const cookie = await server.logIn();
    const both = `${cookie.split("=")[0]}=of others; ${cookie}`;
    assert.equal((await server.admin("/data/overview", { cookie: both })).status, 200);
    await server.post("/logout", {}, { cookie: both });
    assert.equal((await server.admin("/data/overview", { cookie })).status, 401);
  });

  test("and all that changes something is refused to pages of other sites, and to forms", async () => {
    const cookie = await server.logIn();
    for (const headers of [{ Origin: "http://evil.example" }, { Origin: "null" }, { Origin: `http://127.0.0.1:${server.port}` }, { "Sec-Fetch-Site": "cross-site" }, { "Sec-Fetch-Site": "same-site" }])
      for (const path of ["/login", "/logout", "/data/overview"])
        assert.equal((await server.post(path, { key: adminKey }, { cookie, headers })).status, 403, `${path} ${JSON.stringify(headers)}`);
    assert.equal((await server.admin("/data/overview", { cookie, headers: { "Sec-Fetch-Site": "cross-site" } })).status, 403);
    for (const type of ["application/x-www-form-urlencoded", "text/plain"])
      assert.equal((await server.post("/login", { key: adminKey }, { headers: { "Content-Type": type } })).status, 415, type);
    const own = await server.post("/logout", {}, { cookie, headers: { Origin: `http://127.0.0.1:${server.adminPort}` } });
    assert.equal(own.status, 204);
  });

  test("is not to be had under another name that points here (DNS rebinding)", async () => {
    const [cookie, value] = [await server.logIn()].map((pair) => [pair, pair.split("=")[1]])[0];
    assert.equal(await statusAs(server.adminPort, `localhost:${server.adminPort}`, { headers: { Cookie: cookie } }), 200);
    for (const host of ["rebound.example", `rebound.example:${server.adminPort}`, "localhost.example"])
      assert.equal(await statusAs(server.adminPort, host, { headers: { Cookie: `${cookie}; signalbox_admin=${value}` } }), 403, host);
    assert.equal(await statusAs(server.adminPort, "rebound.example", { path: "/" }), 403);
  });

  test("is refused for a while after ten wrong keys; who is logged in stays so", async () => {
    const guessed = await start();
    const cookie = await guessed.logIn();
    for (let i = 0; i < 10; ++i) assert.equal((await guessed.post("/login", { key: `guess ${i}` })).status, 401);
    const response = await guessed.post("/login", { key: adminKey });
    assert.equal(response.status, 429);
    const wait = Number(response.headers.get("retry-after"));
    assert.ok(wait > 50 && wait <= 60, `Retry-After: ${wait}`);
    const { refusals } = await (await guessed.admin("/data/refusals", { cookie })).json();
    assert.deepEqual(refusals.map(({ what, reason, count }) => [what, reason, count]), [["admin", "A login at this page: the key is wrong.", 11]]);
    assert.ok(!guessed.child.log.includes("guess "), "what was tried is not in the log");
    await guessed.stop();
  });
});

describe("The admin page's data", { timeout: 60000 }, () => {
  let server, cookie, folder;
  const read = async (path) => {
    const response = await server.admin(path, { cookie });
    assert.equal(response.status, 200, path);
    return response.json();
  };
  /** What it says, once that fits. */
  const reads = (path, fits) => eventually(async () => {
    const said = await read(path);
    return fits(said) && said;
  });
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "signalbox-admin-"));
    server = await start({ DATA_DIR: folder, CORS_ORIGIN: "https://app.example" });
    cookie = await server.logIn();
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  test("and all other answers stand in no frame, load nothing of others and are kept nowhere", async () => {
    for (const path of ["/", "/data/overview", "/data/queues", "/data/nodes", "/data/users", "/nothing"]) {
      const { headers } = await server.admin(path, { cookie });
      assert.match(headers.get("content-security-policy"), /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/, path);
      assert.deepEqual([headers.get("x-content-type-options"), headers.get("referrer-policy")], ["nosniff", "no-referrer"], path);
      if (path.startsWith("/data")) assert.equal(headers.get("cache-control"), "no-store", path);
    }
  });

  test("say how this node is", async () => {
    const sockets = await Promise.all(["ada", "bob", "eve"].map((user) => login(server, { user })));
    await emit(server, "ada", "job_completed", { jobId: "1" });
    await emit(server, "nobody here", "job_completed", { jobId: "2" });
    const said = await reads("/data/overview", ({ numbers }) => numbers.usersOnline === 3 && numbers.outcomesUnheard === 1);
    assert.deepEqual([said.node, said.ready, said.reason, said.store, said.redis], [null, true, null, "ok", "none"]);
    assert.match(said.version, /^\d+\.\d+\.\d+/);
    assert.ok(said.startedAt <= said.now && Math.abs(said.now - Date.now()) < 5000);
    assert.ok(said.numbers.sessions === 3 && said.numbers.connections >= 3 && said.numbers.connectionsLimit > 100 && said.numbers.memoryBytes > 1e6);
    assert.ok(said.rates.logins > 0 && said.rates.outcomes > 0 && said.rates.cpu >= 0);
    for (const name of ["delivery", "commit", "receipt", "login", "turn"]) {
      const { p50, p99 } = said.latencies[name];
      assert.ok(p50 > 0 && p99 >= p50 && p99 < 60, `${name}: ${p50}, ${p99}`);
    }
    sockets.forEach((socket) => socket.disconnect());
    await reads("/data/overview", ({ numbers }) => numbers.usersOnline === 0);
  });

  test("have a last hour, with a point each ten seconds", async () => {
    const { every, series } = await read("/data/history");
    assert.equal(every, 10);
    const names = ["time", "usersOnline", "connections", "logins", "events", "outcomes", "refusals", "memoryBytes", "cpu", "deliveryP99", "unheard"];
    assert.deepEqual(Object.keys(series), names);
    for (const name of names) assert.equal(series[name].length, series.time.length, name);
    const before = series.time.length;
    assert.ok(before >= 1);
    const later = await eventually(async () => {
      const now = await read("/data/history");
      return now.series.time.length > before && now;
    }, 15000);
    const [last, next] = later.series.time.slice(before - 1);
    assert.ok(Math.abs(next - last - 10000) < 1000, `${next - last} ms`);
  });

  test("tell why clients, origins and workers were refused, and no token, key or data", async () => {
    const secretToken = "a.secret.token";
    for (let i = 0; i < 3; ++i) {
      const socket = connect(server, { auth: { token: secretToken } });
      await socket.heard("unauthorized");
      socket.disconnect();
    }
    await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers: { Origin: "https://other.example" } });
    await fetch(`${server.url}/api/presence`, { headers: { Authorization: "Bearer a secret key" } });
    await fetch(`${server.url}/api/emit`, { method: "POST", headers: { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" }, body: '{"userId":"ada","event":"x","data":"secret data"' });
    const { refusals } = await reads("/data/refusals", ({ refusals }) => refusals.length >= 4);
    const row = (what, reason) => refusals.find((one) => one.what === what && reason.test(one.reason));
    assert.equal(row("login", /^The token is not a JSON Web Token\.$/).count, 3);
    assert.equal(row("origin", /^https:\/\/other\.example is not in CORS_ORIGIN\.$/).count, 1);
    assert.equal(row("worker", /^401: Give the server's API_KEY/).count, 1);
    assert.equal(row("worker", /^400: The body is not JSON/).count, 1);
    for (const { at } of refusals) assert.ok(Math.abs(at - Date.now()) < 60000);
    assert.doesNotMatch(JSON.stringify(refusals), /secret/);
    assert.deepEqual(refusals.map(({ at }) => at), refusals.map(({ at }) => at).sort((a, b) => b - a), "the newest first");
  });

  test("have the queues, the nodes and a page of who is online, as the HTTP interface has them", async () => {
    const sockets = await Promise.all(["ada", "bob", "eve"].map((user) => login(server, { user })));
    const api = async (path) => (await fetch(server.url + path, { headers: { Authorization: `Bearer ${apiKey}` } })).json();
    assert.deepEqual(await read("/data/queues"), await api("/api/queues"));
    assert.deepEqual(await read("/data/nodes"), await api("/api/nodes"));
    assert.deepEqual(await read("/data/users"), { count: 3, users: ["ada", "bob", "eve"] });
    assert.deepEqual(await read("/data/users?after=ada&limit=1"), { count: 3, users: ["bob"] });
    assert.equal((await server.admin("/data/users?limit=0", { cookie })).status, 400);
    const page = await server.admin("/data/users", { cookie, headers: { Accept: "text/event-stream" } });
    assert.equal(page.headers.get("content-type"), "application/json", "no answer that goes on");
    sockets.forEach((socket) => socket.disconnect());
  });

  test("take a HEAD", async () => {
    const response = await server.admin("/data/overview", { method: "HEAD", cookie });
    assert.equal(response.status, 200);
    assert.ok(Number(response.headers.get("content-length")) > 100);
  });

  test("say of a node that is told to end that it is not ready, and why", async () => {
    const ending = await start({ SHUTDOWN_DELAY_MS: "60000" });
    const session = await ending.logIn();
    ending.child.kill("SIGTERM");
    const said = await eventually(async () => {
      const now = await (await ending.admin("/data/overview", { cookie: session })).json();
      return !now.ready && now;
    });
    assert.deepEqual([said.reason, said.store], ["stopping", "memory"]);
    await ending.stop();
  });

  test("say that the disk does not answer, and whose outcomes were refused for it", async () => {
    const disk = new FaultyDisk();
    const data = mkdtempSync(join(tmpdir(), "signalbox-admin-disk-"));
    const failing = await start({ DATA_DIR: data, STORE_TIMEOUT_MS: "300", ...disk.env });
    const session = await failing.logIn();
    disk.begin("hang");
    const response = await emit(failing, "ada", "job_completed", { jobId: "1" });
    assert.equal(response.status, 503);
    const said = await (await failing.admin("/data/overview", { cookie: session })).json();
    assert.deepEqual([said.ready, said.reason, said.store], [false, "the disk does not answer", "hanging"]);
    await emit(failing, "ada", "job_completed", { jobId: "2" });
    const { refusals } = await (await failing.admin("/data/refusals", { cookie: session })).json();
    assert.deepEqual(refusals.map(({ what }) => what), ["emit"]);
    disk.end("hang");
    await eventually(async () => (await (await failing.admin("/data/overview", { cookie: session })).json()).store === "ok");
    await failing.stop();
    disk.close();
    rmSync(data, { recursive: true });
  });

  test("say of a node of several which one it is, and whether Redis is there", { skip: skipWithoutRedis }, async () => {
    const redis = await RedisServer.start();
    const node = await start({ REDIS_URL: redis.url });
    const session = await node.logIn();
    const overview = async () => (await node.admin("/data/overview", { cookie: session })).json();
    const said = await eventually(async () => {
      const now = await overview();
      return now.redis === "up" && now.ready && now;
    });
    const { nodes } = await (await node.admin("/data/nodes", { cookie: session })).json();
    assert.deepEqual(nodes.map(({ about }) => about.tag), [said.node]);
    await redis.kill();
    await eventually(async () => (await overview()).redis === "down");
    const response = await node.admin("/data/nodes", { cookie: session });
    assert.deepEqual([response.status, response.headers.get("referrer-policy")], [503, "no-referrer"]);
    await node.stop();
    await redis.stop();
  });
});
