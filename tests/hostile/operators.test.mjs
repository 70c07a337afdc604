// The ports for operators have limits of their own: what comes there does no harm to the service, and a full service locks nobody out there.
import assert from "node:assert/strict";

import { freePort, pause } from "../support/server.mjs";
import { get, post, Raw } from "./raw.mjs";
import { attack, crowd } from "./town.mjs";

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
