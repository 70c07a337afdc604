// The demo page, with the original's React hook in it, in a headless Chromium.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { program } from "../support/server.mjs";

const pictures = process.env.SCREENSHOTS ?? "../../build/screenshots";
let server, browser, address;

/** Starts the demo, on any port or on that one, and tells where it is. */
async function startDemo(port = 0) {
  server = spawn(program("signalbox"), ["demo", "--port", String(port), "--threads", "2", "--presence-grace-ms", "0", "--log-level", "warn"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: server.stdout })) {
    const found = line.match(/http:\/\/\S+/)?.[0];
    if (found) return found;
  }
}

before(async () => {
  mkdirSync(pictures, { recursive: true });
  address = await startDemo();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  server?.kill();
});

/** A window of its own user; everything that the page complains of fails the test. */
async function open(user, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.goto(user ? `${address}/?user=${user}` : address);
  await page.getByText("connected", { exact: true }).waitFor();
  return { page, complaints, close: () => context.close() };
}

const jobOf = (page, status) => page.locator(`[data-testid=job][data-status=${status}]`);

test("a job's bar moves and its picture comes", async () => {
  const { page, complaints, close } = await open();
  await page.getByRole("button", { name: "Make a picture" }).click();
  await jobOf(page, "generating").waitFor();
  const bar = page.locator("progress");
  const seen = new Set();
  while ((await jobOf(page, "generating").count()) > 0) {
    const value = await bar.getAttribute("value", { timeout: 500 }).catch(() => null);
    if (value !== null) seen.add(Number(value));
  }
  assert.ok(seen.size >= 3, `the bar moved: ${[...seen]}`);
  await jobOf(page, "completed").waitFor();
  const picture = page.locator("[data-testid=job] img");
  await picture.waitFor();
  assert.ok((await picture.evaluate((image) => image.decode().then(() => image.naturalWidth))) > 0, "the picture is a picture");
  assert.deepEqual(complaints, []);
  await close();
});

test("a job that fails says why", async () => {
  const { page, complaints, close } = await open();
  await page.getByRole("button", { name: "Make one that fails" }).click();
  await jobOf(page, "failed").waitFor();
  assert.equal(await page.locator(".error").textContent(), "The painter ran out of blue.");
  assert.deepEqual(complaints, []);
  await close();
});

test("a second window comes online as Grace, and goes", async () => {
  const ada = await open();
  const online = ada.page.getByTestId("online");
  await online.getByText("Ada").waitFor();
  assert.equal(await online.getByText("Grace").count(), 0);
  const grace = await open("grace", { viewport: { width: 390, height: 844 } });
  await online.getByText("Grace").waitFor();
  await ada.page.getByText("Grace came online").waitFor();
  await grace.page.getByRole("button", { name: "Make a picture" }).click();
  await ada.page.getByRole("button", { name: "Make a picture" }).click();
  await jobOf(ada.page, "completed").waitFor();
  await ada.page.getByRole("button", { name: "Make a picture" }).click();
  await jobOf(ada.page, "generating").waitFor();
  await ada.page.screenshot({ path: `${pictures}/demo.png` });
  await grace.page.screenshot({ path: `${pictures}/demo-telephone.png` });
  const wide = await grace.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  assert.ok(wide, "nothing is wider than a telephone");
  await grace.close();
  await ada.page.getByText("Grace went offline").waitFor();
  assert.equal(await online.getByText("Grace").count(), 0);
  assert.deepEqual(ada.complaints, []);
  await ada.close();
});

test("a page that is left open over a restart, after which its token counts no more, works again by itself", async () => {
  const { page, close } = await open();
  server.kill();
  await once(server, "exit");
  await page.getByRole("button", { name: "Make a picture" }).and(page.locator(":disabled")).waitFor();
  await startDemo(new URL(address).port);
  await page.getByText("connected", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Make a picture" }).click();
  await jobOf(page, "completed").waitFor();
  await close();
});

test("choosing another user is another login", async () => {
  const { page, close } = await open();
  await page.getByRole("button", { name: "Grace" }).click();
  await page.getByText("connected", { exact: true }).waitFor();
  await page.getByTestId("online").getByText("Grace").waitFor();
  await close();
});

test("the client's script that the server serves logs in, in the words of the original", async () => {
  const { page, complaints, close } = await open();
  await page.addScriptTag({ url: "/socket.io/socket.io.js" });
  const email = await page.evaluate(async () => {
    const { token } = await (await fetch("/demo/token?user=grace")).json();
    const socket = window.io({ auth: { token } });
    return new Promise((done) => socket.on("authenticated", (data) => done(data.user.email)));
  });
  assert.equal(email, "grace@example.com");
  assert.deepEqual(complaints, []);
  await close();
});
