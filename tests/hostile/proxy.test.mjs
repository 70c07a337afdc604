// examples/proxy as Debian ships the proxies: upgrade, polling answers that are not held back, and a silence longer than the proxy's own
// patience, which the heartbeat bridges. The files are run as they are, but for ports, paths and times.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { proxies, startProxy } from "../support/proxies.mjs";
import { pause } from "../support/server.mjs";
import { get, post, Raw, upgradeFields, webSocket, Ws } from "./raw.mjs";
import { login, loginPacket, openPolling, Town } from "./town.mjs";

for (const { name, skip } of proxies) {
  describe(`behind ${name}`, { skip }, () => {
    let town, proxy, port;
    before(async () => {
      town = await Town.build({ PING_INTERVAL_MS: "500", PING_TIMEOUT_MS: "500" });
      proxy = await startProxy(name, town.port);
      port = proxy.port;
    });
    after(async () => {
      await proxy?.stop();
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
