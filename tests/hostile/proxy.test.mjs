// examples/proxy as Debian ships the proxies: upgrade, polling answers that are not held back, and a silence longer than the proxy's own
// patience, which the heartbeat bridges. The files are run as they are, but for ports, paths and times.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { freePort, pause } from "../support/server.mjs";
import { frame, get, polling, post, Raw, upgradeFields, webSocket, Ws } from "./raw.mjs";
import { login, loginPacket, openPolling, Town } from "./town.mjs";

const example = (name) => readFileSync(fileURLToPath(new URL(`../../examples/proxy/${name}`, import.meta.url)), "utf8");

const proxies = {
  nginx: {
    program: "/usr/sbin/nginx",
    file: "nginx.conf",
    change: (text, port, server, folder) =>
      text
        .replace("worker_processes auto;", `worker_processes 1; daemon off; error_log ${folder}/error.log;`)
        .replace(/worker_rlimit_nofile.*\n/, "")
        .replace("worker_connections 32768", "worker_connections 512")
        .replace("pid /run/nginx.pid", `pid ${folder}/pid`)
        .replace("http {", `http { access_log off; ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")}`)
        .replace("listen 80;", `listen 127.0.0.1:${port};`)
        .replaceAll("127.0.0.1:3000", `127.0.0.1:${server}`)
        .replaceAll(/(proxy_(read|send)_timeout) 60s/g, "$1 1500ms"),
    arguments: (file, folder) => ["-p", folder, "-c", file],
  },
  haproxy: {
    program: "/usr/sbin/haproxy",
    file: "haproxy.cfg",
    change: (text, port, server) =>
      text
        .replace("maxconn 32768", "maxconn 512")
        .replace("bind :80", `bind 127.0.0.1:${port}`)
        .replaceAll("127.0.0.1:3000", `127.0.0.1:${server}`)
        .replaceAll(/(timeout (client|server|tunnel)) +60s/g, "$1 1500ms"),
    arguments: (file) => ["-db", "-f", file],
  },
};

for (const [name, proxy] of Object.entries(proxies)) {
  describe(`behind ${name}`, { skip: !existsSync(proxy.program) && `${proxy.program} is not installed` }, () => {
    const folder = mkdtempSync(join(tmpdir(), `signalbox-${name}-`));
    let town, child, port;
    before(async () => {
      town = await Town.build({ PING_INTERVAL_MS: "500", PING_TIMEOUT_MS: "500" });
      port = await freePort();
      const file = join(folder, proxy.file);
      writeFileSync(file, proxy.change(example(proxy.file), port, town.port, folder));
      child = spawn(proxy.program, proxy.arguments(file, folder), { stdio: ["ignore", "ignore", "pipe"] });
      child.log = "";
      child.stderr.on("data", (data) => (child.log += data));
      for (;;) {
        if (child.exitCode !== null) throw new Error(`${name} ended: ${child.log}`);
        const socket = connect(port, "127.0.0.1");
        const listening = await new Promise((done) => socket.once("connect", () => done(true)).once("error", () => done(false)));
        socket.destroy();
        if (listening) return;
        await pause(20);
      }
    });
    after(async () => {
      if (child?.exitCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      rmSync(folder, { recursive: true, force: true });
      await town?.leave();
    });

    test("a WebSocket lives through a silence longer than the proxy's patience, by its heartbeat", async () => {
      const ws = await login(port, "tunnelled");
      const inbox = (async () => ws.message(10_000))();
      await pause(3200);
      assert.equal((await town.emit("tunnelled", 1)).status, 202);
      assert.equal(await inbox, '42["note",1]');
      ws.close();
    });

    test("a polling client gets an event at once, and its waiting GET outlives nothing but a heartbeat", async () => {
      const raw = await Raw.open(port);
      const { target } = await openPolling(raw);
      assert.equal((await raw.write(post(target, loginPacket("polls"))).answer()).body, "ok");
      assert.match((await raw.write(get(target)).answer()).body, /^40.*\x1e42\["authenticated"/);
      for (let i = 0; i < 4; ++i) {
        assert.equal((await raw.write(get(target)).answer()).body, "2"); // each half second: well before the proxy gives up
        assert.equal((await raw.write(post(target, "3")).answer()).body, "ok");
      }
      raw.write(get(target));
      await pause(50);
      const start = performance.now();
      assert.equal((await town.emit("polls", "now")).status, 202);
      assert.equal((await raw.answer()).body, '42["note","now"]');
      assert.ok(performance.now() - start < 300, "it was held back");
      await raw.write(post(target, "1")).answer();
      raw.close();
    });

    test("an upgrade goes through", async () => {
      const raw = await Raw.open(port);
      const { target } = await openPolling(raw);
      await raw.write(post(target, loginPacket("upgrades"))).answer();
      const ws = await Ws.open(port, { target: target.replace("polling", "websocket") });
      ws.send("2probe");
      assert.equal(await ws.message(), "3probe");
      ws.send("5");
      assert.match(await ws.message(), /^40/);
      assert.match(await ws.message(), /^42\["authenticated"/);
      ws.close();
      raw.close();
    });

    test("a page that came through the proxy, whatever its port, may open a WebSocket there", async () => {
      for (const [host, page, status] of [["x", "x", 101], ["x:8080", "x:8080", 101], ["x:8080", "x", 403], ["x", "y", 403]]) {
        const raw = (await Raw.open(port)).write(`GET ${webSocket} HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${page}\r\n${upgradeFields}\r\n`);
        assert.equal((await raw.answer()).status, status, `http://${page} at ${host}`);
        raw.close();
      }
    });

    test("a client that goes is gone for the server too", async () => {
      const ws = await login(port, "leaves");
      assert.equal(JSON.parse((await town.emit("leaves", 1)).body).online, 1);
      ws.reset();
      for (let i = 0; i < 200 && JSON.parse((await town.emit("leaves", 1)).body).online !== 0; ++i) await pause(10);
      assert.equal(JSON.parse((await town.emit("leaves", 1)).body).online, 0);
    });

    test("the workers' interface is not passed on", async () => {
      const raw = (await Raw.open(port)).write(get("/api/presence", "Authorization: Bearer a key for workers\r\n"));
      assert.equal((await raw.answer()).status, 404);
      raw.close();
    });
  });
}
