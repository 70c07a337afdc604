// examples/node in a clone of the repository, used in Chromium.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

import { Example } from "../../../tests/support/example.mjs";
import { eventually } from "./support.mjs";

const example = new Example("node");
let browser;

before(async () => {
  await example.start({ SIGNALBOX_PRESENCE_GRACE_MS: "200" });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  example.remove();
});

async function kill(program) {
  const [pid] = await eventually(() => example.processes(program).length === 1 && example.processes(program));
  process.kill(pid, "SIGKILL");
  await eventually(() => !example.processes(program).includes(pid));
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
  await tab.goto(user ? `${example.url}/?user=${user}` : example.url);
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
  await eventually(() => readdirSync(join(example.folder, "queue/pictures/failed")).length === 1); // the worker tells of it before the queue has noted it
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
  await example.interrupt();
  await eventually(() => example.processes().length === 0);
});
