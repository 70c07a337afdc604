// The Debian package: what it says of itself, its service's hardening, and its life in a bare Debian 12.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { BareDebian, skipWithoutBareDebian } from "./bare.mjs";
import { deb, environment, output, started, text, unpackedDeb, version } from "./packages.mjs";

const settingsFile = "/etc/signalbox/signalbox.env";
const unpacked = await unpackedDeb();
const unit = readFileSync(join(unpacked, "usr/lib/systemd/system/signalbox.service"), "utf8");
const settingOf = (name) => new RegExp(`^${name}=(.*)$`, "m").exec(unit)[1];

describe("the Debian package", { timeout: 60000 }, () => {
  test("is of the project's version, for this processor", async () => {
    const fields = await output("dpkg-deb", ["--field", deb, "Package", "Version", "Architecture"]);
    assert.equal(fields, `Package: signalbox\nVersion: ${version}\nArchitecture: amd64\n`);
  });

  test("depends on the libraries that its program loads, and on no others", async () => {
    const depends = await output("dpkg-deb", ["--field", deb, "Depends"]);
    const names = depends.trim().split(", ").map((one) => one.split(" ")[0]);
    for (const name of ["libc6", "libssl3", "libsqlite3-0", "libmimalloc2.0"]) assert.ok(names.includes(name), name);
    for (const name of names) assert.match(name, /^lib/);
  });

  test("has a program that serves the demo's page", async (t) => {
    const env = await environment();
    await started(t, join(unpacked, "usr/bin/signalbox"), ["demo"], { port: env.PORT, env, cwd: "/" });
    assert.match((await text(env.PORT, "/")).text, /<title>/);
  });

  test("has no settings file of its own: each machine's secrets are made there", () => assert.ok(!existsSync(join(unpacked, settingsFile))));
});

describe("the service", () => {
  test("is exposed to 2.0 at most, by systemd's own measure", async () => {
    const verdict = await output("systemd-analyze", ["security", "--offline=yes", "--threshold=20", "--no-pager", `--root=${unpacked}`, "signalbox.service"]);
    assert.match(verdict, /Overall exposure level for signalbox\.service: [01]\.\d/);
  });

  test("has longer for its stop than the program takes by its defaults", async () => {
    const help = await output(join(unpacked, "usr/bin/signalbox"), ["--help"]);
    const byDefault = (flag) => Number(new RegExp(`${flag} .*\\n.*\\n +default: (\\d+), in ms`).exec(help)[1]);
    const minutes = Number(/^(\d+)min$/.exec(settingOf("TimeoutStopSec"))[1]);
    assert.ok(minutes * 60_000 > 10 * (byDefault("--shutdown-delay-ms") + byDefault("--drain-ms")));
  });
});

describe("in a bare Debian", { timeout: 600000, skip: skipWithoutBareDebian }, () => {
  let system, secrets;
  before(async () => (system = await BareDebian.made()));
  after(() => system?.shutDown());

  const valueOf = (name) => new RegExp(`^${name}=([0-9a-f]{64})$`, "m").exec(system.text(settingsFile))?.[1];
  const installed = () => system.run("apt-get", "install", "-qq", "--no-install-recommends", "--reinstall", "/signalbox.deb");

  test("it is installed with what it depends on, and its program runs", async () => {
    await installed();
    assert.equal(await system.run("signalbox", "--version"), `${version}\n`);
  });

  test("an installation makes two fresh secrets, which only root reads", () => {
    const { mode, uid, gid } = statSync(system.path(settingsFile));
    assert.deepEqual([mode & 0o7777, uid, gid], [0o640, 0, 0]);
    secrets = [valueOf("JWT_SECRET"), valueOf("API_KEY")];
    assert.ok(secrets.every(Boolean) && secrets[0] !== secrets[1]);
  });

  test("an installation over it leaves the settings as they are", async () => {
    await installed();
    assert.deepEqual([valueOf("JWT_SECRET"), valueOf("API_KEY")], secrets);
  });

  test("systemd has the service up and ready, as a user of its own", async (t) => {
    const { PORT } = await environment();
    await system.run("sh", "-c", `echo PORT=${PORT} >>${settingsFile}`);
    if (!(await system.boot())) return t.skip(`systemd does not boot here: ${system.whyNot}`);
    await system.run("systemctl", "start", "signalbox"); // which returns when it has said that it is ready
    assert.match((await text(PORT, "/socket.io/socket.io.js")).text, /Socket\.IO v/);
    assert.equal((await text(PORT, "/readyz")).status, 200);

    const shown = await system.run("systemctl", "show", "signalbox", "--property=ActiveState,MainPID,StatusErrno,NRestarts");
    assert.match(shown, /ActiveState=active/);
    const pid = /MainPID=(\d+)/.exec(shown)[1];
    const status = await system.run("cat", `/proc/${pid}/status`);
    assert.ok(Number(/^Uid:\s+(\d+)/m.exec(status)[1]) > 60_000, "a user of systemd's own making");
    assert.match(status, /^CapEff:\s+0+$/m);
    assert.match(status, /^Seccomp:\s+2$/m);
    await system.run("signalbox", "healthcheck", "--port", PORT);
  });

  test("an outcome that the service accepted is there after a restart", async (t) => {
    if (system.whyNot !== undefined) return t.skip("systemd does not boot here");
    const PORT = /^PORT=(\d+)$/m.exec(system.text(settingsFile))[1];
    const answer = await fetch(`http://127.0.0.1:${PORT}/api/emit`, {
      method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${secrets[1]}` },
      body: JSON.stringify({ userId: "42", event: "job_completed", data: { jobId: "7", result: null } }),
    });
    assert.equal(answer.status, 202);
    await system.run("systemctl", "restart", "signalbox");
    assert.match(await firstEvents(PORT, secrets[0]), /"job_completed",\{"jobId":"7"/);
    assert.ok(existsSync(system.path("/var/lib/private/signalbox/outcomes.db")));
  });

  test("a removal stops the service and keeps settings and data, a purge leaves nothing", async () => {
    await system.run("dpkg", "--remove", "signalbox");
    assert.ok(!existsSync(system.path("/usr/bin/signalbox")));
    assert.deepEqual([valueOf("JWT_SECRET"), valueOf("API_KEY")], secrets);
    await system.run("dpkg", "--purge", "signalbox");
    const left = await system.run("find", "/etc", "/var/lib/signalbox", "/var/lib/private/signalbox", "/usr/share", "-name", "*signalbox*").catch(({ stdout }) => stdout);
    assert.equal(left, "");
  });
});

/** All that user 42 is told at a login, over polling. */
async function firstEvents(port, secret) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const head = `${part({ alg: "HS256", typ: "JWT" })}.${part({ id: "42", exp: Math.floor(Date.now() / 1000) + 60 })}`;
  const token = `${head}.${createHmac("sha256", secret).update(head).digest("base64url")}`;
  const url = `http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await (await fetch(url)).text()).slice(1));
  await fetch(`${url}&sid=${sid}`, { method: "POST", body: `40${JSON.stringify({ token })}` });
  return (await fetch(`${url}&sid=${sid}`)).text();
}
