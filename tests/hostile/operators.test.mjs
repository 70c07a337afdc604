// The ports for operators have limits of their own: what comes there does no harm to the service, and a full service locks nobody out there.
import assert from "node:assert/strict";

import { freePort, pause } from "../support/server.mjs";
import { get, post, Raw } from "./raw.mjs";
import { attack, crowd, emitRequest, login } from "./town.mjs";

const most = 32; // connections, at each of these ports
const metricsPort = await freePort();
const env = { METRICS_PORT: String(metricsPort) };

async function scrape() {
  const raw = await Raw.open(metricsPort);
  const answer = await raw.write(get("/metrics")).answer();
  raw.close();
  return answer;
}
/** A number of GET /metrics. */
const valueOf = async (name) => Number(new RegExp(`^signalbox_${name} (\\d+)$`, "m").exec((await scrape()).body)[1]);

attack(`METRICS_PORT has ${most} connections: one more gets 503, and those of clients are not fewer for them`, { env: { ...env, MAX_CONNECTIONS: "20" }, alone: true }, async (town) => {
  const many = await crowd(most, most, () => Raw.open(metricsPort));
  const one = await Raw.open(metricsPort);
  const answer = await one.answer();
  assert.equal(answer.status, 503);
  assert.ok(Number(answer.headers["retry-after"]) > 0);
  await town.hears();
  const client = await Raw.open(town.port);
  assert.equal((await client.write(get("/healthz")).answer()).status, 200);
  client.close();
  many.forEach((raw) => raw.close());
  for (let status; status !== 200; ) status = (await scrape())?.status;
});

attack("a service that has all its connections still tells its metrics", { env: { ...env, MAX_CONNECTIONS: "20" }, alone: true }, async (town) => {
  const { connections } = await town.state();
  const many = await crowd(20 - connections, 20, () => Raw.open(town.port));
  while ((await town.state()).connections < 20) await pause(5);
  assert.equal(await valueOf("connections"), 20);
  assert.equal(await valueOf("connections_limit"), 20);
  many.forEach((raw) => raw.close());
  while ((await town.state()).connections > connections) await pause(5); // or the newcomer of `unharmed` has no place
});

attack("a head that is too large, a body, and a half head at METRICS_PORT are refused as at PORT", { env: { ...env, HEADER_TIMEOUT_MS: "500" } }, async () => {
  const large = await Raw.open(metricsPort);
  assert.equal((await large.write(get("/metrics", `X: ${"x".repeat(20_000)}\r\n`)).answer()).status, 431);
  await large.ended();
  const body = await Raw.open(metricsPort);
  assert.equal((await body.write(post("/metrics", "x".repeat(1000))).answer()).status, 405);
  const withBody = await Raw.open(metricsPort);
  const request = `GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789`;
  assert.equal((await withBody.write(request).answer()).status, 413);
  const half = await Raw.open(metricsPort);
  assert.equal((await half.write("GET /metrics HTTP/1.1\r\n").answer()).status, 408);
  await half.ended();
  for (const raw of [large, body, withBody, half]) raw.close();
});

attack("who asks for metrics again and again and reads nothing takes neither memory nor time from clients", { env, memoryMb: 8, cpuMs: 3000 }, async (town) => {
  const slow = await crowd(most - 2, most, () => Raw.open(metricsPort));
  for (const raw of slow) raw.pause().write(get("/metrics").repeat(1000));
  await town.hears();
  assert.equal((await scrape()).status, 200);
  await town.hears();
  slow.forEach((raw) => raw.close());
});

// The admin page.
const adminPort = await freePort();
const adminKey = "fedcba9876543210fedcba9876543210";
const withAdmin = { ADMIN_KEY: adminKey, ADMIN_PORT: String(adminPort) };
const host = `localhost:${adminPort}`;
const ask = (path, fields = "") => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`;
const loginRequest = (key, fields = "") => {
  const body = JSON.stringify({ key });
  return `POST /login HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;
};
const answerTo = async (request, from) => {
  const raw = await Raw.open(adminPort, "127.0.0.1", from);
  const answer = await raw.write(request).answer();
  raw.close();
  return answer;
};
/** The field with the cookie of a new session. */
async function session() {
  const { status, headers } = await answerTo(loginRequest(adminKey));
  assert.equal(status, 204);
  return `Cookie: ${headers["set-cookie"].split(";")[0]}\r\n`;
}

attack(`ADMIN_PORT has ${most} connections: one more gets 503, and neither clients nor METRICS_PORT notice`, { env: { ...env, ...withAdmin, MAX_CONNECTIONS: "20" }, alone: true }, async (town) => {
  const many = await crowd(most, most, () => Raw.open(adminPort));
  assert.equal((await (await Raw.open(adminPort)).answer()).status, 503);
  await town.hears();
  assert.equal((await scrape()).status, 200);
  many.forEach((raw) => raw.close());
  for (let status; status !== 401; ) status = (await answerTo(ask("/data/overview")))?.status;
});

attack("a service that has all its connections still shows its admin page", { env: { ...withAdmin, MAX_CONNECTIONS: "20" }, alone: true }, async (town) => {
  const { connections } = await town.state();
  const many = await crowd(20 - connections, 20, () => Raw.open(town.port));
  while ((await town.state()).connections < 20) await pause(5);
  const { numbers } = JSON.parse((await answerTo(ask("/data/overview", await session()))).body);
  assert.deepEqual([numbers.connections, numbers.connectionsLimit], [20, 20]);
  many.forEach((raw) => raw.close());
  while ((await town.state()).connections > connections) await pause(5);
});

attack("who guesses at ADMIN_KEY has ten tries a minute, however many connections they have, and locks out nobody at another address", { env: withAdmin }, async (town) => {
  const cookie = await session();
  const many = await crowd(16, 16, () => Raw.open(adminPort));
  const statuses = [];
  for (let round = 0; round < 20; ++round)
    for (const answer of await Promise.all(many.map((raw, i) => raw.write(loginRequest(`guess ${round} ${i}`)).answer()))) statuses.push(answer.status);
  assert.equal(statuses.filter((status) => status === 401).length, 10);
  assert.equal(statuses.filter((status) => status === 429).length, 310);
  assert.equal((await answerTo(loginRequest(adminKey))).status, 429, "else a guess might be right");
  assert.equal((await answerTo(loginRequest(adminKey), "127.0.0.2")).status, 204);
  assert.equal((await answerTo(ask("/data/overview", cookie))).status, 200);
  await town.hears();
  many.forEach((raw) => raw.close());
});

attack("heads and bodies that are too large or too slow are refused at ADMIN_PORT", { env: { ...withAdmin, HEADER_TIMEOUT_MS: "500", BODY_TIMEOUT_MS: "500" } }, async () => {
  assert.equal((await answerTo(ask("/", `X: ${"x".repeat(20_000)}\r\n`))).status, 431);
  const json = "Content-Type: application/json\r\n";
  const announced = (path, fields) => `POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${json}${fields}\r\n`;
  assert.equal((await answerTo(announced("/login", "Content-Length: 1000000000\r\n"))).status, 413);
  assert.equal((await answerTo(loginRequest("x".repeat(4096)))).status, 413);
  assert.equal((await answerTo(announced("/login", "Transfer-Encoding: chunked\r\n") + `2000\r\n${"x".repeat(0x2000)}\r\n`)).status, 413);
  assert.equal((await answerTo(announced("/logout", "Content-Length: 1000\r\n"))).status, 413);
  assert.equal((await answerTo(announced("/data/overview", "Content-Length: 1000000000\r\n"))).status, 401, "before a login nothing is read");
  for (const half of ["GET / HTTP/1.1\r\n", announced("/login", "Content-Length: 10\r\n") + "{"]) {
    const slow = await Raw.open(adminPort);
    assert.equal((await slow.write(half).answer()).status, 408);
    await slow.ended();
  }
});

attack("what breaks the rules of HTTP is answered at ADMIN_PORT as strictly as all else", { env: { ...withAdmin, HEADER_TIMEOUT_MS: "300" } }, async () => {
  const chunked = `POST /login HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n${"x".repeat(0x2000)}\r\n`;
  for (const [request, status] of [["nonsense\r\n\r\n", 400], [`GET / HTTP/2.0\r\n\r\n`, 505], [ask("/", `X: ${"x".repeat(20_000)}\r\n`), 431], ["GET / HTTP/1.1\r\n", 408], [chunked, 413]]) {
    const answer = await answerTo(request);
    assert.equal(answer.status, status);
    assert.match(answer.headers["content-security-policy"], /^default-src 'none'/, `${status}`);
    assert.equal(answer.headers["referrer-policy"], "no-referrer");
  }
});

attack("requests that are no JSON, that nest deeply or that name no key are no logins", { env: withAdmin }, async () => {
  const post = (body) => `POST /login HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  for (const body of ["", "{", "[".repeat(4000), `{"key":${"[".repeat(2000)}${"]".repeat(2000)}}`, '{"key":null}', '"key"', '{"key":"\\ud800"}', "\xff\xfe"])
    assert.equal((await answerTo(post(body))).status, 400, body.slice(0, 20));
});

attack("who is logged in, asks again and again and reads nothing takes neither memory nor time from clients", { env: withAdmin, memoryMb: 8, cpuMs: 3000 }, async (town) => {
  const cookie = await session();
  const slow = await crowd(most - 2, most, () => Raw.open(adminPort));
  for (const [i, raw] of slow.entries()) raw.pause().write(ask(["/data/history", "/data/overview", "/data/refusals", "/data/users?limit=10000"][i % 4], cookie).repeat(200));
  await town.hears();
  assert.equal((await answerTo(ask("/data/overview", cookie))).status, 200);
  await town.hears();
  slow.forEach((raw) => raw.close());
});

attack("a client that does not read is told as slow while much waits for it, and as nothing when it has read", { env: { ...withAdmin, SEND_QUEUE_BYTES: "400000" }, memoryMb: 32, cpuMs: 3000 }, async (town) => {
  const cookie = await session();
  const [operator, worker] = [await Raw.open(adminPort), await Raw.open(town.port)];
  const numbers = async () => JSON.parse((await operator.write(ask("/data/overview", cookie)).answer()).body).numbers;
  const client = await login(town.port, "slow");
  client.pause();
  assert.equal((await numbers()).slowNow, 0);
  do assert.equal((await worker.write(emitRequest("slow", "x".repeat(50_000))).answer()).status, 202);
  while ((await numbers()).slowNow === 0);
  assert.equal((await numbers()).slowClients, 0, "it is still there");
  client.socket.resume();
  while ((await numbers()).slowNow !== 0) await pause(5);
  [client, operator, worker].forEach((raw) => raw.close());
});

attack("refusals whose reasons a stranger chooses do not push out the rest, and take no memory", { env: { ...withAdmin, CORS_ORIGIN: "https://app.example" }, memoryMb: 4 }, async (town) => {
  const cookie = await session();
  assert.equal((await answerTo(loginRequest("wrong"))).status, 401);
  const raw = await Raw.open(town.port);
  for (let i = 0; i < 1000; ++i) await raw.write(get("/socket.io/?EIO=4&transport=nothing", `Origin: https://${"x".repeat(1000)}${i}.example\r\nX: ${i}\r\n`)).answer();
  for (let i = 0; i < 200; ++i) await raw.write(get("/socket.io/?EIO=4&transport=nothing", `Origin: https://${i}.example\r\n`)).answer();
  raw.close();
  const { body } = await answerTo(ask("/data/refusals", cookie));
  const { refusals } = JSON.parse(body);
  assert.ok(refusals.length < 30, `${refusals.length} rows`);
  assert.ok(body.length < 10_000, `${body.length} bytes`);
  assert.equal(refusals.filter(({ what }) => what === "origin").reduce((sum, { count }) => sum + count, 0), 1200);
  assert.equal(refusals.filter(({ what }) => what === "admin").length, 1);
});
