// initialize, getIO, close: an engine's life in a program.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { once } from "node:events";
import { afterEach, describe, test } from "node:test";

import service, { wsUtils, WS_EVENTS, EmitError } from "signalbox";
import config from "signalbox/config";
import { emitToUser, isUserOnline } from "signalbox/utils.js";

import { freePort } from "../../tests/support/server.mjs";
import { client, eventually, folder, listen, onlyNative, program, refused, secret, settings } from "./support.mjs";

afterEach(() => service.close());

describe("initialize", () => {
  test("takes the port of a server that the program has", async (t) => {
    const { server, url } = await listen(t);
    assert.equal(service.initialize(server, settings), service);
    const ada = await client(t, url, "ada");
    assert.equal(await (await fetch(`${url}/page`)).text(), "application: /page");
    wsUtils.emitToUser(service.getIO(), "ada", WS_EVENTS.JOB_PROGRESS, { jobId: 1, progress: 5 });
    await eventually(() => ada.inbox.some(([event]) => event === "job_progress"));
  });

  test("listens by itself at a port, which init and attach do as well", async (t) => {
    for (const start of ["initialize", "init", "attach"]) {
      const probe = net.createServer().listen(0, "127.0.0.1");
      await once(probe, "listening");
      const { port } = probe.address();
      await new Promise((resolve) => probe.close(resolve));
      service[start](port, { ...settings, host: "127.0.0.1" });
      await client(t, `http://127.0.0.1:${port}`, "ada");
      assert.ok(isUserOnline("ada"));
      await service.close();
    }
  });

  test("opens the ports for operators: metrics and the admin page, beside the program's own", onlyNative("has no such ports"), async (t) => {
    const { server, url } = await listen(t);
    const [metricsPort, adminPort] = [await freePort(), await freePort()];
    service.initialize(server, { ...settings, metricsPort, adminPort, adminKey: "an admin key of more than thirty-two bytes" });
    await client(t, url, "ada");
    assert.match(await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(), /^signalbox_users_online 1$/m);
    assert.match(await (await fetch(`http://localhost:${adminPort}/`)).text(), /<title>Signalbox admin<\/title>/);
    assert.equal(await (await fetch(`${url}/metrics`)).text(), "application: /metrics");
    await service.close();
    await assert.rejects(fetch(`http://localhost:${adminPort}/`));
  });

  test("throws at once what is wrong, and then works", async (t) => {
    const { server } = await listen(t);
    const wrong = (pattern, ...args) => assert.throws(() => service.initialize(...args), pattern);
    wrong(/PING_INTERVAL_MS \(option pingIntervalMs\) is 'soon'/, server, { ...settings, pingIntervalMs: "soon" });
    wrong(/there is no option pingInterval;/, server, { pingInterval: 5 });
    wrong(/the option maxHeadBytes is of type object/, server, { maxHeadBytes: {} });
    wrong(/the option port is for initialize\(port\)/, server, { port: 1 });
    wrong(/the option host is for initialize\(port\)/, server, { host: "x" });
    wrong(/the option apiPath is for initialize\(server\)/, 0, { apiPath: "/x" });
    wrong(/the option apiPath is a path such as/, server, { apiPath: "signalbox" });
    const app = (has) => Object.assign(() => {}, { listen() {} }, has);
    wrong(/and not an application: const server = http\.createServer\(app\);/, app(), settings);
    wrong(/: const server = http\.createServer\(app\.callback\(\)\);/, app({ callback() {} }), settings);
    wrong(/: websocketService\.initialize\(app\.server\)$/, app({ server }), settings);
    wrong(/: websocketService\.initialize\(app\.getHttpServer\(\)\)$/, app({ getHttpServer() {} }), settings);
    for (const [given, named] of [[undefined, "undefined"], [null, "null"], [true, "a boolean"], [() => server, "a function"]])
      wrong(new RegExp(`wants an http\\.Server, a port or options, and was given ${named}$`), given, settings);
    wrong(new RegExp(`port ${server.address().port} is in use`), server.address().port, { ...settings, host: "127.0.0.1" });
    wrong(/JWT_SECRET/, server, { ...settings, jwtSecret: "" });
    service.initialize(server, settings);
    wrong(/runs already in this process/, server, settings);
  });

  test("reads the environment by the package's own names, options over it", async (t) => {
    const { server } = await listen(t);
    process.env.SIGNALBOX_MAX_PAYLOAD_BYTES = "tiny";
    process.env.MAX_PAYLOAD_BYTES = "of another program";
    t.after(() => delete process.env.SIGNALBOX_MAX_PAYLOAD_BYTES && delete process.env.MAX_PAYLOAD_BYTES);
    assert.throws(() => service.initialize(server, settings), /MAX_PAYLOAD_BYTES \(SIGNALBOX_MAX_PAYLOAD_BYTES\) is 'tiny'/);
    service.initialize(server, { ...settings, maxPayloadBytes: 5000 });
    await assert.rejects(async () => wsUtils.emitToUser(service.getIO(), "ada", "x", "y".repeat(6000)), { code: "too_large" });
  });

  test("lets nobody in before its turn is over, so that io.use may follow", async (t) => {
    const { server, url } = await listen(t);
    service.initialize(server, settings);
    t.mock.method(console, "error", () => {});
    const waiting = refused(t, url, "ada");
    let asked = 0;
    service.getIO().use((socket, next) => (asked++, next(new Error("not today"))));
    assert.equal((await waiting).message, "not today");
    assert.equal(asked, 1);
  });
});

describe("close", () => {
  test("ends clients' connections, gives the server back, and initialize works again", async (t) => {
    const { server, url } = await listen(t);
    for (let round = 0; round < 3; ++round) {
      service.initialize(server, settings);
      const ada = await client(t, url, "ada", { reconnection: false });
      const gone = once(ada, "disconnect");
      await Promise.all([service.close(), service.close()]);
      await gone;
      assert.equal(await (await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).text(), "application: /socket.io/?EIO=4&transport=polling");
      assert.throws(() => service.getIO(), /initialize\(server\) before getIO\(\)/);
    }
  });
  test("of what does not run is nothing", () => service.close());
});

describe("getIO", () => {
  test("without an engine or a server elsewhere names both ways", () => {
    assert.throws(() => service.getIO(), /websocketService\.initialize\(server\).*SIGNALBOX_URL and SIGNALBOX_API_KEY/s);
    assert.throws(() => wsUtils.isUserOnline("ada"), /initialize/);
    assert.throws(() => emitToUser(undefined, "ada", "x"), /wants the io of websocketService\.getIO\(\)/);
  });
});

describe("a process", () => {
  const start = 'import http from "node:http"; import service, { wsUtils } from "signalbox"; const server = http.createServer();';
  test("with nothing else to do ends, though the engine runs", async (t) => {
    const { ended } = program(t, `${start} service.initialize(server, ${JSON.stringify(settings)}); console.log("here");`);
    assert.deepEqual(await ended.then(({ code, out }) => [code, out]), [0, "here\n"]);
  });
  test("whose engine listens goes on, and ends after close()", async (t) => {
    const { ended, line, child } = program(t, `${start} service.initialize(0, ${JSON.stringify({ ...settings, host: "127.0.0.1" })}); console.log("here");
      process.stdin.once("data", async () => { await service.close(); process.stdin.destroy(); });`);
    await line(/here/);
    child.stdin.write("x");
    assert.equal((await ended).code, 0);
  });
});

test("require gives the same service, and all that the module has", async (t) => {
  const { createRequire } = await import("node:module");
  const required = createRequire(import.meta.url)("signalbox");
  assert.equal(required, service);
  assert.equal(required.default, service);
  assert.deepEqual([required.wsUtils, required.WS_EVENTS, required.EmitError], [wsUtils, WS_EVENTS, EmitError]);
  assert.equal(config, WS_EVENTS);
});

test("settings come from .env as well, below the environment; lines of others do not matter", async (t) => {
  const cwd = folder(t);
  fs.writeFileSync(path.join(cwd, ".env"), `# ours\nexport SIGNALBOX_PING_INTERVAL_MS="soon"\nPORT=not ours\nnonsense\nJWT_SECRET='${secret}' # here\n`);
  const code = 'import http from "node:http"; import service from "signalbox"; try { service.initialize(http.createServer(), { logLevel: "off", dataDir: "" }); console.log("up"); } catch (error) { console.log(error.message); }';
  const run = (env) => program(t, code, { cwd, env: { JWT_SECRET: undefined, ...env } }).ended;
  assert.match((await run({})).out, /PING_INTERVAL_MS \(SIGNALBOX_PING_INTERVAL_MS in \.env\) is 'soon'/);
  assert.match((await run({ SIGNALBOX_PING_INTERVAL_MS: "1000" })).out, /^up/);
});
