// Who may come in: tokens right and wrong, their renewal and their end, and an application's own checks.
import assert from "node:assert/strict";
import { createSign, generateKeyPairSync } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { connect, login, now, secret, startLibrary, startProgram, token, transports } from "./support.mjs";

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const changedPayload = () => {
  const [head, , signature] = token({ id: "ada" }).split(".");
  return `${head}.${base64url({ id: "root" })}.${signature}`;
};
const rsa = () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const text = `${base64url({ alg: "RS256", typ: "JWT" })}.${base64url({ id: "ada" })}`;
  return `${text}.${createSign("RSA-SHA256").update(text).sign(privateKey).toString("base64url")}`;
};

/** What is wrong with it, the token, and the code that the client reads. */
const wrongTokens = [
  ["none at all", undefined, "token_missing"],
  ["an empty one", "", "token_missing"],
  ["no token but words", "let me in", "token_invalid"],
  ["signed with another key", token({ id: "ada" }, { key: "another key, also of thirty-two b" }), "token_invalid"],
  ["a changed payload", changedPayload(), "token_invalid"],
  ["the algorithm none, unsigned", `${base64url({ alg: "none" })}.${base64url({ id: "ada" })}.`, "token_invalid"],
  ["another algorithm, rightly signed", token({ id: "ada" }, { header: { alg: "HS512" }, hash: "sha512" }), "token_invalid"],
  ["a public-key algorithm", rsa(), "token_invalid"],
  ["its time passed", token({ id: "ada", exp: now() - 10 }), "token_expired"],
  ["its time still to come", token({ id: "ada", nbf: now() + 1000 }), "token_invalid"],
  ["an expiry that is no number", token({ id: "ada", exp: "tomorrow" }), "token_invalid"],
  ["a critical extension", token({ id: "ada" }, { header: { alg: "HS256", crit: ["b64"], b64: false } }), "token_invalid"],
  ["the same claim twice", token('{"id":"ada","id":"root"}'), "token_invalid"],
  ["nobody's id", token({ email: "ada@example.com" }), "token_invalid"],
  ["an id that is an object", token({ id: { $ne: null } }), "token_invalid"],
  ["an empty id", token({ id: "" }), "token_invalid"],
  ["over 8 KiB", token({ id: "ada", much: "x".repeat(9000) }), "token_invalid"],
];

describe("wrong tokens", () => {
  let server;
  before(async () => (server = await startLibrary()));
  after(() => server.stop());

  for (const [name, text, code] of wrongTokens) {
    test(name, async () => {
      const socket = connect(server, { auth: text === undefined ? undefined : { token: text }, transports: ["websocket"] });
      await socket.heard("connect");
      const data = await socket.heard("unauthorized");
      assert.deepEqual(Object.keys(data), ["code", "message"]);
      assert.equal(data.code, code);
      assert.match(data.message, /\w+ \w+/);
      assert.equal(await socket.heard("disconnect"), "io server disconnect");
      assert.deepEqual(socket.inbox.all, [], "nothing else came");
    });
  }

  for (const [name, over] of Object.entries(transports)) {
    test(`on ${name}: unauthorized, then sent away; the connection ends with it`, async () => {
      const socket = connect(server, { auth: { token: "x" }, transports: over, reconnection: true });
      assert.equal((await socket.heard("unauthorized")).code, "token_invalid");
      assert.equal(await socket.heard("disconnect"), "io server disconnect");
      assert.equal(socket.active, false, "the client does not try again");
      socket.disconnect();
    });
  }

  test("nobody was let in", async () => {
    assert.deepEqual(server.said.all, []);
    assert.equal((await server.order("presence", { user: "ada" })).count, 0);
  });
});

describe("right tokens", () => {
  let server;
  before(async () => (server = await startLibrary({ TOKEN_IN_QUERY: "off" })));
  after(() => server.stop());

  for (const [name, options] of [
    ["in the connect payload", { auth: { token: token({ id: "ada" }) } }],
    ["in the connect payload, after Bearer", { auth: { token: `Bearer ${token({ id: "ada" })}` } }],
    ["in the Authorization header", { extraHeaders: { Authorization: `Bearer ${token({ id: "ada" })}` } }],
    ["with headers that name other keys", { auth: { token: token({ id: "ada" }, { header: { alg: "HS256", kid: "../../etc/passwd", jku: "http://127.0.0.1:1/" } }) } }],
    ["with an expiry far ahead", { auth: { token: token({ id: "ada", exp: 9007199254740991 }) } }],
  ]) {
    test(name, async () => {
      const socket = connect(server, options);
      assert.deepEqual(await socket.heard("authenticated"), { user: { id: "ada" } });
      socket.disconnect();
    });
  }

  test("a token in the URL is not read", async () => {
    const socket = connect(server, { query: { token: token({ id: "ada" }) } });
    assert.equal((await socket.heard("unauthorized")).code, "token_missing");
  });

  for (const [claims, user] of [
    ['{"id":9007199254740993}', { id: "9007199254740993" }], ['{"userId":"u"}', { id: "u", userId: "u" }], ['{"sub":"s","name":"Ä"}', { id: "s", sub: "s", name: "Ä" }],
    ['{"sub":"s","id":7}', { id: "7", sub: "s" }], [`{"id":"x","iat":1,"nbf":1,"jti":"j","aud":"a","iss":"i","role":["r"]}`, { id: "x", role: ["r"] }],
  ]) {
    test(`the claims ${claims} make the user ${JSON.stringify(user)}`, async () => {
      const socket = connect(server, { auth: { token: token(claims) } });
      assert.deepEqual((await socket.heard("authenticated")).user, user);
      socket.disconnect();
    });
  }

  test("two ids beyond 2^53 are two users", async () => {
    const one = connect(server, { auth: { token: token('{"id":9007199254740992}') } });
    const other = connect(server, { auth: { token: token('{"id":9007199254740993}') } });
    await Promise.all([one.heard("authenticated"), other.heard("authenticated")]);
    assert.deepEqual(await server.order("emit", { user: "9007199254740993", event: "hello", data: 1 }), { sockets: 1 });
    assert.equal(await other.heard("hello"), 1);
    assert.equal(one.inbox.all.some((item) => item.name === "hello"), false);
    [one, other].forEach((socket) => socket.disconnect());
  });

  test("handlers see the user, and no token", async () => {
    const socket = await login(server, { user: "ada" });
    assert.deepEqual(await socket.emitWithAck("whoami"), { id: "ada", email: "ada@example.com" });
    assert.deepEqual((await socket.emitWithAck("handshake")).auth, {});
    socket.disconnect();
  });
});

describe("REQUIRE_EXP, JWT_LEEWAY_S and TOKEN_IN_QUERY", () => {
  let server;
  before(async () => (server = await startProgram({ REQUIRE_EXP: "on", JWT_LEEWAY_S: "30", TOKEN_IN_QUERY: "on" })));
  after(() => server.stop());

  test("a token without an expiry is refused, one a little late is not, and the URL is read", async () => {
    const eternal = connect(server, { auth: { token: token({ id: "ada" }) } });
    assert.equal((await eternal.heard("unauthorized")).code, "token_invalid");
    const late = connect(server, { query: { token: token({ id: "ada", exp: now() - 5 }) } });
    assert.equal((await late.heard("authenticated")).user.id, "ada");
    late.disconnect();
  });
});

describe("AUTH_FAILURE=connect_error", () => {
  let server;
  before(async () => (server = await startProgram({ AUTH_FAILURE: "connect_error" })));
  after(() => server.stop());

  for (const [name, over] of Object.entries(transports)) {
    test(`a refused client gets connect_error with the same data, ${name}`, async () => {
      const socket = connect(server, { auth: { token: token({ id: "ada", exp: 1 }) }, transports: over });
      const error = await socket.heard("connect_error");
      assert.equal(error.data.code, "token_expired");
      assert.equal(error.message, error.data.message);
      assert.equal(socket.connected, false);
      assert.deepEqual(socket.inbox.all, []);
    });
  }
});

describe("a token's end", () => {
  let server;
  before(async () => (server = await startLibrary()));
  after(() => server.stop());
  const short = (seconds, user = "ada") => ({ auth: { token: token({ id: user, exp: now() + seconds }) } });

  test("is announced at half of its life when that is short, and comes", async () => {
    const socket = await login(server, short(4));
    const { expiresInMs } = await socket.heard("token_expiring");
    assert.ok(expiresInMs > 0 && expiresInMs <= 2000, `${expiresInMs}`);
    const { code } = await socket.heard("unauthorized");
    assert.equal(code, "token_expired");
    assert.equal(await socket.heard("disconnect"), "io server disconnect");
  });

  test("is not announced when it is far away", async () => {
    const socket = await login(server, short(3600));
    assert.deepEqual(await socket.emitWithAck("ask", 1), 1);
    assert.deepEqual(socket.inbox.all.map((item) => item.name).filter((name) => name !== "connect"), []);
    socket.disconnect();
  });

  test("moves when the client renews, and the socket lives past its old one", async () => {
    const socket = await login(server, short(2));
    await socket.heard("token_expiring");
    assert.deepEqual(await socket.emitWithAck("authenticate", { token: token({ id: "ada", exp: now() + 3600 }) }), { ok: true });
    await new Promise((wake) => setTimeout(wake, 2200)); // the old token's end is what is waited for
    assert.equal(socket.connected, true);
    assert.equal(await socket.emitWithAck("ask", "still here"), "still here");
    socket.disconnect();
  });

  test("a refused renewal changes nothing", async () => {
    const socket = await login(server, short(3600));
    for (const [name, text, code] of [
      ["another user", token({ id: "grace", exp: now() + 3600 }), "token_invalid"],
      ["expired", token({ id: "ada", exp: 1 }), "token_expired"],
      ["none", undefined, "token_missing"],
      ["forged", token({ id: "ada" }, { key: "x".repeat(32) }), "token_invalid"],
    ]) {
      const answer = await socket.emitWithAck("authenticate", { token: text });
      assert.deepEqual([answer.ok, typeof answer.message], [false, "string"], name);
      assert.ok(answer.code.startsWith("token_") || answer.code.includes("user"), `${name}: ${answer.code}`);
      if (name !== "another user") assert.equal(answer.code, code, name);
    }
    assert.deepEqual(await socket.emitWithAck("whoami"), { id: "ada" });
    socket.disconnect();
  });
});

describe("an application's own checks", () => {
  let server;
  before(async () => (server = await startLibrary()));
  after(() => server.stop());

  test("stand behind the token's: a member needs both", async () => {
    const without = connect(server, { user: "ada", nsp: "/members" });
    const error = await without.heard("connect_error");
    assert.deepEqual([error.message, error.data], ["not authorized", { hint: "say the word" }]);
    const stranger = connect(server, { nsp: "/members", auth: { word: "sesame" } });
    assert.equal((await stranger.heard("unauthorized")).code, "token_missing");
    const member = connect(server, { nsp: "/members", auth: { token: token({ id: "ada" }), word: "sesame" } });
    await member.heard("authenticated");
    for (const socket of [without, stranger, member]) socket.disconnect();
  });

  test("can say themselves who a user is, without a token", async () => {
    const nobody = connect(server, { nsp: "/named" });
    assert.equal((await nobody.heard("connect_error")).message, "no name");
    const named = connect(server, { nsp: "/named", query: { name: "linda" } });
    await named.heard("connect");
    assert.deepEqual(await named.emitWithAck("whoami"), { id: "linda" });
    for (const socket of [nobody, named]) socket.disconnect();
  });

  for (const [name, chosen] of Object.entries(transports))
    test(`a middleware that takes its time (${name})`, async () => {
      const open = (word) => connect(server, { nsp: "/elsewhere", auth: { word }, ...(chosen && { transports: chosen }) });
      const refused = open("barley");
      assert.equal((await refused.heard("connect_error")).message, "not authorized");
      const ali = open("sesame");
      await ali.heard("connect");
      assert.deepEqual(await ali.emitWithAck("whoami"), { id: "ali" });
      for (const socket of [refused, ali]) socket.disconnect();
    });

  test("an unknown namespace is refused and the others of the connection live", async () => {
    const socket = await login(server, { user: "ada" });
    const nowhere = socket.io.socket("/nowhere", { auth: {} });
    const error = await new Promise((done) => nowhere.on("connect_error", done).connect());
    assert.equal(error.message, "Invalid namespace");
    assert.equal(await socket.emitWithAck("ask", 1), 1);
    socket.disconnect();
  });
});

describe("a client with two namespaces on one connection", () => {
  for (const [name, chosen] of Object.entries(transports))
    test(`lives on in the one when it has left the other, past CONNECT_TIMEOUT_MS, and comes back to it (${name})`, async (t) => {
      const server = await startLibrary({ CONNECT_TIMEOUT_MS: "700", MAX_CONNECTIONS_PER_USER: "1" });
      t.after(() => server.stop());
      const options = { forceNew: false, multiplex: true, query: { name: "ada" }, ...(chosen && { transports: chosen }) };
      const first = connect(server, { user: "ada", ...options });
      await first.heard("authenticated");
      const second = connect(server, { nsp: "/named", ...options });
      await second.heard("connect");
      assert.equal(first.io, second.io, "they share the connection");
      const until = Date.now() + 1500;
      first.disconnect();
      assert.equal(await first.heard("disconnect"), "io client disconnect");
      while (Date.now() < until) assert.equal((await second.timeout(5000).emitWithAck("whoami")).id, "ada");
      first.connect();
      await first.heard("authenticated");
      const newest = connect(server, { user: "ada" });
      await newest.heard("authenticated");
      assert.equal(await first.heard("disconnect"), "io server disconnect");
      assert.equal((await second.timeout(5000).emitWithAck("whoami")).id, "ada");
      assert.equal(second.inbox.all.some((item) => item.name === "disconnect"), false);
      for (const socket of [first, second, newest]) socket.close();
    });
});
