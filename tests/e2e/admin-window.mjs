// A server with an admin page, and windows of a headless Chromium that look at it.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before } from "node:test";
import { chromium } from "playwright-core";
import { freePort } from "../support/server.mjs";
import { eventually, login, startProgram } from "./support.mjs";

const pictures = process.env.SCREENSHOTS ?? "../../build/screenshots";
export const adminKey = "an admin key of more than thirty-two bytes";
export const desk = { width: 1400, height: 900 };
export const telephone = { width: 390, height: 844 };

export let server;
let browser, folder, address;

before(async () => {
  mkdirSync(pictures, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), "signalbox-admin-"));
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  const port = await freePort();
  server = await startProgram({ ADMIN_KEY: adminKey, ADMIN_PORT: String(port), DATA_DIR: folder });
  address = `http://localhost:${port}`;
});

after(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What a test opened, closed behind it also when it failed. */
export const opened = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

export async function client(options) {
  const socket = await login(server, options);
  opened.push(() => socket.disconnect());
  return socket;
}

/** A window that has not logged in. Whatever the page complains of stands in `complaints`. */
export async function open({ viewport = desk, colorScheme = "light" } = {}) {
  const context = await browser.newContext({ viewport, colorScheme, timezoneId: "UTC" });
  opened.push(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(10000);
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.complaints.push(message.text()));
  await page.goto(address);
  return page;
}

export async function enter(page, key = adminKey) {
  await page.getByLabel("Admin key").fill(key);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** A window that shows the overview. */
export async function overview(options) {
  const page = await open(options);
  await enter(page);
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
  return page;
}

/** A window that shows that user. */
export async function lookUp(id, options) {
  const page = await overview(options);
  await page.getByRole("link", { name: "Users", exact: true }).click();
  await page.getByRole("search").getByLabel("User id").fill(id);
  await page.getByRole("button", { name: "Look up" }).click();
  await page.getByRole("heading", { name: `User ${id}`, level: 1 }).waitFor();
  return page;
}

/** The texts of a table's rows, without its head. */
export const rowsOf = async (page, name) =>
  (await page.getByRole("table", { name, exact: true }).getByRole("row").allInnerTexts()).slice(1).map((row) => row.replace(/\s+/g, " "));
export const has = (page, name, fits) => eventually(async () => (await rowsOf(page, name).catch(() => [])).find(fits), 15000);

/** The value of a tile. */
export const tile = (page, name) => page.locator(".tile", { has: page.getByRole("term").getByText(name, { exact: true }) }).locator(".value");

/** The whole page, as tall as it is: nothing of it may be wider than the window. */
export async function picture(page, name) {
  const window = page.viewportSize();
  const { wide, tall } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, tall: document.documentElement.scrollHeight }));
  assert.ok(wide <= window.width, `${name} is ${wide} pixels wide in a window of ${window.width}`);
  await page.setViewportSize({ ...window, height: tall });
  await page.screenshot({ path: `${pictures}/admin-${name}-${window.width}.png` });
  await page.setViewportSize(window);
}

export const untroubled = (page) => assert.deepEqual(page.complaints, []);
