// Peers whose kernel says nothing any more, as when a cable is pulled: half-open TCP. In a network namespace of its own, where an address
// can be taken away from those who hold it; so this file runs itself once more in there.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { attack, crowd, login } from "./town.mjs";

const theirs = "10.1.1.1";
const ip = (...words) => execFileSync("ip", words);
const namespace = ["--user", "--map-root-user", "--net"];

/** What this machine lacks, if it lacks something. */
function lacking() {
  try {
    execFileSync("unshare", [...namespace, "ip", "link", "set", "lo", "up"], { stdio: "ignore" });
    return false;
  } catch {
    return "no network namespaces here: they want unshare and ip, and a kernel that gives them to users";
  }
}

if (!process.env.SIGNALBOX_NAMESPACE) {
  test("peers that vanish", { skip: lacking(), timeout: 60_000 }, async () => {
    const { NODE_TEST_CONTEXT, ...env } = process.env; // or it would take itself for a part of this run
    const inside = spawn("unshare", [...namespace, process.execPath, fileURLToPath(import.meta.url)], { env: { ...env, SIGNALBOX_NAMESPACE: "1" }, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const output of [inside.stdout, inside.stderr]) output.on("data", (data) => (said += data));
    const [code] = await once(inside, "close");
    assert.equal(code, 0, said);
  });
} else {
  ip("link", "set", "lo", "up");

  /** Clients that are logged in and then have no network any more. */
  const vanish = async (port, count) => {
    ip("address", "add", `${theirs}/32`, "dev", "lo");
    const all = await crowd(count, count, (i) => login(port, `gone ${i}`, theirs));
    ip("address", "delete", `${theirs}/32`, "dev", "lo");
    return all;
  };
  const ends = async (town, sessions) => {
    for (const late = Date.now() + 15_000; (await town.state()).sessions > sessions; ) assert.ok(Date.now() < late, "they are there still");
  };

  attack("data that nobody acknowledges: closed after TCP_USER_TIMEOUT_MS, long before the heartbeat", { env: { TCP_USER_TIMEOUT_MS: "1000" } }, async (town) => {
    const { sessions } = await town.state();
    const gone = await vanish(town.port, 50);
    const start = performance.now();
    for (let i = 0; i < gone.length; ++i) assert.equal(JSON.parse((await town.emit(`gone ${i}`, 1)).body).online, 1);
    await ends(town, sessions);
    assert.ok(performance.now() - start > 900, "it was something else");
    gone.forEach((ws) => ws.close());
  });

  attack("nothing is sent to them: the heartbeat finds them", { env: { PING_INTERVAL_MS: "300", PING_TIMEOUT_MS: "300" } }, async (town) => {
    const { sessions } = await town.state();
    const gone = await vanish(town.port, 50);
    await ends(town, sessions);
    gone.forEach((ws) => ws.close());
  });
}
