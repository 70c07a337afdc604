// The program as a process among others: its signals, whoever reads its log, and the descriptors that it starts with.
import assert from "node:assert/strict";
import { readlinkSync } from "node:fs";
import { describe, test } from "node:test";

import { Polling, joinNamespace, openSocketIo } from "../conformance/wire.mjs";
import { NotifySocket } from "../support/notify_socket.mjs";
import { program, startServer } from "../support/server.mjs";
import { apiKey, eventually, secret, startProgram, token } from "./support.mjs";

const talkative = { LOG_LEVEL: "debug" };

/** `signalbox serve` started by bash, with what only a shell can arrange. */
const startBy = (redirections, { before = "", command = "serve", ...env } = {}) =>
  startServer("/usr/bin/bash", ["--norc", "-c", `${before} exec '${program("signalbox")}' ${command} ${redirections}`], {
    PATH: process.env.PATH, JWT_SECRET: secret, API_KEY: apiKey, ...env,
  });

/** Has the program log `count` lines, and waits until it has. */
async function logLines(server, count) {
  const refused = async () => {
    const wire = await openSocketIo(server.url);
    wire.send('40{"token":"wrong"}');
    await wire.closedWithin(5000);
  };
  for (; count > 0; count -= 50) await Promise.all(Array.from({ length: Math.min(count, 50) }, refused));
}

/** Ends the program by a signal while a client is there: it drains, which that client hears, and ends with 0. */
async function drains(server, signal = "SIGTERM") {
  const wire = await joinNamespace(server.url, `40${JSON.stringify({ token: token({ id: "ada" }) })}`);
  const { code } = await server.stop(signal);
  assert.deepEqual([code, server.child.signalCode], [0, null]);
  assert.equal(await wire.closedWithin(5000), 1000);
}

const status = async (server, path) => (await fetch(server.url + path)).status;

describe("a log whose reader", { timeout: 60000 }, () => {
  test("has gone ends nothing: SIGTERM drains as ever", async () => {
    const server = await startBy("2> >(exec head -n 1 > /dev/null)", talkative);
    await logLines(server, 3);
    await drains(server);
  });

  test("has gone is no harm over a socket either", async () => {
    const server = await startProgram(talkative);
    server.child.stderr.destroy();
    await logLines(server, 3);
    await drains(server);
  });

  test("has gone before the demo has said where it is", async () => {
    const server = await startBy("> >(exec true)", { command: "demo" });
    assert.equal((await server.stop()).code, 0);
  });

  test("stands still holds nobody up", async () => {
    const server = await startBy("2> >(exec sleep 30)", talkative);
    await logLines(server, 1000); // more than a pipe holds
    await drains(server);
  });

  test("is back is told how much it has missed", async () => {
    const server = await startProgram(talkative);
    server.child.stderr.pause();
    await logLines(server, 2000); // more than a socket holds
    server.child.stderr.resume();
    await eventually(() => server.child.log.includes("a client is refused"));
    await drains(server);
    assert.match(server.child.log, /counted since the start .*log_lines_lost=\d+/);
  });
});

describe("SIGHUP", { timeout: 60000 }, () => {
  test("drains, as SIGTERM does", async () => drains(await startProgram(), "SIGHUP"));

  test("that comes twice, from a terminal and from its shell, does not cut the drain short", async () => {
    const server = await startProgram({ DRAIN_MS: "60000" });
    const polling = await Polling.open(`${server.url}/socket.io/`);
    const ended = server.stop("SIGHUP");
    await eventually(async () => (await status(server, "/readyz")) === 503);
    server.child.kill("SIGHUP");
    for (let i = 0; i < 50; ++i) assert.equal(await status(server, "/healthz"), 200);
    assert.deepEqual(await polling.packets(), ["1"]);
    assert.equal((await ended).code, 0);
  });

  test("stays ignored where it was, as under nohup", async () => {
    const server = await startBy("", { before: "trap '' HUP;" });
    server.child.kill("SIGHUP");
    for (let i = 0; i < 50; ++i) assert.equal(await status(server, "/readyz"), 200);
    await drains(server);
  });
});

describe("a descriptor that is closed at the start", { timeout: 60000 }, () => {
  for (const closed of [[0], [1], [2], [0, 1, 2]]) {
    test(`is /dev/null, and nothing else comes to be there: ${closed}`, async () => {
      const server = await startBy(closed.map((fd) => `${fd}>&-`).join(" "));
      for (const fd of closed) assert.equal(readlinkSync(`/proc/${server.child.pid}/fd/${fd}`), "/dev/null");
      await drains(server);
    });
  }
});

describe("whoever started the program and waits for it (NOTIFY_SOCKET)", { timeout: 60000 }, () => {
  for (const kind of ["a file", "a name that is no file"]) {
    test(`hears that it is ready, once it is, over ${kind}`, async () => {
      const supervisor = await NotifySocket.open(kind === "a file");
      const server = await startProgram({ NOTIFY_SOCKET: supervisor.address });
      assert.equal(await supervisor.message(), "READY=1");
      assert.equal(await status(server, "/readyz"), 200);
      await drains(server);
      supervisor.close();
    });
  }

  test("and is not there is no harm: the log says so", async () => {
    const server = await startProgram({ NOTIFY_SOCKET: "/nowhere/notify" });
    await eventually(() => server.child.log.includes("NOTIFY_SOCKET is '/nowhere/notify', which takes no message: No such file or directory"));
    await drains(server);
  });
});
