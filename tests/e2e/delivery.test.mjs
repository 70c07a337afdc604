// What is sent arrives: whole, exact, in order, over every transport and across the upgrade, and after a server that was killed.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp, createServer } from "node:net";
import { after, before, describe, test } from "node:test";

import { freePort, pause } from "../support/server.mjs";
import { api, connect, emit, eventually, login, startLibrary, startProgram, transports, upgraded } from "./support.mjs";

const texts = {
  "scripts of many kinds": "Ä ä ß Я Б て す ท ع ה 漢字", "beyond the first plane": "😀👩‍👩‍👧‍👦𝔘", "what JSON escapes": '"\\/\b\f\n\r\t\u0000\u001f', "line separators": "\u2028\u2029",
  "what polling separates with": "a\x1eb", "what looks like base64": "bAQID", "an empty text": "",
};

for (const [name, over] of Object.entries(transports)) {
  test(`five times what may wait for a slow client, at once, to one that reads, arrives whole: ${name}`, async () => {
    const server = await startProgram({ THREADS: "1", MAX_PAYLOAD_BYTES: "10000000" });
    const socket = await login(server, { user: "bea", transports: over });
    if (over === undefined) await upgraded(socket);
    const padding = "x".repeat(5000);
    const events = Array.from({ length: 1000 }, (_, n) => ({ userId: "bea", event: "part", data: { n, padding } }));
    assert.equal((await api(server, "POST", "/api/emit", events)).status, 202);
    for (let n = 0; n < 1000; ++n) assert.equal((await socket.heard("part")).n, n);
    socket.disconnect();
    await server.stop();
  });
}

for (const [name, over] of Object.entries(transports)) {
  describe(name, () => {
    let server, socket;
    before(async () => {
      server = await startLibrary();
      socket = await login(server, { user: "ada", transports: over });
      if (over === undefined) await upgraded(socket);
    });
    after(async () => {
      socket.disconnect();
      await server.stop();
    });

    for (const [what, text] of Object.entries(texts)) {
      test(`${what} arrive as sent, from C++, from HTTP and back from a client`, async () => {
        await server.order("emit", { user: "ada", event: "text", data: text });
        assert.equal(await socket.heard("text"), text);
        await emit(server, "ada", "text", { [text]: text });
        assert.deepEqual(await socket.heard("text"), { [text]: text });
        assert.equal(await socket.emitWithAck("ask", text), text);
      });
    }

    test("a large payload arrives whole, both ways", async () => {
      const large = { text: "€".repeat(250000), list: Array.from({ length: 1000 }, (_, i) => ({ i })) };
      assert.equal((await emit(server, "ada", "large", large)).status, 202);
      assert.deepEqual(await socket.heard("large"), large);
      const text = "ü".repeat(400000);
      assert.equal(await socket.emitWithAck("ask", text), text);
    });

    test("binary arrives whole, both ways, inside objects too", async () => {
      const bytes = Buffer.from(Array.from({ length: 70000 }, (_, i) => i & 255));
      socket.emit("mirror", { a: bytes, list: [Buffer.from([0]), "text"] }, Buffer.alloc(0));
      const { values } = await socket.inbox.take((item) => item.name === "mirrored");
      assert.deepEqual(values.map((value) => (value.a ? { a: Buffer.from(value.a), list: [Buffer.from(value.list[0]), value.list[1]] } : Buffer.from(value))),
        [{ a: bytes, list: [Buffer.from([0]), "text"] }, Buffer.alloc(0)]);
      assert.deepEqual(Buffer.from(await socket.emitWithAck("ask", bytes)), bytes);
    });

    test("the server asks, the client answers; or it does not, and the server goes on", async () => {
      socket.once("question", (n, answer) => answer(n, { yes: true }));
      socket.emit("ask me", 5000);
      assert.deepEqual(await socket.heard("answered"), [1, { yes: true }]);
      socket.emit("ask me", 50);
      assert.equal(await socket.heard("answered"), "timeout");
    });

    test("a handler that throws harms nobody", async () => {
      socket.emit("throw");
      assert.equal(await socket.emitWithAck("ask", "alive"), "alive");
    });

    test("two tabs hear the same, in the same order", async () => {
      const second = await login(server, { user: "ada", transports: over });
      assert.deepEqual(await server.order("count_up", { user: "ada", from: 0, to: 50 }), { sockets: 100 });
      for (const tab of [socket, second])
        for (let n = 0; n < 50; ++n) assert.deepEqual(await tab.heard("count"), { n });
      second.disconnect();
      await eventually(async () => (await server.order("presence", { user: "ada" })).connections === 1);
      assert.deepEqual(await server.order("count_up", { user: "ada", from: 0, to: 1 }), { sockets: 1 });
      assert.deepEqual(await socket.heard("count"), { n: 0 });
    });
  });
}

describe("numbers", () => {
  let server;
  before(async () => (server = await startLibrary()));
  after(() => server.stop());
  const numbers = "[9007199254740993,1.50,1e2,-0.0,123456789012345678901234567890,0.1e-7,1E+3]";

  // The client parses what it gets; so the digits are read where the packet is still text.
  for (const [way, send] of [
    ["C++", (text) => server.order("emit_json", { user: "ada", event: "numbers", text })],
    ["HTTP", (text) => api(server, "POST", "/api/emit", `{"userId":"ada","event":"numbers","data":${text}}`)],
    ["HTTP, in an array", (text) => api(server, "POST", "/api/emit", ` [ {"data" : ${text} ,"event":"numbers","userId":"ada"}]`)],
  ]) {
    test(`are relayed with the digits that ${way} gave`, async () => {
      const socket = await login(server, { user: "ada", transports: ["websocket"] });
      const packet = new Promise((done) => socket.io.engine.on("packet", ({ data }) => data?.includes("numbers") && done(data)));
      await send(numbers);
      assert.equal(await packet, `2["numbers",${numbers}]`);
      socket.disconnect();
    });
  }
});

describe("order", () => {
  let server;
  before(async () => (server = await startLibrary()));
  after(() => server.stop());

  /** A way to the server on which WebSockets take a while to open, so that events flow by polling first. */
  const slowUpgrades = async () => {
    const way = createServer((inner) => {
      const outer = connectTcp(server.port, "127.0.0.1");
      inner.once("data", async (head) => {
        inner.pause();
        if (head.includes("transport=websocket")) await pause(100);
        outer.write(head);
        inner.pipe(outer).pipe(inner);
      });
      for (const each of [inner, outer]) each.on("error", () => [inner, outer].forEach((end) => end.destroy()));
    }).listen(0, "127.0.0.1");
    await once(way, "listening");
    return { url: `http://127.0.0.1:${way.address().port}`, close: () => way.close() };
  };

  /** Emits one event after the other, from before the login until 2,000 went out and the upgrade is done. */
  const acrossTheUpgrade = async (way) => {
    const socket = connect(way, { user: "ada" });
    const sent = [], got = [], ways = new Set();
    socket.on("count", ({ n }) => (got.push(n), ways.add(socket.io.engine.transport.name)));
    let websocket = false;
    const moved = new Promise((done) => socket.io.engine.once("upgrade", done)).then(() => (websocket = true));
    for (let n = 0; sent.length < 2000 || !websocket; n += 2) {
      const { sockets } = await server.order("count_up", { user: "ada", from: n, to: n + 2 });
      if (sockets > 0) sent.push(...(sockets === 2 ? [n, n + 1] : [n + 1])); // none while the user is still offline
    }
    await moved;
    await eventually(() => got.length >= sent.length);
    socket.disconnect();
    await eventually(async () => (await server.order("presence", { user: "ada" })).connections === 0);
    return { sent, got, ways };
  };

  test("2,000 events emitted while the client logs in and upgrades arrive in order, none twice, none lost", async () => {
    const way = await slowUpgrades();
    for (let round = 0; round < 3; ++round) {
      const { sent, got, ways } = await acrossTheUpgrade(way);
      assert.deepEqual(got, sent);
      assert.deepEqual([...ways], ["polling", "websocket"], "both transports carried some");
    }
    way.close();
  });

  test("twenty clients upgrading under load keep each its order", async () => {
    const users = Array.from({ length: 20 }, (_, i) => `u${i}`);
    const sockets = users.map((user) => connect(server, { user }));
    const got = sockets.map((socket) => {
      const list = [];
      socket.on("count", ({ n }) => list.push(n));
      return list;
    });
    await Promise.all(sockets.map((socket) => socket.heard("authenticated")));
    for (let n = 0; n < 300; n += 20) await Promise.all(users.map((user) => server.order("count_up", { user, from: n, to: n + 20 })));
    await Promise.all(sockets.map(upgraded));
    await eventually(() => got.every((list) => list.length >= 300));
    for (const list of got) assert.deepEqual(list, Array.from({ length: 300 }, (_, n) => n));
    sockets.forEach((socket) => socket.disconnect());
  });

  test("what a client emits arrives in order across its own upgrade", async () => {
    const socket = await login(server, { user: "ada" });
    const answers = await Promise.all(Array.from({ length: 150 }, (_, n) => socket.emitWithAck("ask", n)));
    assert.deepEqual(answers, Array.from({ length: 150 }, (_, n) => n));
    socket.disconnect();
  });

  test("an array through HTTP arrives in its order", async () => {
    const socket = await login(server, { user: "ada" });
    const events = Array.from({ length: 1000 }, (_, n) => ({ userId: "ada", event: "count", data: { n } }));
    assert.deepEqual((await api(server, "POST", "/api/emit", events)).body, { accepted: 1000, online: 1000 });
    for (let n = 0; n < 1000; ++n) assert.deepEqual(await socket.heard("count"), { n });
    socket.disconnect();
  });
});

describe("many", () => {
  test("500 clients at once log in, and each hears its own", { timeout: 60000 }, async () => {
    const server = await startLibrary({ PRESENCE_EVENTS: "off" });
    const sockets = Array.from({ length: 500 }, (_, i) => connect(server, { user: `u${i}`, timeout: 50000 }));
    await Promise.all(sockets.map((socket) => socket.heard("authenticated", 50000)));
    assert.equal((await server.order("presence", { user: "u0" })).count, 500);
    const events = sockets.map((_, i) => ({ userId: `u${i}`, event: "yours", data: i }));
    assert.deepEqual((await api(server, "POST", "/api/emit", events)).body, { accepted: 500, online: 500 });
    await Promise.all(sockets.map(async (socket, i) => assert.equal(await socket.heard("yours", 20000), i)));
    sockets.forEach((socket) => socket.disconnect());
    await eventually(async () => (await server.order("presence", { user: "u0" })).count === 0);
    await server.stop();
  });
});

describe("a server that is killed", () => {
  for (const [name, over] of Object.entries(transports)) {
    test(`is found again by the client when it is back, ${name}`, { timeout: 30000 }, async () => {
      const port = await freePort();
      const first = await startProgram({}, port);
      const socket = await login(first, { user: "ada", transports: over, reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200 });
      await first.stop("SIGKILL");
      assert.match(await socket.heard("disconnect"), /^transport (close|error)$/);
      const second = await startProgram({}, port);
      await socket.heard("authenticated");
      assert.equal((await emit(second, "ada", "hello", 1)).body.online, 1);
      assert.equal(await socket.heard("hello"), 1);
      socket.disconnect();
      await second.stop();
    });
  }
});

describe("SIGTERM", () => {
  for (const [name, over] of Object.entries(transports)) {
    test(`ends the server with 0 within two seconds, and the client comes back to the next, ${name}`, { timeout: 30000 }, async () => {
      const port = await freePort();
      const first = await startProgram({}, port);
      const socket = await login(first, { user: "ada", transports: over, reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200 });
      if (over === undefined) await upgraded(socket);
      else await pause(200); // so that a poll waits: between two polls nobody is there to be told
      await emit(first, "ada", "last words", 1);
      const { code, ms } = await first.stop();
      assert.equal(code, 0);
      assert.ok(ms < 2000, `${ms} ms`);
      assert.equal(await socket.heard("last words"), 1);
      assert.match(await socket.heard("disconnect"), /^transport (close|error)$/);
      const second = await startProgram({}, port);
      await socket.heard("authenticated");
      socket.disconnect();
      await second.stop();
    });
  }

  test("also without a client, and SIGINT alike", async () => {
    for (const signal of ["SIGTERM", "SIGINT"]) {
      const server = await startProgram();
      const { code, ms } = await server.stop(signal);
      assert.deepEqual([code, ms < 2000], [0, true]);
    }
  });
});
