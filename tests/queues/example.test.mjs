// examples/bullmq in a clone of the repository, used in Chromium.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";

import { chromium } from "playwright-core";

import { eventually } from "../e2e/support.mjs";
import { Example } from "../support/example.mjs";
import { RedisServer, skipWithoutRedis as skip } from "../support/redis_server.mjs";
import { program } from "../support/server.mjs";

const example = new Example("bullmq");
let redis, browser;

before(async () => {
  if (skip) return;
  redis = await RedisServer.start();
  await example.start({ REDIS_URL: redis.url, SIGNALBOX_BUILD: dirname(program("signalbox")) });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  example.remove();
  await redis?.stop();
});

async function open(user) {
  const tab = await (await browser.newContext()).newPage();
  await tab.goto(`${example.url}/?user=${user}`);
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
    const lines = readFileSync(join(example.folder, "worker.mjs"), "utf8").split("\n").filter((line) => line.trim() && !line.startsWith("//"));
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
    const [pid] = await eventually(() => example.processes(program("signalbox")).length === 1 && example.processes(program("signalbox")));
    process.kill(pid, "SIGKILL");
    await tab.getByText("Connecting").waitFor();
    await painted(tab, "a lake");
  });

  test("ends by Ctrl-C", async () => {
    await example.interrupt();
    await eventually(() => example.processes().length === 0);
  });
});
