// What a server that starts says of itself: a line for each thing that will hurt, and none where nothing will.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { FaultyDisk } from "../support/faulty_disk.mjs";
import { program, startServer } from "../support/server.mjs";
import { eventually, secret, startProgram } from "./support.mjs";

const healthy = { HOST: "localhost", API_KEY: "another one, of more than 32 bytes" };
/** The warnings of a server that has started with these settings. */
async function warnings(env, start = startProgram) {
  const server = await start({ ...healthy, ...env });
  await server.stop();
  return server.child.log.split("\n").filter((line) => /\bwarn/i.test(line));
}
/** The only one. */
async function warning(env, start) {
  const all = await warnings(env, start);
  assert.equal(all.length, 1, all.join("\n"));
  return all[0];
}
const withFolder = (run, parent = tmpdir()) => async () => {
  const folder = mkdtempSync(join(parent, "signalbox-start-"));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test("where nothing will hurt nothing is said", async () => {
  assert.deepEqual(await warnings({}), []);
});

test("one secret for two things is said, and not shown", async () => {
  const line = await warning({ API_KEY: secret });
  assert.match(line, /two settings have the same secret.* settings="JWT_SECRET and API_KEY"/);
  assert.ok(!line.includes(secret));
});

test("limits of more memory than there is are said", async () => {
  assert.match(await warning({ LEDGER_TOTAL_BYTES: String(2 ** 40) }), /lower LEDGER_TOTAL_BYTES and TOTAL_QUEUE_BYTES, or give it more allowed=1\d{12} memory=\d+/);
});

test("a store in memory is said", { skip: !existsSync("/dev/shm") && "there is no /dev/shm" }, withFolder(async (folder) => {
  const line = await warning({ DATA_DIR: folder });
  assert.match(line, /DATA_DIR lies in memory, so that outcomes are lost when the machine restarts: choose a folder on a disk/);
  assert.ok(line.includes(`directory=${folder}`), line);
}, "/dev/shm"));

test("a slow disk is said, with how long outcomes wait for it", withFolder(async (folder) => {
  const disk = new FaultyDisk();
  disk.begin("slow");
  const line = (await warnings({ DATA_DIR: folder, ...disk.env })).find((line) => line.includes("the disk of DATA_DIR is slow"));
  const [, took] = /fsync_p99_ms=(\d+) writes=\d$/.exec(line);
  assert.ok(Number(took) >= 30, line);
  assert.deepEqual(readdirSync(folder).filter((name) => name.includes("probe")), [], "it leaves no file behind");
  disk.close();
}));

for (const [what, env, says] of [
  ["few descriptors are said, with what to do", {}, /descriptors allow few connections: raise `ulimit -n` \(systemd: LimitNOFILE\), or set MAX_CONNECTIONS .* descriptors=1024 max_connections=9\d\d$/],
  ["more connections than descriptors are said, with how many it wants", { MAX_CONNECTIONS: "9000" }, /MAX_CONNECTIONS is more than descriptors allow.*raise `ulimit -n` \(systemd: LimitNOFILE\), or lower it descriptors=1024 needed=9\d\d\d/],
]) {
  test(what, async () => {
    const start = (settings) => startServer("/bin/sh", ["-c", `ulimit -n 1024 && exec "$0" serve`, program("signalbox")], { JWT_SECRET: secret, ...settings });
    assert.match(await warning(env, start), says);
  });
}
test("few connections that were asked for are not", async () => {
  assert.deepEqual(await warnings({ MAX_CONNECTIONS: "500" }), []);
});

/** In a network of its own, which has an address of the internet beside one of its own. */
const inNetwork = ["--map-root-user", "--net", "sh", "-c", 'ip link set lo up && ip address add 8.8.4.4/32 dev lo && ip address add 10.1.1.1/32 dev lo && exec "$@"', "sh"];
const hasNetworks = spawnSync("unshare", [...inNetwork, "true"]).status === 0;
const withNetworks = { skip: !hasNetworks && "no network can be made here" };
async function warningsInNetwork(settings) {
  const env = { ...healthy, JWT_SECRET: secret, PORT: "0", DATA_DIR: "", PATH: process.env.PATH, ...settings };
  const child = spawn("unshare", [...inNetwork, program("signalbox"), "serve"], { env, cwd: tmpdir(), stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (data) => (log += data));
  await eventually(() => / listening /.test(log));
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [0, null]);
  return log.split("\n").filter((line) => /\bwarn/i.test(line));
}
for (const [host, warned] of [["", true], ["0.0.0.0", true], ["8.8.4.4", true], ["10.1.1.1", false], ["localhost", false]]) {
  test(`a public address without TLS is ${warned ? "" : "not "}said where HOST is '${host}'`, withNetworks, async () => {
    const lines = await warningsInNetwork({ HOST: host });
    assert.equal(lines.length, warned ? 1 : 0, lines.join("\n"));
    if (warned) assert.match(lines[0], /PORT listens at a public address without TLS.* set HOST to localhost or to an address of your own network address=8\.8\.4\.4/);
  });
}
for (const [host, warned] of [["0.0.0.0", true], ["10.1.1.1", false], ["", false]]) {
  test(`a public address of the admin page is ${warned ? "" : "not "}said where ADMIN_HOST is '${host}'`, withNetworks, async () => {
    const lines = await warningsInNetwork({ ADMIN_KEY: "a third one, of more than 32 bytes", ADMIN_PORT: "0", ADMIN_HOST: host });
    assert.equal(lines.length, warned ? 1 : 0, lines.join("\n"));
    if (warned) assert.match(lines[0], /ADMIN_PORT listens at a public address without TLS.* set ADMIN_HOST to localhost, .* address=8\.8\.4\.4/);
  });
}
