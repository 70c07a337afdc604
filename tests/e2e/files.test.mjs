// The files that are built into the program: Socket.IO's client for browsers, the demo's page, and the admin page.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { after, before, test } from "node:test";

import { freePort, startServer } from "../support/server.mjs";
import { startProgram } from "./support.mjs";

const client = new URL("node_modules/socket.io-client/", import.meta.url);
const { version } = JSON.parse(readFileSync(new URL("package.json", client)));
const scripts = ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"];
let server, demo;

before(async () => ([server, demo] = await Promise.all([startProgram(), startServer("signalbox", ["demo"])])));
after(() => Promise.all([server.stop(), demo.stop()]));

const get = (path, headers = {}, method = "GET") => fetch(server.url + path, { method, headers });

/** What the demo's page may do, when it is asked for under this Host. */
const policy = (host) =>
  new Promise((done) => {
    request(demo.url, { headers: { host } }, (answer) => done(answer.resume().headers["content-security-policy"])).end();
  });

for (const name of scripts) {
  test(`${name} and its map are those of the client's package`, async () => {
    for (const [file, type] of [[name, "application/javascript; charset=utf-8"], [`${name}.map`, "application/json; charset=utf-8"]]) {
      const answer = await get(`/socket.io/${file}`);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("content-type"), type);
      assert.equal(answer.headers.get("etag"), `"${version}"`);
      assert.equal(answer.headers.get("cache-control"), "public, max-age=0");
      assert.ok(readFileSync(new URL(`dist/${file}`, client)).equals(Buffer.from(await answer.arrayBuffer())), file);
    }
  });
}

test("a script that the browser has already is not sent again", async () => {
  for (const [tag, status] of [[`"${version}"`, 304], [`W/"${version}"`, 304], ['"1.0.0"', 200]]) {
    const answer = await get("/socket.io/socket.io.js", { "If-None-Match": tag });
    assert.equal(answer.status, status, tag);
    assert.equal((await answer.text()).length > 0, status === 200, tag);
  }
  const head = await get("/socket.io/socket.io.js", {}, "HEAD");
  assert.equal(head.status, 200);
  assert.equal(await head.text(), "");
});

test("with SERVE_CLIENT off there is no script", async () => {
  const without = await startProgram({ SERVE_CLIENT: "off" });
  const answer = await fetch(`${without.url}/socket.io/socket.io.js`);
  assert.equal(answer.status, 404);
  await without.stop();
});

test("the demo's page may load and connect only where it came from", async () => {
  const strict = (sockets) =>
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'" +
    `${sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  assert.equal(await policy("localhost:3000"), strict(" ws://localhost:3000 wss://localhost:3000"));
  assert.equal(await policy("[::1]:3000"), strict(""));
});

test("the demo signs tokens for its two users alone, with a secret of its own", async () => {
  assert.equal((await fetch(`${demo.url}/demo/token?user=eve`)).status, 400);
  const { token } = await (await fetch(`${demo.url}/demo/token?user=ada`)).json();
  const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  assert.equal(claims.id, "ada");

  const secret = "the secret of another server, 32 bytes";
  const told = await startServer("signalbox", ["demo"], { JWT_SECRET: secret });
  const other = await (await fetch(`${told.url}/demo/token?user=ada`)).json();
  await told.stop();
  const [header, payload, signature] = other.token.split(".");
  assert.notEqual(createHmac("sha256", secret).update(`${header}.${payload}`).digest("base64url"), signature);
});

test("the admin page is small, and all that it loads comes from beside it", async () => {
  const most = { "/": 1000, "/assets/admin.js": 50_000, "/assets/react.js": 160_000, "/assets/admin.css": 20_000, "/assets/admin.svg": 1000 };
  const port = await freePort();
  const its = await startProgram({ ADMIN_KEY: "an admin key of more than thirty-two bytes", ADMIN_PORT: String(port) });
  const read = async (path) => {
    const answer = await fetch(`http://localhost:${port}${path}`);
    assert.equal(answer.status, 200, path);
    assert.match(answer.headers.get("content-security-policy"), /^default-src 'none'; script-src 'self'; style-src 'self';/);
    return { type: answer.headers.get("content-type"), text: await answer.text() };
  };
  for (const [path, bytes] of Object.entries(most)) assert.ok((await read(path)).text.length < bytes, path);
  assert.equal((await read("/assets/admin.svg")).type, "image/svg+xml");
  const { text } = await read("/");
  const loaded = [...text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address).sort();
  assert.deepEqual(loaded, ["./assets/admin.css", "./assets/admin.js", "./assets/admin.svg"]);
  assert.doesNotMatch(text, /<style|style=|<script[^>]*>[^<]/);
  await its.stop();
});
