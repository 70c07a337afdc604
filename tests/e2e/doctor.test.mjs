// The doctor before the server itself: what it finds of origins, tokens and addresses. Behind proxies: doctor-proxies.test.mjs.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { before, after, describe, test } from "node:test";

import { SteppedClock } from "../support/stepped_clock.mjs";
import { examine, run } from "./doctor.mjs";
import { now, secret, startProgram, token } from "./support.mjs";

const page = "https://app.example.com";
const fast = { PING_INTERVAL_MS: "300", PING_TIMEOUT_MS: "1000" };
const good = () => token({ id: "doctor", exp: now() + 60 });
let server;
before(async () => (server = await startProgram({ CORS_ORIGIN: page, ...fast })));
after(() => server.stop());

test("of a healthy server all is well, with everything looked at", async () => {
  const { code, hurts, states } = await examine(server.url, ["--token", good(), "--origin", page]);
  assert.deepEqual(hurts, {});
  assert.equal(code, 0);
  for (const check of ["handshake", "clock", "nodes", "polling", "upgrade", "websocket", "large", "cors", "token", "silence", "api"]) assert.equal(states[check], "well", check);
});

test("without a token and an origin it says what it did not see", async () => {
  const { code, states } = await examine(server.url, ["--quick"]);
  assert.equal(code, 0);
  assert.deepEqual(Object.keys(states).filter((check) => states[check] === "unseen"), ["cors", "token", "silence"]);
});

test("people read a line for each, and no token", async () => {
  const shown = token({ id: "doctor", exp: now() - 3600 });
  const { code, out, err } = await run(["doctor", server.url, "--quick", "--token", shown], { JWT_SECRET: secret });
  assert.equal(code, 1);
  assert.match(out, /^HURTS {3}The server refuses the token: The token has expired\. .*expired at .* 360\d s ago/m);
  assert.match(out, /^ {8}-> Compare: signalbox token --explain/m);
  for (const part of [...shown.split("."), secret]) assert.ok(!(out + err).includes(part), "no secret is printed");
});

for (const [what, claims, options, reason] of [
  ["an expired token", () => ({ id: "u", exp: now() - 60 }), {}, /has expired/],
  ["a token of another secret", () => ({ id: "u" }), { key: "another" }, /signature is wrong/],
  ["a token of nobody", () => ({ name: "u" }), {}, /does not say who the user is/],
]) {
  test(`${what} hurts, with the server's reason`, async () => {
    const { code, hurts } = await examine(server.url, ["--quick", "--token", token(claims(), options)]);
    assert.deepEqual([code, Object.keys(hurts)], [1, ["token"]]);
    assert.match(hurts.token, reason);
  });
}

test("a token refused by connect_error has its reason as well", async (t) => {
  const other = await startProgram({ AUTH_FAILURE: "connect_error" });
  t.after(() => other.stop());
  assert.match((await examine(other.url, ["--quick", "--token", token({ id: "u", exp: 1 })])).hurts.token, /has expired/);
});

test("the token may come from the standard input, where no list of processes shows it", async () => {
  const { out } = await run(["doctor", server.url, "--quick", "--token", "-"], {}, `${good()}\n`);
  assert.match(out, /^well {4}The server accepts the token\.$/m);
});

test("a page that may not connect is told the line to set", async () => {
  const { code, hurts } = await examine(server.url, ["--quick", "--origin", "https://other.example.com"]);
  assert.deepEqual([code, Object.keys(hurts)], [1, ["cors"]]);
  assert.match(hurts.cors, /CORS_ORIGIN=https:\/\/other\.example\.com/);
});

test("a server whose clock is ahead hurts, with by how much", async (t) => {
  const clock = new SteppedClock();
  const ahead = await startProgram(clock.env);
  t.after(() => ahead.stop().then(() => clock.close()));
  clock.set(90_000);
  const { code, hurts } = await examine(ahead.url, ["--quick"]);
  assert.deepEqual([code, Object.keys(hurts)], [1, ["clock"]]);
  assert.match(hurts.clock, /The server's clock is (89|90|91) s ahead of the one here.*NTP/);
});

test("another path is found by SOCKET_PATH, or in the address", async (t) => {
  const other = await startProgram({ SOCKET_PATH: "/live/" });
  t.after(() => other.stop());
  assert.match((await examine(other.url, ["--quick"])).hurts.handshake, /nothing at \/socket\.io\//);
  assert.equal((await examine(other.url, ["--quick", "--socket-path", "/live/"])).code, 0);
  assert.equal((await examine(`${other.url}/live`, ["--quick"])).code, 0);
});

test("where no Socket.IO server answers it says so", async (t) => {
  const pages = createServer((_, response) => response.end("<html>")).listen(0, "127.0.0.1");
  await once(pages, "listening");
  t.after(() => pages.close());
  const { code, hurts } = await examine(`http://127.0.0.1:${pages.address().port}`);
  assert.deepEqual([code, Object.keys(hurts)], [1, ["handshake"]]);
  assert.match(hurts.handshake, /no Socket\.IO server/);
});

test("where nothing can be looked at the code is 2", async () => {
  for (const [url, why] of [["http://127.0.0.1:1", /no server at 127\.0\.0\.1:1/], ["https://127.0.0.1:" + server.port, /TLS/], ["app.example.com", /write one such as https:/]]) {
    const { code, out, err } = await run(["doctor", url, "--quick"]);
    assert.deepEqual([code, out], [2, ""], url);
    assert.match(err, why);
  }
});

describe("a server that does not answer", { concurrency: true }, () => {
  /** HTTP as `answers` gives it: of a request, the answer's body; or nothing, and the request waits for ever. */
  async function listening(t, answers) {
    const held = createServer((request, response) => {
      const body = answers(request);
      if (body !== undefined) response.end(body);
    }).listen(0, "127.0.0.1");
    await once(held, "listening");
    t.after(() => (held.closeAllConnections(), held.close()));
    return `http://127.0.0.1:${held.address().port}`;
  }

  test("at all is given up after ten seconds, with a sentence", async (t) => {
    const url = await listening(t, () => undefined);
    const begun = performance.now();
    const { code, out, err } = await run(["doctor", url, "--quick"]);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /nothing could be looked at: the server at 127\.0\.0\.1:\d+ did not answer in time/);
    assert.ok(performance.now() - begun >= 10000);
  });

  test("to a POST, and talks nonsense without end, is asked for one session of eight, and the rest is looked at all the same", async (t) => {
    let opened = 0, posts = 0;
    const url = await listening(t, ({ method, url }) => {
      if (method === "POST") return ++posts === 2 ? undefined : "no";
      if (!url.endsWith("transport=polling")) return "no";
      return `0{"sid":"s${++opened}","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`;
    });
    const { code, hurts } = await examine(url, ["--quick"]);
    assert.equal(code, 1);
    assert.match(hurts.nodes, /did not answer in time/);
    assert.ok("polling" in hurts);
    assert.equal(opened, 4, "the handshake's, one of eight, and those of polling and of the upgrade");
  });
});
