// examples/bullmq as somebody has it who has cloned the repository: installed and started by its two commands, and used in Chromium.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { eventually } from "../e2e/support.mjs";
import { RedisServer, skipWithoutRedis as skip } from "../support/redis_server.mjs";
import { freePort, program } from "../support/server.mjs";

const folder = join(mkdtempSync(join(tmpdir(), "signalbox-example-")), "bullmq");
let redis, example, ended, browser, url;

before(async () => {
  if (skip) return;
  const leftBehind = ["node_modules", "signalbox-data"];
  cpSync(fileURLToPath(new URL("../../examples/bullmq", import.meta.url)), folder, { recursive: true, filter: (file) => !leftBehind.includes(basename(file)) });
  execFileSync("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder });
  redis = await RedisServer.start();
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, PORT: String(await freePort()), REDIS_URL: redis.url, SIGNALBOX_BUILD: dirname(program("signalbox")) };
  example = spawn("npm", ["start"], { cwd: folder, env, detached: true, stdio: ["ignore", "pipe", "inherit"] });
  ended = once(example, "exit");
  const address = new Promise((found) => example.stdout.on("data", (text) => /http:/.test(text) && found(`${text}`.match(/http:\S+/)[0])));
  url = await Promise.race([address, ended.then(([code]) => assert.fail(`npm start ended with ${code}`))]);
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  for (const pid of processes("")) process.kill(pid, "SIGKILL"); // none, unless a test has failed
  await redis?.stop();
  rmSync(dirname(folder), { recursive: true, force: true });
});

/** The example's processes that run that program; of all with "". */
function processes(program) {
  return readdirSync("/proc").filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === folder && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(program);
    } catch {
      return false; // no process, or it has just ended
    }
  });
}

async function open(user) {
  const tab = await (await browser.newContext()).newPage();
  await tab.goto(`${url}/?user=${user}`);
  await tab.getByText(`Signed in as ${user}`).waitFor();
  return tab;
}
async function order(tab, prompt) {
  await tab.getByLabel("What shall be painted?").fill(prompt);
  await tab.getByRole("button", { name: "Paint it" }).click();
  await job(tab, prompt).getByRole("progressbar").waitFor();
}
const job = (tab, prompt) => tab.getByRole("listitem").filter({ hasText: prompt });
const painted = (tab, prompt) => job(tab, prompt).getByRole("img").waitFor();

describe("examples/bullmq", { skip }, () => {
  test("has a worker of ten lines that does not name Signalbox in them", () => {
    const lines = readFileSync(join(folder, "worker.mjs"), "utf8").split("\n").filter((line) => line.trim() && !line.startsWith("//"));
    assert.ok(lines.length <= 10, `${lines.length} lines`);
    assert.doesNotMatch(lines.join("\n"), /signalbox|socket/i);
  });

  test("shows a job from its progress to its end, in two tabs and after a reload, and to nobody else", async () => {
    const [tab, second, other] = [await open("Ada"), await open("Ada"), await open("Bob")];
    await order(tab, "a house");
    await job(second, "a house").getByRole("progressbar").waitFor();
    for (const page of [tab, second]) await painted(page, "a house");
    await tab.reload();
    await painted(tab, "a house");
    assert.equal(await other.getByRole("listitem").count(), 0);
  });

  test("says why a job failed", async () => {
    const tab = await open("Cyd");
    await order(tab, "nothing");
    await job(tab, "nothing").getByText("there is nothing to paint").waitFor();
  });

  test("tells what ended while Signalbox was killed", async () => {
    const tab = await open("Dan");
    await order(tab, "a lake");
    const [pid] = await eventually(() => processes(program("signalbox")).length === 1 && processes(program("signalbox")));
    process.kill(pid, "SIGKILL");
    await tab.getByText("Connecting").waitFor();
    await painted(tab, "a lake");
  });

  test("ends by Ctrl-C", async () => {
    process.kill(-example.pid, "SIGINT"); // as a terminal does, to each of its processes
    await ended;
    await eventually(() => processes("").length === 0);
  });
});
