// The doctor before TLS: what it finds of certificates, and to whom it shows a token.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect, createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";

import { makeCertificate } from "../support/certificate.mjs";
import { proxies, startChangedProxy } from "../support/proxies.mjs";
import { SteppedClock } from "../support/stepped_clock.mjs";
import { examine } from "./doctor.mjs";
import { now, startProgram, token } from "./support.mjs";

const good = () => token({ id: "doctor", exp: now() + 600 });
const folder = mkdtempSync(join(tmpdir(), "signalbox-doctor-"));
/** The files of a certificate for that name, with one that has its key too. */
function certificateFor(name) {
  const own = join(folder, name);
  mkdirSync(own);
  const files = makeCertificate(own, name);
  const both = join(own, "both.pem");
  writeFileSync(both, readFileSync(files.certificate, "utf8") + readFileSync(files.key, "utf8"));
  return { ...files, both };
}
const files = certificateFor("localhost");
let server;
before(async () => (server = await startProgram({ PING_INTERVAL_MS: "400", PING_TIMEOUT_MS: "1000" })));
after(() => (rmSync(folder, { recursive: true }), server.stop()));

/** Each proxy's file with this certificate, and all paths passed on. */
const secured = {
  nginx: (text, { certificate, key }) => text.replace(/listen 127\.0\.0\.1:(\d+);/, `listen 127.0.0.1:$1 ssl; ssl_certificate ${certificate}; ssl_certificate_key ${key};`).replace("return 404;", "proxy_pass http://signalbox;"),
  haproxy: (text, { both }) => text.replace(/bind 127\.0\.0\.1:\d+/, `$& ssl crt ${both}`).replace(/http-request deny .*\n/, "\n"),
};

/** A doctor's clock that is so many hours ahead. */
function clockAhead(t, hours) {
  const clock = new SteppedClock();
  t.after(() => clock.close());
  clock.set(hours * 3_600_000);
  return clock.env;
}

for (const { name, skip } of proxies.filter(({ name }) => name in secured)) {
  describe(`behind ${name} with TLS`, { skip }, () => {
    async function withTls(t, { shown = files, host = "localhost", env = { SSL_CERT_FILE: files.authority } } = {}) {
      const proxy = await startChangedProxy(name, (text) => secured[name](text, shown), server.port);
      t.after(() => proxy.stop());
      return examine(`https://${host}:${proxy.port}`, ["--quick", "--token", good()], env);
    }

    test("a certificate that ends soon and a reachable /api hurt, and the rest is well", async (t) => {
      const { code, hurts, states } = await withTls(t);
      assert.deepEqual([code, Object.keys(hurts)], [1, ["certificate", "api"]]);
      assert.match(hurts.certificate, /expires in (2 days|47 hours)/);
      assert.match(hurts.api, /reachable from outside.*nginx: location \/ \{ return 404; \}, HAProxy: http-request deny/);
      for (const check of ["polling", "upgrade", "websocket", "large", "token"]) assert.equal(states[check], "well", check);
    });

    for (const [what, options, words] of [
      ["a chain that nobody knows", () => ({ env: {} }), /will not trust.*whole chain.*nginx: ssl_certificate, HAProxy: crt/],
      ["one of another name", () => ({ host: "127.0.0.1" }), /not for the host that was asked/],
      ["one that has expired", (t) => ({ env: { SSL_CERT_FILE: files.authority, ...clockAhead(t, 72) } }), /expired 2[345] hours ago.*Renew it/],
      ["one that is not good yet, by a clock that is an hour behind", (t) => ({ env: { SSL_CERT_FILE: files.authority, ...clockAhead(t, -1) } }), /By the clock here.*NTP/],
    ]) {
      test(`${what} hurts, and no token is shown to it`, async (t) => {
        const { code, hurts, states } = await withTls(t, options(t));
        assert.equal(code, 1);
        assert.match(hurts.certificate, words);
        assert.equal(states.token, "unseen");
      });
    }

    test("a port of https that is asked without says so", async (t) => {
      const proxy = await startChangedProxy(name, (text) => secured[name](text, files), server.port);
      t.after(() => proxy.stop());
      const { code, hurts } = await examine(`http://localhost:${proxy.port}`, ["--quick"]);
      assert.ok(code !== 0);
      assert.match(hurts.handshake ?? hurts.reach, /Write https:|port for http,/);
    });
  });
}

/** Joins this socket with a connection to that port, until one of both ends. */
function passOn(socket, port) {
  const onward = connect(port, "127.0.0.1");
  socket.on("error", () => {}).on("close", () => onward.destroy()).pipe(onward);
  onward.on("error", () => {}).on("close", () => socket.destroy()).pipe(socket);
}

test("a token is shown on no connection whose certificate is another than a trusted one", async (t) => {
  const foreign = certificateFor("other");
  const heard = [];
  const speak = ({ certificate, key }) => createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (socket) => {
    passOn(socket.on("data", (data) => heard.push(data.toString("latin1"))), server.port);
  }).listen(0, "127.0.0.1");
  const [ours, theirs] = [speak(files), speak(foreign)];
  let connections = 0;
  const front = createServer((socket) => {
    passOn(socket, (++connections <= 2 ? ours : theirs).address().port);
  }).listen(0, "127.0.0.1");
  await Promise.all([ours, theirs, front].map((one) => once(one, "listening")));
  t.after(() => [front, ours, theirs].forEach((one) => one.close()));
  const shown = good();
  const { code, hurts } = await examine(`https://localhost:${front.address().port}`, ["--quick", "--token", shown], { SSL_CERT_FILE: files.authority });
  assert.equal(code, 1);
  assert.match(hurts.nodes, /the certificate that localhost:\d+ showed this time cannot be trusted/);
  assert.ok(connections > 3 && heard.length > 0 && !heard.join("").includes(shown));
});
