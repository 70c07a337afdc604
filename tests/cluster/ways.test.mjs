// Whole nodes over each way to Redis that REDIS_URL can say.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { api, emit, eventually, login } from "../e2e/support.mjs";
import { makeCertificate } from "../support/certificate.mjs";
import { RedisServer } from "../support/redis_server.mjs";
import { freePort, startServer } from "../support/server.mjs";
import { common, skip, withCluster } from "./cluster.mjs";

const folder = mkdtempSync(join(tmpdir(), "signalbox-ways-"));
after(() => rmSync(folder, { recursive: true }));

/** Clients are reached on every node, also over another one; an outcome is told elsewhere; all know who is there. */
async function works({ nodes, url }, round) {
  const [a, b, c] = nodes, users = ["ada", "alan", "grace"].map((name) => name + round);
  const clients = [await login(b, { user: users[0], transports: ["websocket"] }), await login({ url }, { user: users[1], transports: ["polling"] })];
  assert.equal((await emit(a, users[2], "job_completed", { jobId: "job", result: 1 })).status, 202);
  clients.push(await login(c, { user: users[2], transports: ["websocket"] }));
  await clients[2].heard("job_completed");
  for (const node of nodes) {
    await eventually(async () => String((await api(node, "GET", "/api/presence")).body.users) === String(users), 10000);
    for (const [i, user] of users.entries()) {
      assert.equal((await emit(node, user, "note", node.port)).body.online, 1);
      assert.equal(await clients[i].heard("note"), node.port);
    }
  }
  clients.forEach((client) => client.disconnect());
  for (const node of nodes) await eventually(async () => (await api(node, "GET", "/api/presence")).body.count === 0, 10000);
}

/** Also once Redis has been killed and started again. */
const overWay = (options) =>
  withCluster({ redisUrl: ({ way }) => way, ...options }, async (cluster) => {
    await works(cluster, 1);
    await cluster.redis.kill();
    await cluster.redis.start();
    await cluster.whole();
    await works(cluster, 2);
  });

/** A Redis with TLS, by a certificate for `localhost`. */
async function startWithTls() {
  const { authority, certificate, key } = makeCertificate(folder, "localhost"), port = await freePort();
  const redis = await RedisServer.start({ settings: [`tls-port ${port}`, `tls-cert-file ${certificate}`, `tls-key-file ${key}`, `tls-ca-cert-file ${authority}`, "tls-auth-clients no"] });
  return Object.assign(redis, { authority, tlsPort: port, way: `rediss://localhost:${port}` });
}

test("rediss://, with a certificate of an authority that SSL_CERT_FILE names", { skip }, overWay({ redis: startWithTls, env: { SSL_CERT_FILE: join(folder, "authority.pem") } }));

test("rediss://, with a certificate for another name, or of an authority that nobody named: the node stays alone and says why", { skip }, async () => {
  const redis = await startWithTls();
  const refused = async (env, why) => {
    const node = await startServer("signalbox", ["serve"], { ...common, ...env });
    try {
      await eventually(() => why.test(node.child.log));
      assert.equal((await fetch(`${node.url}/readyz`)).status, 503);
      await (await login(node, { user: "ada" })).disconnect(); // alone it serves all the same
    } finally {
      await node.stop("SIGKILL");
    }
  };
  try {
    await refused({ REDIS_URL: `rediss://127.0.0.1:${redis.tlsPort}`, SSL_CERT_FILE: redis.authority }, /certificate.*(127\.0\.0\.1|name)/i);
    await refused({ REDIS_URL: redis.way }, /certificate/i);
  } finally {
    await redis.stop();
  }
});

test("unix://", { skip }, overWay({
  redis: async () => {
    const path = join(folder, "redis.sock");
    return Object.assign(await RedisServer.start({ settings: [`unixsocket ${path}`] }), { way: `unix://${path}?db=3` });
  },
}));

test("a password, and a database of its own", { skip }, overWay({
  redis: async () => {
    const redis = await RedisServer.start({ users: ["user default on nopass ~* &* +@all", "user signalbox on >a%b/c ~* &* +@all"] });
    return Object.assign(redis, { way: `redis://signalbox:a%25b%2Fc@127.0.0.1:${redis.port}/5` });
  },
}));
