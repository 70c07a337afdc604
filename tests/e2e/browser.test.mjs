// The demo page, with the original's React hook in it, in a headless Chromium.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { program } from "../support/server.mjs";
import { api, apiKey, emit, eventually } from "./support.mjs";

const pictures = process.env.SCREENSHOTS ?? "../../build/screenshots";
let server, browser, address;

/** Starts the demo, on any port or on that one, and tells where it is. */
async function startDemo(port = 0) {
  server = spawn(program("signalbox"), ["demo", "--port", String(port), "--threads", "2", "--presence-grace-ms", "0", "--log-level", "warn"], {
    env: { ...process.env, API_KEY: apiKey },
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
  return openIn(await browser.newContext(options), user);
}

async function openIn(context, user) {
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
  const bar = page.getByTestId("job").locator("progress");
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

test("a page whose token ends soon shows another on the socket that it has", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  let tell, upgraded = false, shown, handshakes = 0;
  await page.routeWebSocket(/socket\.io/, (client) => {
    const toServer = client.connectToServer();
    tell = (message) => client.send(message);
    client.onMessage((message) => {
      toServer.send(message);
      upgraded ||= message === "5";
      if (/^42\d*\["authenticate",/.test(message)) shown = JSON.parse(message.slice(message.indexOf("[")))[1].token;
    });
  });
  page.on("request", (request) => { if (/transport=polling/.test(request.url()) && !/sid=/.test(request.url())) ++handshakes; });
  const tokens = [];
  page.on("response", async (response) => { if (response.url().includes("/demo/token")) tokens.push((await response.json()).token); });
  await page.goto(`${address}/?user=ada`);
  await page.getByText("connected", { exact: true }).waitFor();
  const second = Math.floor(Date.now() / 1000); // another token is one of a later second
  await eventually(() => upgraded && Math.floor(Date.now() / 1000) > second);
  const before = handshakes;
  tell('42["token_expiring",{"expiresInMs":30000}]');
  await eventually(() => shown && tokens.length === 2);
  assert.equal(shown, tokens[1]);
  await page.getByText("connected", { exact: true }).waitFor();
  assert.equal(handshakes, before, "no other connection was made");
  await context.close();
});

/** A browser of Ada's in whose windows that job has been asked for. What becomes of it is the test's to tell. */
async function withJob(id) {
  const context = await browser.newContext();
  await context.addInitScript((jobs) => sessionStorage.setItem("jobs of ada", jobs), JSON.stringify([{ id, prompt: "A picture" }]));
  const tell = async (event, data) => assert.equal((await emit({ url: address }, "ada", event, { jobId: id, ...data })).status, 202);
  return {
    context,
    progress: (progress) => tell("job_progress", { progress, status: "generating" }),
    complete: () => tell("job_completed", { result: { imageUrl: "/demo/picture.svg", width: 640, height: 360 } }),
    fail: () => tell("job_failed", { error: "no paper" }),
    had: () => eventually(async () => (await api({ url: address }, "GET", `/api/users/ada/jobs/${id}`)).body.had),
  };
}

const barAt = (page, value) => jobOf(page, "generating").locator(`progress[value="${value}"]`);

test("a picture that was asked for is still there after a reload, and comes", async () => {
  const { page, complaints, close } = await open();
  await page.getByRole("button", { name: "Make a picture" }).click();
  await jobOf(page, "generating").waitFor();
  await page.reload();
  await jobOf(page, "completed").locator("img").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("a page reloaded in the middle of a job shows how far it is, without further progress", async () => {
  const job = await withJob("middle");
  const { page, complaints, close } = await openIn(job.context);
  await jobOf(page, "pending").waitFor();
  await job.progress(20);
  await job.progress(40);
  await barAt(page, 40).waitFor();
  await page.reload();
  await barAt(page, 40).waitFor();
  await job.fail();
  await jobOf(page, "failed").waitFor();
  await job.progress(10);
  await barAt(page, 10).waitFor();
  await page.reload();
  await barAt(page, 10).waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("a page reloaded after its job ended shows the end, also when it had been received before", async () => {
  for (const [end, status] of [["complete", "completed"], ["fail", "failed"]]) {
    const job = await withJob(status);
    const { page, complaints, close } = await openIn(job.context);
    await job.progress(60);
    await barAt(page, 60).waitFor();
    await job[end]();
    await jobOf(page, status).waitFor();
    await page.reload();
    await jobOf(page, status).waitFor();
    await job.had();
    await page.reload();
    await jobOf(page, status).waitFor();
    assert.deepEqual(complaints, []);
    await close();
  }
});

test("of two windows one reloads while the other receives the end of their job: both show it", async () => {
  const job = await withJob("shared");
  const stays = await openIn(job.context);
  const reloads = await openIn(job.context);
  await job.progress(80);
  await Promise.all([barAt(stays.page, 80).waitFor(), barAt(reloads.page, 80).waitFor()]);
  let letLogIn;
  const held = new Promise((done) => (letLogIn = done));
  await reloads.page.route("**/demo/token*", (route) => held.then(() => route.continue()));
  await reloads.page.reload();
  await job.complete();
  await jobOf(stays.page, "completed").waitFor();
  await job.had();
  assert.equal(await jobOf(reloads.page, "completed").count(), 0, "it is not connected yet");
  letLogIn();
  await jobOf(reloads.page, "completed").locator("img").waitFor();
  assert.deepEqual([...stays.complaints, ...reloads.complaints], []);
  await job.context.close();
});

test("all jobs of a user stand beside those of the original's hook, also the ones that another window asked for", async () => {
  const job = await withJob("elsewhere");
  const { page, complaints, close } = await open();
  const line = page.getByTestId("all").locator('[data-job="elsewhere"]');
  await job.progress(40);
  await line.locator('progress[value="40"]').waitFor();
  await job.complete();
  const ended = line.and(page.locator("[data-status=completed]"));
  await ended.waitFor();
  await job.had();
  await page.reload();
  await ended.waitFor();
  assert.equal(await page.getByTestId("job").count(), 0, "this window has not asked for it");
  assert.deepEqual(complaints, []);
  await close();
  await job.context.close();
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
