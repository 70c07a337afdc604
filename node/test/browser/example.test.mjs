// examples/node as somebody has it who has cloned the repository: installed and started by its two commands, and used in Chromium.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

import { freePort } from "../../../tests/support/server.mjs";
import { eventually } from "./support.mjs";

const repository = fileURLToPath(new URL("../../../", import.meta.url));
const clone = mkdtempSync(join(tmpdir(), "signalbox-clone-"));
const folder = join(clone, "examples/node");
let example, ended, browser, url;

before(async () => {
  const leftBehind = ["node_modules", "build", "queue", "signalbox-data", ".env"];
  cpSync(join(repository, "examples/node"), folder, { recursive: true, filter: (file) => !leftBehind.includes(basename(file)) });
  symlinkSync(join(repository, "node"), join(clone, "node"));
  execFileSync("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder });
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, PORT: String(await freePort()), SIGNALBOX_PRESENCE_GRACE_MS: "200" };
  example = spawn("npm", ["start"], { cwd: folder, env, detached: true, stdio: ["ignore", "pipe", "inherit"] });
  ended = once(example, "exit");
  const address = new Promise((found) => example.stdout.on("data", (text) => /http:/.test(text) && found(`${text}`.match(/http:\S+/)[0])));
  url = await Promise.race([address, ended.then(([code]) => assert.fail(`npm start ended with ${code}`))]);
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  for (const pid of processes("")) process.kill(pid, "SIGKILL"); // none, unless a test has failed
  rmSync(clone, { recursive: true });
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

async function kill(program) {
  const [pid] = await eventually(() => processes(program).length === 1 && processes(program));
  process.kill(pid, "SIGKILL");
  await eventually(() => !processes(program).includes(pid));
}

/** A person's window, and their tab in it. */
async function open(user) {
  const context = await browser.newContext();
  const complaints = [];
  context.on("weberror", (error) => complaints.push(String(error.error())));
  const tab = await context.newPage();
  await tab.addInitScript(() => {
    window.seen = [];
    const look = () => window.seen.push(document.querySelector("li")?.textContent ?? "");
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  });
  await tab.goto(user ? `${url}/?user=${user}` : url);
  return { context, tab, complaints };
}

/** Each percentage that the newest picture has shown since the page was loaded, in order. */
const percents = async (tab) => (await tab.evaluate(() => window.seen)).flatMap((text) => text.match(/(\d+) %/)?.[1] ?? []).map(Number);

async function order(tab, prompt, button = "Paint it") {
  await tab.getByLabel("What shall be painted?").fill(prompt);
  await tab.getByRole("button", { name: button, exact: true }).click();
  await job(tab, prompt).getByRole("progressbar").waitFor();
}

const job = (tab, prompt) => tab.getByRole("listitem").filter({ hasText: prompt });
const painted = (tab, prompt) => job(tab, prompt).locator("img").waitFor();

test("a person signs in, asks for a picture, and both tabs see it come and have it after a reload", async () => {
  const { context, tab, complaints } = await open();
  await tab.getByLabel("Your name").fill("Ada");
  await tab.getByRole("button", { name: "Sign in" }).click();
  await tab.getByText("Nobody else is online").waitFor();
  const second = await context.newPage();
  await second.goto(tab.url());
  await second.getByText("There are no pictures yet").waitFor();
  await order(tab, "A house");
  await job(second, "A house").getByRole("progressbar").waitFor();
  for (const page of [tab, second]) await painted(page, "A house");
  const moved = await percents(tab);
  assert.ok(new Set(moved).size >= 3, `the bar moved: ${moved}`);
  assert.deepEqual(moved, [...moved].sort((a, b) => a - b));
  const picture = tab.getByRole("listitem").locator("img");
  assert.ok(await picture.evaluate((image) => image.decode().then(() => image.naturalWidth > 0)), "the picture is a picture");
  await tab.reload();
  await painted(tab, "A house");
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a picture that fails says why, also after a reload, and is tried again", async () => {
  const { context, tab, complaints } = await open("Bob");
  await order(tab, "A boat", "Paint it, but fail at first");
  await tab.getByText("A boat: the painter ran out of blue").waitFor();
  await tab.reload();
  await tab.getByText("A boat: the painter ran out of blue").waitFor();
  await eventually(() => readdirSync(join(folder, "queue/pictures/failed")).length === 1); // the worker tells of it before the queue has noted it
  await tab.getByRole("button", { name: "Try again" }).click();
  await job(tab, "A boat").getByRole("progressbar").waitFor();
  await painted(tab, "A boat");
  assert.deepEqual(complaints, []);
  await context.close();
});

test("two people see each other come and go, and not each other's pictures", async () => {
  const ada = await open("Ada");
  await painted(ada.tab, "A house");
  const grace = await open("Grace");
  await ada.tab.getByText("Online with you: Grace").waitFor();
  await grace.tab.getByText("Online with you: Ada").waitFor();
  await grace.tab.getByText("There are no pictures yet").waitFor();
  await grace.context.close();
  await ada.tab.getByText("Nobody else is online").waitFor();
  await ada.context.close();
});

test("a picture whose worker is killed stands still, and is painted by the next worker", async () => {
  const { context, tab } = await open("Cyd");
  await order(tab, "A tree");
  await tab.getByText("A tree: painting").waitFor();
  await kill("worker.mjs");
  assert.equal(await job(tab, "A tree").getByRole("progressbar").count(), 1);
  await painted(tab, "A tree");
  const moved = await percents(tab);
  assert.ok(moved.some((percent, i) => percent < moved[i - 1]), `it began anew: ${moved}`);
  assert.equal(await tab.getByRole("button", { name: "Try again" }).count(), 0);
  await context.close();
});

test("a server that is killed comes back with what was finished, and with what the worker finished meanwhile", async () => {
  const { context, tab } = await open("Ada");
  await painted(tab, "A house");
  await order(tab, "A lake");
  await tab.getByText("A lake: painting").waitFor();
  await kill("server.mjs");
  await tab.getByText("Connecting").waitFor();
  assert.equal(await job(tab, "A house").locator("img").count(), 1, "it is shown while there is no server");
  await painted(tab, "A lake");
  await tab.reload();
  for (const prompt of ["A house", "A lake"]) await painted(tab, prompt);
  await context.close();
});

test("Ctrl-C ends all of it", async () => {
  process.kill(-example.pid, "SIGINT"); // as a terminal does, to each of its processes
  await ended;
  await eventually(() => processes("").length === 0);
});
