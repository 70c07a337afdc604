// The engine on the program's own http.Server: its path is the engine's, request by request, and all else stays the program's.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, test } from "node:test";

import service, { wsUtils } from "signalbox";

import { client, engine, eventually, folder, listen, next, onlyNative, settings, token } from "./support.mjs";

afterEach(() => service.close());

const apiKey = "fedcba9876543210fedcba9876543210";

/** One request on a connection of the agent's. */
function ask(agent, url, { method = "GET", body, headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { agent, method, headers }, async (response) => {
      let text = "";
      for await (const piece of response) text += piece;
      resolve({ status: response.statusCode, headers: response.headers, text });
    });
    request.on("error", reject).end(body);
  });
}

describe("a keep-alive connection", () => {
  test("mixes the program's requests and the engine's", async (t) => {
    const { server, url } = await listen(t);
    service.initialize(server, settings);
    let connections = 0;
    server.on("connection", () => ++connections);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const polling = `${url}/socket.io/?EIO=4&transport=polling`;
    const opened = await ask(agent, polling);
    const { sid } = JSON.parse(opened.text.slice(1));
    assert.equal((await ask(agent, `${url}/api/orders`)).text, "application: /api/orders");
    const login = await ask(agent, `${polling}&sid=${sid}`, { method: "POST", body: `40{"token":"${token({ id: "ada" })}"}` });
    assert.equal(login.text, "ok");
    assert.match((await ask(agent, `${polling}&sid=${sid}`)).text, /^40\{"sid":"[\w-]{20}"\}\x1e42\["authenticated"/);
    assert.equal((await ask(agent, `${url}/`)).text, "application: /");
    assert.equal(connections, 1);
  });
});

test("paths that only begin alike are the program's", async (t) => {
  const { server, url } = await listen(t);
  service.initialize(server, { ...settings, socketPath: "/live/" });
  for (const own of ["/socket.io/", "/live2/", "/livefeed", "/api/emit", "/readyz"]) assert.equal(await (await fetch(url + own)).text(), `application: ${own}`);
  await client(t, url, "ada", { path: "/live/" });
  await client(t, url, "ada", { path: "/live", transports: ["websocket"] });
});

test("the browser's script is at the engine's path, unless serveClient says no", async (t) => {
  const { server, url } = await listen(t);
  service.initialize(server, settings);
  for (const name of ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js"]) {
    const answer = await fetch(`${url}/socket.io/${name}`);
    assert.match(answer.headers.get("content-type"), /^application\/javascript/);
    assert.match(await answer.text(), /Socket\.IO v4\./);
  }
  await service.close();
  service.initialize(server, { ...settings, serveClient: false });
  assert.notEqual((await fetch(`${url}/socket.io/socket.io.js`)).status, 200);
});

test("listeners that are added later see their own requests alone", async (t) => {
  const { server, url } = await listen(t, () => {});
  server.removeAllListeners("request");
  service.initialize(server, settings);
  const seen = [];
  server.on("request", (request, response) => (seen.push(request.url), response.end("later")));
  assert.equal(await (await fetch(`${url}/x`)).text(), "later");
  await client(t, url, "ada");
  assert.deepEqual(seen, ["/x"]);
});

describe("an upgrade", () => {
  const upgrade = async (url, target) => {
    const socket = net.connect(new URL(url).port, "127.0.0.1");
    socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n`);
    return (await once(socket, "data"))[0].toString();
  };
  test("for another path is its listener's", async (t) => {
    const { server, url } = await listen(t);
    service.initialize(server, settings);
    server.on("upgrade", (request, socket) => socket.end(`other: ${request.url}`));
    assert.equal(await upgrade(url, "/vite"), "other: /vite");
    await client(t, url, "ada", { transports: ["websocket"] });
  });
  test("that nobody wants is a common request, as for Node without the engine, body and connection included", async (t) => {
    const { server, url } = await listen(t, async (request, response) => {
      let body = "";
      for await (const piece of request) body += piece;
      response.end(`${request.method} ${request.url} ${request.headers["x-name"]} ${body}`);
    });
    service.initialize(server, settings);
    let connections = 0;
    server.on("connection", () => ++connections);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const headers = { Connection: "Upgrade, HTTP2-Settings", Upgrade: "h2c", "HTTP2-Settings": "AA", "X-Name": "ada" };
    for (let i = 0; i < 20; ++i) assert.equal((await ask(agent, `${url}/orders`, { method: "POST", headers, body: `${i}` })).text, `POST /orders ada ${i}`);
    assert.equal(connections, 1, "as the program's own listeners count them");
    assert.match(await upgrade(url, "/nobody"), /GET \/nobody /);
  });
  test("that is none of a WebSocket is a common request for the workers' interface, whoever listens", async (t) => {
    const { server, url } = await listen(t);
    service.initialize(server, { ...settings, apiPath: "/signalbox", apiKey });
    server.on("upgrade", (request, socket) => socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
    const headers = { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json", Connection: "Upgrade, HTTP2-Settings", Upgrade: "h2c", "HTTP2-Settings": "AA" };
    const answer = await ask(undefined, `${url}/signalbox/api/emit`, { method: "POST", headers, body: '{"userId":"ada","event":"x"}' });
    assert.deepEqual([answer.status, answer.text], [202, '{"accepted":1,"online":0}']);
  });
  test("leaves nothing of the connection with Node", onlyNative("its connections are Node's"), async (t) => {
    const { server, url } = await listen(t);
    service.initialize(server, settings);
    const ada = await client(t, url, "ada", { transports: ["websocket"] });
    await eventually(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count === 0))));
    wsUtils.emitToUser(service.getIO(), "ada", "x", 5);
    assert.equal(await next(ada, "x"), 5);
  });
  test("takes the frames along that came with its head", onlyNative("it hears nothing before it has answered the handshake"), async (t) => {
    const { server, url } = await listen(t);
    service.initialize(server, settings);
    const socket = net.connect(new URL(url).port, "127.0.0.1");
    t.after(() => socket.destroy());
    const login = Buffer.from(`40{"token":"${token({ id: "ada" })}"}`);
    const head = login.length < 126 ? [0x81, 0x80 | login.length] : [0x81, 0xfe, login.length >> 8, login.length & 255];
    const frame = Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), login]);
    socket.write(Buffer.concat([Buffer.from("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"), frame]));
    let heard = "";
    socket.on("data", (bytes) => (heard += bytes));
    await eventually(() => heard.includes("authenticated"));
  });
});

describe("polling", () => {
  test("that is given up is forgotten, and the session goes on", async (t) => {
    const { server, url } = await listen(t);
    service.initialize(server, settings);
    const ada = await client(t, url, "ada", { transports: ["polling"] });
    for (let i = 0; i < 20; ++i) {
      wsUtils.emitToUser(service.getIO(), "ada", "n", i);
      assert.equal(await next(ada, "n"), i);
    }
  });
  test("takes no body larger than MAX_PAYLOAD_BYTES, announced or not", onlyNative("it looks for the session before it measures the body"), async (t) => {
    const { server, url } = await listen(t);
    service.initialize(server, { ...settings, maxPayloadBytes: 1000 });
    const target = `${url}/socket.io/?EIO=4&transport=polling&sid=x`;
    assert.equal((await fetch(target, { method: "POST", body: "x".repeat(1001) })).status, 413);
    const status = await new Promise((resolve) => {
      const request = http.request(target, { method: "POST", headers: { "Transfer-Encoding": "chunked" } }, (response) => resolve(response.resume().statusCode));
      request.on("error", () => {});
      for (let i = 0; i < 20; ++i) request.write("x".repeat(100));
    });
    assert.equal(status, 413);
    assert.equal((await fetch(target, { method: "POST", body: "x".repeat(999) })).status, 400);
  });
});

test("over TLS all transports work, in both directions and with much at once", async (t) => {
  const dir = folder(t), key = path.join(dir, "key.pem"), cert = path.join(dir, "cert.pem");
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "1", "-subj", "/CN=localhost"], { stdio: "ignore" });
  const server = https.createServer({ key: fs.readFileSync(key), cert: fs.readFileSync(cert) }, (_, response) => response.end("secure"));
  const { url } = await listen(t, undefined, server);
  service.initialize(server, settings);
  const io = service.getIO();
  let address;
  io.on("connection", (socket) => {
    address = socket.handshake.address;
    socket.on("echo", (value, ack) => ack(value));
  });
  for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
    const ada = await client(t, url.replace("http:", "https:"), "ada", { transports, rejectUnauthorized: false });
    const large = "x".repeat(500_000);
    assert.equal(await ada.emitWithAck("echo", large), large);
    for (let i = 0; i < 2000; ++i) wsUtils.emitToUser(io, "ada", "n", i);
    await eventually(() => ada.inbox.filter(([event]) => event === "n").length === 2000);
    assert.deepEqual(ada.inbox.filter(([event]) => event === "n").map(([, n]) => n), Array.from({ length: 2000 }, (_, i) => i));
    assert.match(address, /127\.0\.0\.1/);
    ada.disconnect();
  }
  const headers = { Connection: "Upgrade", Upgrade: "h2c" };
  const request = https.request(`${url.replace("http:", "https:")}/orders`, { rejectUnauthorized: false, method: "POST", headers }).end("body");
  const [answer] = await once(request, "response");
  assert.equal((await answer.toArray()).join(""), "secure", "an upgrade that nobody wants");
});

describe("Expect: 100-continue", () => {
  for (const own of [false, true]) {
    test(`is answered on the engine's paths${own ? ", also where the program answers it on its own" : ""}`, async (t) => {
      const { server, url } = await listen(t);
      const asked = [];
      if (own) server.on("checkContinue", (request, response) => (asked.push(request.url), response.writeHead(417).end()));
      service.initialize(server, { ...settings, apiPath: "/signalbox", apiKey });
      const send = async (path, body) => {
        const request = http.request(url + path, { method: "POST", headers: { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json", Expect: "100-continue", "Content-Length": body.length } });
        request.flushHeaders();
        request.on("continue", () => request.end(body));
        const [response] = await once(request, "response");
        request.destroy();
        return response.statusCode;
      };
      const polling = "/socket.io/?EIO=4&transport=polling";
      const { sid } = JSON.parse((await (await fetch(url + polling)).text()).slice(1));
      assert.equal(await send(`${polling}&sid=${sid}`, "3"), 200);
      assert.equal(await send("/signalbox/api/emit", '{"userId":"ada","event":"x"}'), 202);
      assert.equal(await send("/orders", "1"), own ? 417 : 200);
      assert.deepEqual(asked, own ? ["/orders"] : []);
    });
  }
  test("is not answered to a body that is refused for its size, where the program has a listener as well", async (t) => {
    const { server, url } = await listen(t);
    server.on("checkContinue", () => assert.fail("it is none of the program's"));
    service.initialize(server, { ...settings, maxPayloadBytes: 1000, apiPath: "/signalbox", apiKey });
    for (const path of ["/socket.io/?EIO=4&transport=polling&sid=x", "/signalbox/api/emit"]) {
      const request = http.request(url + path, { method: "POST", headers: { Expect: "100-continue", "Content-Length": 1001 } });
      t.after(() => request.destroy());
      request.flushHeaders();
      request.on("continue", () => assert.fail("the body is wanted"));
      assert.equal((await once(request, "response"))[0].statusCode, 413, path);
    }
  });
});

test("after close() the program has all requests, also where somebody else has put an emit over the server's", async (t) => {
  const { server, url } = await listen(t);
  const seen = [];
  for (let round = 0; round < 2; ++round) {
    service.initialize(server, settings);
    const before = server.emit;
    server.emit = function (event, ...args) {
      if (event === "request") seen.push(args[0].url);
      return before.call(this, event, ...args);
    };
    (await client(t, url, "ada", { transports: ["websocket"] })).disconnect();
    await service.close();
    for (const path of ["/x", "/socket.io/"]) assert.equal(await (await fetch(url + path)).text(), `application: ${path}`);
  }
  assert.deepEqual(seen.filter((path) => path === "/x").length, 3, "each of the two hears what comes after it");
});

describe("the workers' interface", () => {
  test("answers HEAD as it does by itself, also where it would go on", onlyNative("it is Node's own answer"), async (t) => {
    const { server, url } = await listen(t);
    service.initialize(server, { ...settings, apiPath: "/signalbox", apiKey });
    const headers = { Authorization: `Bearer ${apiKey}`, Accept: "text/event-stream" };
    const answer = await ask(undefined, `${url}/signalbox/api/presence`, { method: "HEAD", headers });
    assert.deepEqual([answer.status, answer.headers["content-type"], answer.text], [200, "text/event-stream", ""]);
  });
  test("leaves the answer before it its turn, where one that goes on is asked for behind it", onlyNative("it is Node's own answer"), async (t) => {
    const waiting = [];
    const { server, url } = await listen(t, (_, response) => waiting.push(response));
    service.initialize(server, { ...settings, apiPath: "/signalbox", apiKey });
    const socket = net.connect(new URL(url).port, "127.0.0.1");
    t.after(() => socket.destroy());
    let text = "";
    socket.on("data", (bytes) => (text += bytes));
    socket.write(`GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET /signalbox/api/presence HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${apiKey}\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n`);
    await eventually(() => waiting.length === 1);
    waiting[0].end("slow");
    await once(socket, "close");
    assert.deepEqual(text.match(/HTTP\/1\.1 \d+|slow/g), ["HTTP/1.1 200", "slow", "HTTP/1.1 501"]);
  });
  test("is there below apiPath alone", async (t) => {
    const { server, url } = await listen(t);
    service.initialize(server, { ...settings, apiPath: "/signalbox", apiKey });
    const post = (path, key = apiKey) => fetch(url + path, { method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` }, body: JSON.stringify({ userId: "ada", event: "x", data: 1 }) });
    const ada = await client(t, url, "ada");
    const answer = await post("/signalbox/api/emit");
    assert.deepEqual([answer.status, await answer.json()], [202, { accepted: 1, online: 1 }]);
    await eventually(() => ada.inbox.some(([event]) => event === "x"));
    assert.equal((await post("/signalbox/api/emit", "wrong")).status, 401);
    assert.equal(await (await post("/api/emit")).text(), "application: /api/emit");
    assert.equal((await fetch(`${url}/signalbox/readyz`)).status, 200);
  });
});

test("many real clients, each told its own", async (t) => {
  const { server, url } = await listen(t);
  service.initialize(server, settings);
  const io = service.getIO();
  const many = engine === "socket.io" ? 100 : 500;
  const clients = await Promise.all(Array.from({ length: many }, (_, i) => client(t, url, `user-${i}`, { transports: [i % 5 === 0 ? "polling" : "websocket"], timeout: 30_000 })));
  assert.equal(wsUtils.getOnlineUsersCount(), many);
  for (let i = 0; i < many; ++i) wsUtils.emitToUser(io, `user-${i}`, "own", i);
  await eventually(() => clients.every(({ inbox }) => inbox.some(([event]) => event === "own")));
  for (const [i, { inbox }] of clients.entries()) assert.deepEqual(inbox.filter(([event]) => event === "own"), [["own", i]]);
});

describe("a hostile client", () => {
  test("that resets an upgrade which nobody wants ends nothing", async (t) => {
    const { server, url } = await listen(t);
    service.initialize(server, settings);
    for (let i = 0; i < 5; ++i) {
      const socket = net.connect(new URL(url).port, "127.0.0.1").on("error", () => {});
      socket.write("GET /nobody HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: z\r\n\r\n");
      await once(socket, "data");
      socket.resetAndDestroy();
    }
    assert.equal(await (await fetch(`${url}/x`)).text(), "application: /x");
  });

  for (const [what, target, upgrade] of [["nobody wants", "/nobody", "h2c"], ["is the engine's", "/socket.io/?EIO=4&transport=websocket", "websocket"]]) {
    test(`that does not wait for its answers before an upgrade which ${what} gets these, and then its connection ends`, async (t) => {
      const waiting = [];
      const { server, url } = await listen(t, (request, response) => (request.url === "/slow" ? waiting.push(response) : response.end("quick")));
      service.initialize(server, settings);
      const socket = net.connect(new URL(url).port, "127.0.0.1");
      let text = "";
      socket.on("data", (bytes) => (text += bytes)).on("error", () => {});
      const get = (path, ...more) => [`GET ${path} HTTP/1.1`, "Host: x", ...more, "", ""].join("\r\n");
      socket.write(get("/slow") + get("/slow") + get(target, "Connection: Upgrade", `Upgrade: ${upgrade}`, "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="));
      await eventually(() => waiting.length === 2);
      await new Promise((resolve) => socket.write(get("/later"), resolve));
      for (const [i, response] of waiting.entries()) response.end(`slow ${i}`);
      await once(socket, "close");
      assert.deepEqual(text.match(/HTTP\/1\.1 \d+|slow \d|quick/g), ["HTTP/1.1 200", "slow 0", "HTTP/1.1 200", "slow 1"]);
      assert.equal(await (await fetch(`${url}/x`)).text(), "quick");
    });
    test(`that goes before it has its answer, an upgrade behind it which ${what}, is heard to go`, async (t) => {
      const waiting = [];
      const { server, url } = await listen(t, (_, response) => waiting.push(once(response, "close")));
      service.initialize(server, settings);
      const socket = net.connect(new URL(url).port, "127.0.0.1");
      socket.write(`GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET ${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`);
      await eventually(() => waiting.length === 1);
      socket.end();
      await waiting[0];
    });
  }

  test("cannot leave the engine a connection on which others would ask the application", { skip: engine === "socket.io" && "there Node keeps its connections" }, async (t) => {
    const { server, url } = await listen(t);
    service.initialize(server, { ...settings, apiPath: "/signalbox", apiKey });
    for (const head of ["GET /signalbox/api/presence HTTP/1.1\r\nAccept: text/event-stream\r\n", "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"]) {
      const socket = net.connect(new URL(url).port, "127.0.0.1");
      let text = "";
      socket.on("data", (bytes) => (text += bytes)).on("error", () => {});
      socket.write(`${head}Host: x\r\n\r\n`);
      await once(socket, "close");
      assert.match(text, /^HTTP\/1\.1 (401|200) .*connection: close/is);
    }
  });

  test("takes no more of memory than it sends, and makes room for others", async (t) => {
    const { server, url } = await listen(t);
    service.initialize(server, { ...settings, maxPayloadBytes: 100_000, totalPartialBytes: 300_000 });
    const stalled = Array.from({ length: 8 }, () => {
      const request = http.request(`${url}/socket.io/?EIO=4&transport=polling&sid=x`, { method: "POST", headers: { "Content-Length": 90_000 } });
      request.on("error", () => {}).write("x".repeat(80_000));
      return request;
    });
    t.after(() => stalled.forEach((request) => request.destroy()));
    await client(t, url, "ada", { transports: ["polling"] });
    assert.equal((await fetch(`${url}/socket.io/?EIO=4&transport=polling&sid=x`, { method: "POST", body: "x".repeat(90_000) })).status, 400);
  });
});
