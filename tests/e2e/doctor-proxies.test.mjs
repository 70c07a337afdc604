// The doctor behind the proxies of examples/, as they are and with the mistakes that people make.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import { makeCertificate } from "../support/certificate.mjs";
import { patienceMs, proxies, startChangedProxy, startProxy } from "../support/proxies.mjs";
import { examine } from "./doctor.mjs";
import { now, startProgram, token } from "./support.mjs";

const skipOf = Object.fromEntries(proxies.map(({ name, skip }) => [name, skip]));
const page = "https://app.example.com";
const good = () => token({ id: "doctor", exp: now() + 60 });

async function startServers(t, { count = 1, env = {} } = {}) {
  const servers = [];
  t.after(() => Promise.all(servers.map((server) => server.stop())));
  for (let n = 0; n < count; ++n) servers.push(await startProgram({ PING_INTERVAL_MS: "400", PING_TIMEOUT_MS: "1000", CORS_ORIGIN: page, ...env }));
  return servers.map(({ port }) => port);
}

/** What the doctor finds behind this proxy, in whose file something was replaced. */
async function behind(t, name, replace, { args = ["--quick"], ...servers } = {}) {
  const spoil = (text) => replace.reduce((before, [from, to]) => {
    const after = before.replaceAll(from, to);
    assert.notEqual(after, before, `${from} is not in the proxy's file`);
    return after;
  }, text);
  const proxy = await startChangedProxy(name, spoil, ...(await startServers(t, servers)));
  t.after(() => proxy.stop());
  return examine(`http://127.0.0.1:${proxy.port}`, args);
}

for (const { name, skip } of proxies) {
  test(`behind ${name}, as its example is, all is well`, { skip }, async (t) => {
    const { code, hurts } = await behind(t, name, [], { args: ["--token", good(), "--origin", page] });
    assert.deepEqual([code, hurts], [0, {}]);
  });
}

describe("behind nginx", { skip: skipOf.nginx }, () => {
  test("an upgrade that was forgotten hurts both ways to a WebSocket", async (t) => {
    const { code, hurts } = await behind(t, "nginx", [["proxy_set_header Upgrade $http_upgrade;", ""], ["proxy_set_header Connection $connection_upgrade;", ""]]);
    assert.deepEqual([code, Object.keys(hurts)], [1, ["upgrade", "websocket"]]);
    assert.match(hurts.upgrade, /arrives without Upgrade.*proxy_set_header Upgrade \$http_upgrade/);
  });

  test("its buffering hurts nothing, for our answers say how long they are", async (t) => {
    const { code, hurts } = await behind(t, "nginx", [["proxy_buffering off", "proxy_buffering on"], ["proxy_request_buffering off", "proxy_request_buffering on"]], { args: ["--token", good()] });
    assert.deepEqual([code, hurts], [0, {}]);
  });

  test("a time-out below the heartbeat cuts what is silent", async (t) => {
    const { code, hurts } = await behind(t, "nginx", [], { args: [], env: { PING_INTERVAL_MS: String(3 * patienceMs), PING_TIMEOUT_MS: "3000" } });
    assert.deepEqual([code, Object.keys(hurts)], [1, ["silence"]]);
    assert.match(hurts.silence, /cut off after 1\.\d s.*more than 7\.5 s/);
  });

  test("a path that is cut off is told from one that is not there", async (t) => {
    const { code, hurts } = await behind(t, "nginx", [["proxy_pass http://signalbox;", "proxy_pass http://signalbox/;"]]);
    assert.deepEqual([code, Object.keys(hurts)], [1, ["handshake"]]);
    assert.match(hurts.handshake, /cuts the path \/socket\.io\/ off/);
  });

  test("a limit of bodies hurts what is large", async (t) => {
    const { code, hurts } = await behind(t, "nginx", [["client_max_body_size 1m", "client_max_body_size 100k"]], { args: ["--quick", "--token", good()] });
    assert.deepEqual([code, Object.keys(hurts)], [1, ["large"]]);
    assert.match(hurts.large, /client_max_body_size/);
  });

  test("a Host that is not passed on makes pages of the same host foreign", async (t) => {
    const [port] = await startServers(t);
    const proxy = await startChangedProxy("nginx", (text) => text.replace("Host $http_host", "Host signalbox"), port);
    t.after(() => proxy.stop());
    const url = `http://127.0.0.1:${proxy.port}`;
    assert.match((await examine(url, ["--quick", "--origin", url])).hurts.cors, /pass Host on as it came/);
  });

  test("two servers without Redis are found by sessions that one of them does not know", async (t) => {
    const { code, hurts } = await behind(t, "nginx", [["server 127.0.0.1:3003", "# server"]], { count: 2 });
    assert.equal(code, 1);
    assert.match(hurts.nodes, /do not know each other.*REDIS_URL/);
  });

  test("a server that is not there is the proxy's to reach", async (t) => {
    const proxy = await startProxy("nginx", 1);
    t.after(() => proxy.stop());
    assert.match((await examine(`http://127.0.0.1:${proxy.port}`)).hurts.handshake, /does not reach the server \(502\)/);
  });

  describe("with TLS", () => {
    async function withTls(t, args = [], trusted = true) {
      const folder = mkdtempSync(join(tmpdir(), "signalbox-doctor-"));
      t.after(() => rmSync(folder, { recursive: true }));
      const files = makeCertificate(folder, "localhost");
      const [port] = await startServers(t);
      const secure = (text) => text.replace(/listen 127\.0\.0\.1:(\d+);/, `listen 127.0.0.1:$1 ssl; ssl_certificate ${files.certificate}; ssl_certificate_key ${files.key};`).replace("return 404;", "proxy_pass http://signalbox;");
      const proxy = await startChangedProxy("nginx", secure, port);
      t.after(() => proxy.stop());
      return examine(`https://localhost:${proxy.port}`, ["--quick", ...args], trusted ? { SSL_CERT_FILE: files.authority } : {});
    }

    test("a certificate that ends soon and a reachable /api hurt, and the rest is well", async (t) => {
      const { code, hurts, states } = await withTls(t, ["--token", good()]);
      assert.deepEqual([code, Object.keys(hurts)], [1, ["certificate", "api"]]);
      assert.match(hurts.certificate, /expires in [12] days/);
      assert.match(hurts.api, /reachable from outside/);
      for (const check of ["polling", "upgrade", "websocket", "large", "token"]) assert.equal(states[check], "well", check);
    });

    test("a chain that nobody knows hurts, and no token is shown to it", async (t) => {
      const { hurts, states } = await withTls(t, ["--token", good()], false);
      assert.match(hurts.certificate, /will not trust/);
      assert.equal(states.token, "unseen");
    });
  });
});

describe("behind HAProxy", { skip: skipOf.haproxy }, () => {
  test("a time-out below the heartbeat cuts what is silent", async (t) => {
    const { code, hurts } = await behind(t, "haproxy", [], { args: [], env: { PING_INTERVAL_MS: String(3 * patienceMs), PING_TIMEOUT_MS: "3000" } });
    assert.deepEqual([code, Object.keys(hurts)], [1, ["silence"]]);
    assert.match(hurts.silence, /HAProxy: timeout client, server and tunnel/);
  });

  test("two servers without Redis are found", async (t) => {
    assert.match((await behind(t, "haproxy", [["server three", "# server three"]], { count: 2 })).hurts.nodes, /REDIS_URL/);
  });
});

test("a proxy that holds answers back hurts polling", async (t) => {
  const [port] = await startServers(t, { env: { PING_INTERVAL_MS: "25000" } });
  const proxy = createServer((request, response) => {
    const held = request.method === "GET" && request.url.includes("&sid=") ? 2500 : 0;
    const ours = httpRequest({ port, method: request.method, path: request.url, headers: request.headers }, (answer) => setTimeout(() => {
      answer.pipe(response.writeHead(answer.statusCode, answer.headers));
    }, held));
    request.pipe(ours);
  }).on("upgrade", (_, socket) => socket.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  t.after(() => proxy.close());
  assert.match((await examine(`http://127.0.0.1:${proxy.address().port}`, ["--quick"])).hurts.polling, /something holds it back/);
});
