// The doctor behind the proxies of examples/, as they are and with the mistakes that people make.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { describe, test } from "node:test";

import { patienceMs, proxies, startChangedProxy, startProxy } from "../support/proxies.mjs";
import { examine } from "./doctor.mjs";
import { now, startProgram, token } from "./support.mjs";

const page = "https://app.example.com";
const good = () => token({ id: "doctor", exp: now() + 60 });

async function startServers(t, { count = 1, env = {} } = {}) {
  const servers = [];
  t.after(() => Promise.all(servers.map((server) => server.stop())));
  for (let n = 0; n < count; ++n) servers.push(await startProgram({ PING_INTERVAL_MS: "400", PING_TIMEOUT_MS: "1000", CORS_ORIGIN: page, ...env }));
  return servers.map(({ port }) => port);
}

/** A file's text with these replaced, each of which must be there. */
const replacing = (pairs) => (text) => pairs.reduce((before, [from, to]) => {
  const after = before.replaceAll(from, () => to);
  assert.notEqual(after, before, `${from} is not in the proxy's file`);
  return after;
}, text);

for (const { name, skip } of proxies) {
  test(`behind ${name}, as its example is, all is well`, { skip }, async (t) => {
    const proxy = await startProxy(name, ...(await startServers(t)));
    t.after(() => proxy.stop());
    const { code, hurts } = await examine(`http://127.0.0.1:${proxy.port}`, ["--token", good(), "--origin", page]);
    assert.deepEqual([code, hurts], [0, {}]);
  });
}

/** What people get wrong: in each proxy's file what is replaced by what, and what the doctor finds then, of each check that hurts. */
const mistakes = [
  {
    what: "an upgrade that is not passed on hurts both ways to a WebSocket",
    nginx: [["proxy_set_header Upgrade $http_upgrade;", ""], ["proxy_set_header Connection $connection_upgrade;", ""]],
    haproxy: [["default_backend", "http-request del-header Upgrade\n  default_backend"]],
    hurts: { upgrade: /arrives without Upgrade.*nginx: .*proxy_set_header Upgrade \$http_upgrade.*HAProxy: no del-header of Upgrade/, websocket: /arrives without Upgrade/ },
  },
  {
    what: "so does a Connection that is not",
    nginx: [["proxy_set_header Connection $connection_upgrade;", ""]],
    haproxy: [["default_backend", "http-request del-header Connection\n  default_backend"]],
    hurts: { upgrade: /arrives without Upgrade.*HAProxy: /, websocket: /arrives without Upgrade/ },
  },
  {
    what: "a path that is cut off is told from one that is not there",
    nginx: [["proxy_pass http://signalbox;", "proxy_pass http://signalbox/;"]],
    haproxy: [["default_backend", "http-request replace-path /socket.io/(.*) /\\1\n  default_backend"]],
    hurts: { handshake: /cuts the path \/socket\.io\/ off.*nginx: .*proxy_pass.*HAProxy: .*replace-path/ },
  },
  {
    what: "a limit of bodies hurts what is large",
    nginx: [["client_max_body_size 1m", "client_max_body_size 100k"]],
    haproxy: [["default_backend", "http-request deny deny_status 413 if { req.body_size gt 100000 }\n  default_backend"]],
    args: () => ["--token", good()],
    hurts: { large: /too large for the proxy \(413\).*nginx: client_max_body_size.*HAProxy: .*deny/ },
  },
  {
    what: "a Host that is not passed on makes pages of the same host foreign",
    nginx: [["Host $http_host", "Host signalbox"]],
    haproxy: [["default_backend", "http-request set-header Host signalbox\n  default_backend"]],
    args: (url) => ["--origin", url],
    hurts: { cors: /pass Host on as it came.*nginx: .*HAProxy: .*set-header Host/ },
  },
  {
    what: "an Access-Control-Allow-Origin of the proxy's own is one too many",
    nginx: [["client_max_body_size 1m;", "client_max_body_size 1m; add_header Access-Control-Allow-Origin *;"]],
    haproxy: [["default_backend", "http-response add-header Access-Control-Allow-Origin *\n  default_backend"]],
    args: () => ["--origin", page],
    hurts: { cors: /second Access-Control-Allow-Origin.*take the proxy's line out \(nginx: add_header, HAProxy: http-response add-header\)/ },
  },
  {
    what: "a page that may not connect is told the line to set",
    args: () => ["--origin", "https://other.example.com"],
    hurts: { cors: /may not connect.*CORS_ORIGIN=https:\/\/other\.example\.com/ },
  },
  {
    what: "an expired token has the server's reason",
    args: () => ["--token", token({ id: "doctor", exp: now() - 60 })],
    hurts: { token: /The token has expired/ },
  },
  {
    what: "a time-out below the heartbeat cuts what is silent",
    watched: true,
    env: { PING_INTERVAL_MS: String(3 * patienceMs), PING_TIMEOUT_MS: "3000" },
    hurts: { silence: /cut off after 1\.\d s.*more than 7\.5 s.*nginx: proxy_read_timeout.*HAProxy: timeout client, server and tunnel/ },
  },
  {
    what: "two servers without Redis are found by sessions that one of them does not know",
    nginx: [["server 127.0.0.1:3003", "# server"]],
    haproxy: [["server three", "# server three"]],
    count: 2,
    hurts: { nodes: /do not know each other.*REDIS_URL.*nginx: ip_hash, HAProxy: balance source/, polling: /unknown.*REDIS_URL/, upgrade: /another server.*REDIS_URL/ },
  },
  {
    what: "a server that is not there is the proxy's to reach",
    count: 0,
    hurts: { handshake: /does not reach the server \(50[23]\)/ },
  },
  {
    what: "so is one that is asked by TLS",
    nginx: [["proxy_pass http://", "proxy_pass https://"]],
    haproxy: [["maxconn 30000", "maxconn 30000 ssl verify none"]],
    hurts: { handshake: /does not reach the server \(50[23]\).*nginx: proxy_pass http:\/\/, HAProxy: neither ssl nor proto h2/ },
  },
  {
    what: "what holds bodies back hurts nothing: our answers say how long they are",
    nginx: [["proxy_buffering off", "proxy_buffering on"], ["proxy_request_buffering off", "proxy_request_buffering on"]],
    haproxy: [["option http-server-close", "option http-buffer-request"]],
    args: () => ["--token", good()],
    hurts: {},
  },
  {
    what: "nor do connections that end with each request",
    nginx: [["keepalive 256;", ""]],
    haproxy: [["option http-server-close", "option httpclose"]],
    args: () => ["--token", good()],
    hurts: {},
  },
];

for (const { name, skip } of proxies.filter(({ name }) => name !== "caddy")) {
  describe(`behind ${name}`, { skip }, () => {
    for (const { what, args = () => [], watched = false, count = 1, env, hurts: expected, ...replaced } of mistakes) {
      test(what, async (t) => {
        const ports = count === 0 ? [1] : await startServers(t, { count, env });
        const proxy = await startChangedProxy(name, replacing(replaced[name] ?? []), ...ports);
        t.after(() => proxy.stop());
        const url = `http://127.0.0.1:${proxy.port}`;
        const { code, hurts } = await examine(url, [...(watched ? [] : ["--quick"]), ...args(url)]);
        assert.deepEqual(Object.keys(hurts), Object.keys(expected), JSON.stringify(hurts));
        for (const [check, words] of Object.entries(expected)) assert.match(hurts[check], words);
        assert.equal(code, Object.keys(expected).length > 0 ? 1 : 0);
      });
    }
  });
}

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
