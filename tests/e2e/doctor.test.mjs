// The doctor before the server itself: what it finds of origins, tokens and addresses. Behind proxies: doctor-proxies.test.mjs.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { before, after, describe, test } from "node:test";
import { gzipSync } from "node:zlib";

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
  clock.set(3_600_000);
  const { code, hurts } = await examine(ahead.url, ["--quick"]);
  assert.deepEqual([code, Object.keys(hurts)], [1, ["clock"]]);
  assert.match(hurts.clock, /The clock there is (3599|3600|3601) s ahead of the one here.*NTP/);
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
  for (const [url, why] of [["http://127.0.0.1:1", /no server at 127\.0\.0\.1:1/], ["https://127.0.0.1:" + server.port, /TLS/]]) {
    const { code, out, hurts } = await examine(url, ["--quick"]);
    assert.deepEqual([code, Object.keys(hurts), JSON.parse(out).well], [2, ["reach"], false], url);
    assert.match(hurts.reach, why);
  }
});

test("what is no address, and no origin, is wrong use", async () => {
  for (const args of [["app.example.com"], [server.url, "--origin", "app.example.com"]]) {
    const { code, out, err } = await run(["doctor", ...args, "--json"]);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /'app\.example\.com' is no .*: write one such as https:/);
  }
});

test("a server is found by IPv6 too", async (t) => {
  const six = createTcpServer((socket) => {
    const onward = connect(server.port, "127.0.0.1");
    socket.on("error", () => {}).pipe(onward).on("error", () => {}).pipe(socket);
  }).listen(0, "::1");
  await once(six, "listening");
  t.after(() => six.close());
  const url = `http://[::1]:${six.address().port}`;
  const { code, hurts } = await examine(url, ["--quick", "--token", good(), "--origin", `${url}/page`]);
  assert.deepEqual([code, hurts], [0, {}]);
});

test("a server that ends what does not log in is not taken for a proxy that cuts", async (t) => {
  const hasty = await startProgram({ PING_INTERVAL_MS: "1500", PING_TIMEOUT_MS: "1000", CONNECT_TIMEOUT_MS: "700" });
  t.after(() => hasty.stop());
  const { code, findings } = await examine(hasty.url);
  const { state, remedy } = findings.find(({ check }) => check === "silence");
  assert.deepEqual([code, state], [0, "unseen"], JSON.stringify(findings));
  assert.match(remedy, /--token.*CONNECT_TIMEOUT_MS/);
});

describe("what answers is no server of ours, or half of one", () => {
  /** HTTP by `answer`, and upgrades by `upgrade`. */
  async function answering(t, answer, upgrade = (_, socket) => socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")) {
    const other = createServer((request, response) => (request.resume(), answer(request, response))).on("upgrade", upgrade).listen(0, "127.0.0.1");
    await once(other, "listening");
    t.after(() => (other.closeAllConnections(), other.close()));
    return `http://127.0.0.1:${other.address().port}`;
  }
  const opening = (over = {}) => `0${JSON.stringify({ sid: "s", upgrades: [], pingInterval: 25000, pingTimeout: 20000, maxPayload: 1000000, ...over })}`;
  /** Engine.IO over polling, which says this to a login. */
  const polling = (says, over) => ({ method, url }, response) => response.end(method === "POST" ? "ok" : url.includes("sid=") ? says : opening(over));

  for (const [what, answer, words] of [
    ["a page, compressed", (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("<html>")), /Something else answers/],
    ["a redirect to https", ({ url }, response) => response.writeHead(301, { location: `https://app.example.com${url}` }).end(), /redirects to https:\/\/app\.example\.com\/socket\.io\/,.*Use that address/],
    ["a redirect to nowhere", (_, response) => response.writeHead(302).end(), /refused with 302/],
    ["a limit of requests", (_, response) => response.writeHead(429).end(), /too few requests.*nginx: limit_req/],
    ["no content", (_, response) => response.writeHead(204).end(), /refused with 204/],
  ]) {
    test(`${what} hurts in one sentence, and has a remedy`, async (t) => {
      const { code, hurts } = await examine(await answering(t, answer), ["--quick"]);
      assert.deepEqual([code, Object.keys(hurts)], [1, ["handshake"]]);
      assert.match(hurts.handshake, words);
    });
  }

  for (const over of [{ pingInterval: 9e18 }, { pingInterval: -5 }, { maxPayload: 0 }, { maxPayload: -1 }, { pingTimeout: "no" }]) {
    test(`an open packet with ${JSON.stringify(over)} is taken as one without`, async (t) => {
      const { code, findings } = await examine(await answering(t, polling('40{"sid":"x"}\x1e44{"message":"no"}', over)), ["--quick", "--token", "x"]);
      assert.equal(code, 1);
      assert.match(findings.find(({ check }) => check === "handshake").what, /a heartbeat every 25 s/);
    });
  }

  test("what it says of a token is shortened, and moves nothing on the terminal", async (t) => {
    const url = await answering(t, polling(`40{"sid":"x"}\x1e42["unauthorized",{"code":"x","message":"\u009b2J\\u001b[2J${"m".repeat(5000)}"}]`));
    const { out } = await run(["doctor", url, "--quick", "--token", "x"]);
    assert.match(out, /^HURTS {3}The server refuses the token: .*m…$/m);
    assert.doesNotMatch(out, /[\u001b\u009b]/);
    assert.ok(out.length < 4000);
    assert.match((await examine(url, ["--quick", "--token", "x"])).hurts.token, /m…/);
  });

  test("a WebSocket that opens and says nothing is given up, and the rest is looked at", async (t) => {
    const accept = ({ headers }, socket) => {
      const key = createHash("sha1").update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      socket.on("error", () => {}).write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`);
    };
    const { code, hurts, states } = await examine(await answering(t, polling('40{"sid":"x"}\x1e44{"message":"no"}'), accept), ["--quick"]);
    assert.deepEqual([code, Object.keys(hurts)], [1, ["upgrade", "websocket"]]);
    for (const check of ["upgrade", "websocket"]) assert.match(hurts[check], /did not answer in time/);
    assert.equal(states.polling, "well");
  });

  for (const [what, end, words] of [
    ["closes at once", (socket) => socket.destroy(), /Nothing could be looked at.*Something listens there/],
    ["answers bytes of another protocol", (socket) => socket.end("\x16\x03\x01\x00\r\n\r\n"), /no HTTP server.*Something listens there/],
  ]) {
    test(`who ${what} could not be looked at`, async (t) => {
      const other = createTcpServer((socket) => end(socket.on("error", () => {}))).listen(0, "127.0.0.1");
      await once(other, "listening");
      t.after(() => other.close());
      const { code, hurts } = await examine(`http://127.0.0.1:${other.address().port}`, ["--quick"]);
      assert.deepEqual([code, Object.keys(hurts)], [2, ["reach"]]);
      assert.match(hurts.reach, words);
    });
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
    const { code, hurts } = await examine(url, ["--quick"]);
    assert.equal(code, 2);
    assert.match(hurts.reach, /Nothing could be looked at: the server at 127\.0\.0\.1:\d+ did not answer in time/);
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
