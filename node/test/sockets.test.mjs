// io.use, io.on("connection"), websocketService.on: what a program hears of clients and says to one.
import assert from "node:assert/strict";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";

import { Server } from "socket.io";
import { io as connectClient } from "socket.io-client";
import service from "signalbox";

import { client, eventually, folder, listen, next, onlyNative, program, refused, settings, token } from "./support.mjs";

// Of Socket.IO 4: what its types call private.
const internal = new Set(["ack", "acks", "attachServe", "buildHandshake", "cleanup", "corsMiddleware", "createTransport", "dispatch", "eio", "emitReserved", "emitUntyped", "encoder", "exceptRooms", "extractFilename", "flags", "fns",
  "init", "initEngine", "leaveAll", "middlewares", "newBroadcastOperator", "notifyOutgoingListeners", "onWebSocket", "onWebTransportSession", "onack", "onconnection", "ondisconnect", "onevent", "operator", "packet", "parentNamespacesFromRegExp",
  "parentNsps", "pid", "prepare", "registerAckCallback", "run", "serve", "upgrades", "verify"]);
function publicNames(object) {
  const names = [];
  for (let one = object; one && one !== Object.prototype; one = Object.getPrototypeOf(one)) names.push(...Object.getOwnPropertyNames(one));
  return names.filter((name) => !name.startsWith("_") && name !== "constructor" && !internal.has(name));
}

let io;
async function start(t, options = {}) {
  const { server, url } = await listen(t);
  service.initialize(server, { ...settings, ...options });
  io = service.getIO();
  return url;
}
afterEach(() => service.close());

/** The next socket of io.on("connection"). */
const connection = () => new Promise((resolve) => io.on("connection", resolve));

describe("a socket of io.on('connection')", () => {
  for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
    test(`speaks and hears over ${transports.join(" and ")}`, async (t) => {
      const url = await start(t);
      const connected = connection();
      const ada = await client(t, url, "ada", { transports, auth: { token: token({ id: "ada", email: "a@b" }), theme: "dark" }, query: { q: "1" } });
      const socket = await connected;
      assert.equal(socket.id, ada.id);
      assert.deepEqual(socket.user, { id: "ada", email: "a@b" });
      assert.equal(socket.handshake.query.q, "1");
      assert.equal(socket.handshake.auth.theme, "dark");
      assert.equal(socket.handshake.auth.token, undefined);
      assert.ok(socket.handshake.address.includes("127.0.0.1"));
      assert.deepEqual([socket.connected, socket.disconnected, socket.recovered], [true, false, false]);

      socket.on("add", (a, b, ack) => ack(a + b));
      assert.equal(await ada.emitWithAck("add", 2, 3), 5);
      socket.on("bytes", (bytes, more, ack) => ack(Buffer.concat([bytes, more.inside])));
      assert.deepEqual(await ada.emitWithAck("bytes", Buffer.from("ab"), { inside: Buffer.from("cd") }), Buffer.from("abcd"));

      ada.on("several", (a, b, c, ack) => ack([a, b, c]));
      assert.deepEqual(await socket.emitWithAck("several", 1, { two: 2 }, Buffer.from("3")), [1, { two: 2 }, Buffer.from("3")]);
      const answer = await new Promise((resolve) => socket.emit("several", 1, 2, 3, resolve));
      assert.deepEqual(answer, [1, 2, 3]);
    });
  }

  test("hears of the end with Socket.IO's reasons, once", async (t) => {
    const url = await start(t);
    const reasons = [];
    io.on("connection", (socket) => socket.on("disconnect", (reason) => reasons.push(reason)).on("disconnecting", () => reasons.push(socket.connected)));
    (await client(t, url, "ada")).disconnect();
    await eventually(() => reasons.length === 2);
    const bob = await client(t, url, "bob", { transports: ["websocket"] });
    bob.io.engine.close();
    await eventually(() => reasons.length === 4);
    assert.deepEqual(reasons, [true, "client namespace disconnect", true, "transport close"]);
  });

  test("sends its client away", async (t) => {
    const url = await start(t);
    io.on("connection", (socket) => socket.on("leave", (close) => socket.disconnect(close)));
    for (const [close, reason] of [[false, "io server disconnect"], [true, "io server disconnect"]]) {
      const ada = await client(t, url, "ada", { reconnection: false });
      ada.emit("leave", close);
      assert.equal((await once(ada, "disconnect"))[0], reason);
    }
  });

  test("says why there is no acknowledgement", async (t) => {
    const url = await start(t);
    const connected = connection();
    const ada = await client(t, url, "ada");
    const socket = await connected;
    await assert.rejects(socket.timeout(50).emitWithAck("silence"), { code: "timeout" });
    const [error] = await new Promise((resolve) => socket.timeout(50).emit("silence", (...args) => resolve(args)));
    assert.equal(error.code, "timeout");
    const waiting = socket.emitWithAck("silence");
    ada.disconnect();
    await assert.rejects(waiting, { code: "disconnected" });
    assert.throws(() => socket.timeout(0.5), /whole number/);
  });

  test("has listeners that are once, off, throw and reject", async (t) => {
    const url = await start(t);
    const errors = t.mock.method(console, "error", () => {});
    const connected = connection();
    const ada = await client(t, url, "ada");
    const socket = await connected;
    const heard = [];
    const removed = () => heard.push("removed");
    socket.once("e", () => heard.push("once")).on("e", removed).off("e", removed);
    socket.on("e", () => { throw new Error("thrown"); }).on("e", async () => { throw new Error("rejected"); });
    socket.on("e", (ack) => ack(heard.push("last")));
    await ada.emitWithAck("e");
    await ada.emitWithAck("e");
    assert.deepEqual(heard, ["once", "last", "last"]);
    await eventually(() => errors.mock.callCount() === 2);  // the others a second later, as one line
    assert.deepEqual(errors.mock.calls.map(({ arguments: [line, { message }] }) => `${line} ${message}`),
      ["signalbox: a handler of 'e' failed: thrown", "signalbox: a handler of 'e' failed 3 times, at last so: rejected"]);
  });

  test("does not take what Socket.IO reserves, and says what is not here", async (t) => {
    const url = await start(t);
    const connected = connection();
    await client(t, url, "ada");
    const socket = await connected;
    assert.throws(() => socket.emit("disconnect"), /"disconnect" is a reserved event name/);
    for (const name of ["join", "leave", "rooms", "to", "broadcast", "volatile", "compress", "adapter", "conn", "request", "use", "onAny"])
      assert.throws(() => socket[name], new RegExp(`signalbox has no socket.${name}: `), name);
    for (const name of ["of", "adapter", "sockets", "except", "socketsJoin", "disconnectSockets", "serverSideEmit", "volatile", "attach", "listen"])
      assert.throws(() => io[name], new RegExp(`signalbox has no io.${name}: `), name);
    assert.throws(() => io.on("new_namespace", () => {}), /no io.on\("new_namespace"\)/);
  });

  test("has all that Socket.IO's server has, or says what to use in its place", async (t) => {
    const url = await start(t);
    const connected = connection();
    await client(t, url, "ada");
    const socket = await connected;
    const [found] = await io.fetchSockets();
    const theirs = new Server(0), their = theirs.of("/");
    t.after(() => theirs.close());
    const theirSocket = await new Promise((resolve) => {
      theirs.on("connection", resolve);
      const other = connectClient(`http://127.0.0.1:${theirs.httpServer.address().port}`);
      t.after(() => other.disconnect());
    });
    const [theirFound] = await theirs.fetchSockets();
    const pairs = {
      io: [io, theirs, their], "io.engine": [io.engine, theirs.engine], "io.to()": [io.to("user:ada"), theirs.to("user:ada")],
      socket: [socket, theirSocket], "socket.timeout()": [socket.timeout(5), theirSocket], "a socket of fetchSockets()": [found, theirFound],
    };
    const silent = [];
    for (const [what, [ours, ...originals]] of Object.entries(pairs)) {
      for (const name of new Set(originals.flatMap(publicNames))) {
        try {
          if (ours[name] === undefined) silent.push(`${what}.${name}`);
        } catch (error) {
          assert.match(error.message, /^signalbox has no .*: ./, `${what}.${name}`);
        }
      }
    }
    assert.deepEqual(silent, []);
  });
});

describe("websocketService.on", () => {
  test("hears clients, with an acknowledgement as last argument, also where nobody listens to connections", async (t) => {
    const url = await start(t);
    const seen = [];
    service.on("ask", async (socket, question, ack) => {
      seen.push([socket.user.id, typeof socket.handshake.url]);
      ack(`${question}?`);
    });
    const ada = await client(t, url, "ada");
    assert.equal(await ada.emitWithAck("ask", "why"), "why?");
    assert.equal(await ada.emitWithAck("ask", "how"), "how?");
    assert.deepEqual(seen, [["ada", "string"], ["ada", "string"]]);
  });

  test("outlives a close", async (t) => {
    service.on("outlives", (socket, ack) => ack("still"));
    for (let round = 0; round < 2; ++round) {
      const url = await start(t);
      const ada = await client(t, url, "ada");
      assert.equal(await ada.emitWithAck("outlives"), "still");
      await service.close();
    }
  });
});

describe("io.use", () => {
  test("sees who the token's user is, and what it keeps in socket.data is there later", async (t) => {
    const url = await start(t);
    io.use(async (socket, next) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.data.seen = [socket.user.id, socket.id, socket.connected];
      assert.throws(() => socket.emit("x"), /not connected yet/);
      next();
    });
    const connected = connection();
    const ada = await client(t, url, "ada");
    assert.deepEqual((await connected).data.seen, ["ada", ada.id, false]);
  });

  test("refuses with message and data, throws, rejects, of which only the last two are mistakes and logged", async (t) => {
    const url = await start(t);
    const errors = t.mock.method(console, "error", () => {});
    let answer;
    io.use((socket, next) => answer(next));
    const refusal = async (how) => {
      answer = how;
      const error = await refused(t, url, "ada");
      return [error.message, error.data];
    };
    assert.deepEqual(await refusal((next) => next(Object.assign(new Error("no"), { data: { code: 7 } }))), ["no", { code: 7 }]);
    assert.deepEqual(await refusal((next) => next("text")), ["text", undefined]);
    assert.deepEqual(await refusal((next) => next(Promise.resolve())), ["[object Promise]", undefined]);
    assert.equal(errors.mock.callCount(), 0);
    assert.deepEqual(await refusal(() => { throw new Error("thrown"); }), ["thrown", undefined]);
    assert.deepEqual(await refusal(() => Promise.reject(new Error("rejected"))), ["rejected", undefined]);
    assert.deepEqual(await refusal(() => Promise.reject()), ["Internal server error", undefined]);
    await eventually(() => errors.mock.callCount() === 2);  // the others a second later, as one line
    assert.deepEqual(errors.mock.calls.map(({ arguments: [line] }) => line), ["signalbox: a middleware failed:", "signalbox: a middleware failed 2 times, at last so:"]);
  });

  test("a chain ends at the first that refuses", async (t) => {
    const url = await start(t);
    t.mock.method(console, "error", () => {});
    const asked = [];
    io.use((_, next) => (asked.push(1), next())).use((_, next) => (asked.push(2), next(new Error("two")))).use((_, next) => (asked.push(3), next()));
    await refused(t, url, "ada");
    assert.deepEqual(asked, [1, 2]);
  });

  test("says who the user is where tokens do not", async (t) => {
    const url = await start(t, { jwt: false });
    io.use((socket, next) => {
      if (socket.handshake.auth.name) socket.user = { id: socket.handshake.auth.name, plan: "free" };
      next();
    });
    const connected = connection();
    const ada = await client(t, url, undefined, { auth: { name: "ada" } });
    assert.deepEqual(ada.inbox[0], ["authenticated", { user: { id: "ada", plan: "free" } }]);
    assert.deepEqual((await connected).user, { id: "ada", plan: "free" });
    const nobody = await client(t, url, undefined, { reconnection: false }, "unauthorized");
    assert.equal(nobody.inbox[0][1].code, "no_user");
  });

  test("without any, nobody is let in where tokens are not looked at", async (t) => {
    const url = await start(t, { jwt: false });
    await client(t, url, "ada", { reconnection: false }, "unauthorized");
  });
});

test("io.fetchSockets finds everybody, with what is known, and speaks to each", async (t) => {
  const url = await start(t);
  io.on("connection", (socket) => (socket.data.mark = socket.user.id));
  const ada = await client(t, url, "ada"), bob = await client(t, url, "bob");
  const found = await io.fetchSockets();
  assert.deepEqual(found.map(({ id, user, data }) => [id, user.id, data.mark]).sort(), [[ada.id, "ada", "ada"], [bob.id, "bob", "bob"]].sort());
  assert.equal(io.engine.clientsCount, 2);
  found.find(({ user }) => user.id === "ada").emit("hello", 1);
  assert.equal(await next(ada, "hello"), 1);
  found.find(({ user }) => user.id === "bob").disconnect(true);
  await eventually(() => !bob.connected);
});

test("a handler that blocks for a second delays no delivery", onlyNative("it runs on JavaScript's thread"), async (t) => {
  const { line, output } = program(t, `
    import http from "node:http"; import { Worker } from "node:worker_threads";
    import service, { wsUtils } from "signalbox";
    const server = http.createServer();
    service.initialize(server, ${JSON.stringify(settings)});
    service.on("block", () => { console.log("blocks"); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000); console.log("over"); });
    new Worker(\`import("signalbox").then(({ default: service, wsUtils }) => {
      const io = service.getIO();
      setInterval(() => wsUtils.emitToUser(io, "ada", "tick", Date.now()), 20);
    })\`, { eval: true });
    server.listen(0, "127.0.0.1", () => console.log("port", server.address().port));`);
  const [, port] = await line(/port (\d+)/);
  const ada = await client(t, `http://127.0.0.1:${port}`, "ada", { transports: ["websocket"] });
  await next(ada, "tick");
  ada.emit("block");
  await line(/blocks/);
  for (let i = 0; i < 10; ++i) await next(ada, "tick", 2000);
  assert.doesNotMatch(output.out, /over/);
});

describe("a program's mistake", () => {
  const mistakes = {
    "a user that cannot be JSON": [{ jwt: false }, (socket, next) => ((socket.user = { id: 5n, self: socket.user }), next())],
    "a circle in a refusal's data": [{}, (socket, next) => { const data = {}; data.self = data; next(Object.assign(new Error("no"), { data })); }],
    "a cut pair of surrogates in a refusal": [{}, (socket, next) => next(Object.assign(new Error("no"), { data: "\ud83d" }))],
    "a message that is no text": [{}, (socket, next) => next(Object.assign(new Error(), { message: 5 }))],
  };
  for (const [what, [options, middleware]] of Object.entries(mistakes)) {
    test(`ends nothing: ${what}`, async (t) => {
      const url = await start(t, options);
      t.mock.method(console, "error", () => {});
      io.use(middleware);
      const outcome = await Promise.race([refused(t, url, "ada").then(() => "refused"), client(t, url, "ada", { reconnection: false }).then(() => "let in", () => "refused")]);
      assert.ok(["refused", "let in"].includes(outcome));
    });
  }
  test("ends nothing: a callback that throws at a client's acknowledgement", async (t) => {
    const url = await start(t);
    const errors = t.mock.method(console, "error", () => {});
    const connected = connection();
    const ada = await client(t, url, "ada");
    ada.on("ask", (ack) => ack());
    (await connected).emit("ask", (answer) => answer.x.y);
    await eventually(() => errors.mock.callCount() === 1);
  });
});

test("a client whose headers are not UTF-8 is heard as any other", async (t) => {
  const url = await start(t);
  const connected = connection();
  await client(t, url, "ada", { transports: ["websocket"], extraHeaders: { "X-Name": "M\xfcller" } });
  assert.equal((await connected).user.id, "ada");
});

test("what a middleware has set is there at the first event, whoever else listens", async (t) => {
  const url = await start(t);
  io.use((socket, next) => ((socket.data.role = "admin"), next()));
  service.on("role", (socket, ack) => ack(socket.data.role));
  const ada = await client(t, url, "ada");
  assert.equal(await ada.emitWithAck("role"), "admin");
});

test("what a middleware has set is there of a client that comes back as the same socket, too", onlyNative("recovers no state"), async (t) => {
  const url = await start(t, { recoveryWindowMs: 60_000 });
  io.use((socket, next) => ((socket.data.role = "admin"), (socket.user.seen = true), next()));
  const seen = [];
  io.on("connection", ({ id, recovered, data, user }) => seen.push([id, recovered, data.role, user.seen]));
  service.on("role", (socket, ack) => ack(socket.data.role));
  const ada = await client(t, url, "ada", { reconnectionDelay: 10 });
  io.emitToUser("ada", "news", 1);
  await next(ada, "news");
  ada.io.engine.close();
  await next(ada, "connect");
  assert.ok(ada.recovered);
  assert.equal(await ada.emitWithAck("role"), "admin");
  assert.deepEqual(seen, [[ada.id, false, "admin", true], [ada.id, true, "admin", true]]);
});

test("a client that comes and goes without end, while JavaScript is busy, leaves little behind", onlyNative("runs on JavaScript's thread"), async (t) => {
  const times = 5000;
  const url = await start(t, { clientEventsPerS: 0, presenceEvents: false });
  const done = path.join(folder(t), "done");
  const came = [];
  io.on("connection", (socket) => came.push(socket));
  const { child, line } = program(t, `
    import fs from "node:fs";
    import WebSocket from "ws";
    const login = '40{"token":"${token({ id: "mallory" })}"}';
    const socket = new WebSocket("${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket", { headers: { "X-Large": "x".repeat(12_000) } });
    let left = ${times};
    socket.on("open", () => console.log("open"));
    process.stdin.once("data", () => socket.send(login));
    socket.on("message", (message) => {
      if (!String(message).startsWith('42["authenticated"')) return;
      if (--left === 0) return fs.writeFileSync(${JSON.stringify(done)}, "");
      socket.send("41");
      socket.send(login);
    });`);
  await line(/open/);
  child.stdin.write("come");
  const end = Date.now() + 60_000;
  const clock = new Int32Array(new SharedArrayBuffer(4));
  while (!fs.existsSync(done) && Date.now() < end) Atomics.wait(clock, 0, 0, 10);
  assert.ok(fs.existsSync(done));
  await eventually(() => came.some(({ connected }) => connected));
  assert.ok(came.length < times * 2 / 3, `${came.length} of ${times}`);
});
