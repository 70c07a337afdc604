// The hooks in Chromium, with React 18 and 19, in StrictMode and against the real server.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { chromium } from "playwright-core";

import { bundle } from "./bundle.mjs";
import { connections, eventually, received, startProgram, token, worker } from "./support.mjs";

const source = readFileSync(new URL("page.jsx", import.meta.url), "utf8");
// The page comes from the test and not from an address, from where Chromium lets nobody connect to this machine.
const args = ["--no-sandbox", "--disable-features=LocalNetworkAccessChecks"];
let browser;
before(async () => (browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args })));
after(() => browser?.close());

/** A window of that user at the server's own address; everything that the page complains of fails the test. */
async function open(server, script, user, { view = "provided", seconds = 3600 } = {}) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints = [];
  const sockets = new Set();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("request", (request) => /transport=polling/.test(request.url()) && !/sid=/.test(request.url()) && sockets.add(request.url()));
  const body = `<!doctype html><link rel="icon" href="data:,"><div id="root"></div><script type="module">${script.replaceAll("</script", "<\\/script")}</script>`;
  await page.route(`${server.url}/page`, (route) => route.fulfill({ contentType: "text/html", body }));
  let asked = 0;
  await page.exposeFunction("giveToken", () => token(user, ++asked === 1 ? seconds : 3600));
  await page.addInitScript((wanted) => (window.view = wanted), view);
  await page.goto(`${server.url}/page`);
  return {
    page,
    complaints,
    sockets,
    asked: () => asked,
    shows: (name, value) => page.locator(`#${name}`, { hasText: JSON.stringify(value).slice(1, -1) }).waitFor(),
    shown: async (name) => (await page.evaluate((of) => window.shown[of], name)).map((text) => JSON.parse(text)),
    close: () => context.close(),
  };
}

const running = (progress) => ({ progress, status: "processing", result: null, error: null });
const done = (result) => ({ progress: 100, status: "completed", result, error: null });

for (const [version, react] of [["18", "react-18"], ["19", "."]])
  describe(`React ${version}`, () => {
    let server, script;
    before(async () => {
      [server, script] = await Promise.all([startProgram({ OUTCOME_REPLAY_MS: "0" }), bundle(source, { react })]);
    });
    after(() => server.stop());

    test("shows jobs and who is online over one connection, and renders what changed", async () => {
      const user = "ada";
      const window = await open(server, script, user);
      await window.shows("who", [user]);
      await worker(server, user, "1").progress(10);
      for (const name of ["one", "one-again", "original"]) await window.shows(name, running(10));
      const two = (await window.shown("two")).length;
      for (const progress of [20, 30, 40]) await worker(server, user, "1").progress(progress);
      await window.shows("one", running(40));
      await window.shows("all", [["1", 40]]);
      assert.equal((await window.shown("two")).length, two, "the other job was not rendered");
      await worker(server, user, "1").complete({ imageUrl: "/a" });
      for (const name of ["one", "one-again", "original"]) await window.shows(name, done({ imageUrl: "/a" }));
      assert.deepEqual((await window.shown("none")).at(-1), { progress: 0, status: "pending", result: null, error: null });
      assert.deepEqual((await window.shown("bob")).at(-1), false);
      assert.equal(await connections(server, user), 1);
      assert.equal(window.sockets.size, 1);
      assert.equal(window.asked(), 1);
      assert.deepEqual(window.complaints, []);
      await window.close();
    });

    test("shows after a reload what it showed before, without a step back", async () => {
      const user = "bob";
      const window = await open(server, script, user);
      await window.shows("connected", true);
      await worker(server, user, "1").complete("yes");
      await worker(server, user, "2").progress(40);
      await window.shows("one", done("yes"));
      await window.shows("two", running(40));
      await received(server, user, "1");
      await window.page.reload();
      await window.shows("one", done("yes"));
      await window.shows("two", running(40));
      await window.shows("bob", true);
      assert.deepEqual([...new Set((await window.shown("one")).map(({ status }) => status))], ["pending", "completed"]);
      await worker(server, user, "1").progress(5);
      await window.shows("one", running(5));
      assert.deepEqual(window.complaints, []);
      await window.close();
    });

    test("shows what a server that was killed had told, and what comes after it", { timeout: 60_000 }, async () => {
      const user = "cyd";
      const window = await open(server, script, user);
      await window.shows("connected", true);
      await worker(server, user, "1").complete("yes");
      await worker(server, user, "2").progress(40);
      await window.shows("one", done("yes"));
      await window.shows("two", running(40));
      await server.stop("SIGKILL");
      await window.shows("connected", false);
      server = await startProgram({ OUTCOME_REPLAY_MS: "0" }, server.port);
      await window.shows("connected", true);
      await worker(server, user, "2").complete("too");
      await window.shows("two", done("too"));
      assert.deepEqual([...new Set((await window.shown("one")).map(({ status }) => status))], ["pending", "completed"]);
      assert.deepEqual([...new Set((await window.shown("two")).map(({ status }) => status))], ["pending", "processing", "completed"]);
      await window.close();
    });

    test("runs the original's hook without a provider, over one connection that keeps standing when the token changes", async () => {
      const user = "dee";
      const window = await open(server, script, user, { view: "originals" });
      await eventually(async () => (await connections(server, user)) === 1);
      await worker(server, user, "1").progress(10);
      await window.shows("one", running(10));
      await window.page.evaluate(() => new Promise((later) => setTimeout(later, 1100))); // another token is one of a later second
      await window.page.evaluate(() => window.replaceToken());
      await worker(server, user, "2").fail("no paper");
      await window.shows("two", { progress: 0, status: "failed", result: null, error: "no paper" });
      await worker(server, user, "1").complete("yes");
      await window.shows("one", done("yes"));
      assert.equal(await connections(server, user), 1);
      assert.equal(window.sockets.size, 1);
      assert.deepEqual(window.complaints, []);
      await window.close();
    });

    test("takes over what a server has rendered", async () => {
      const user = "fay";
      await worker(server, user, "1").complete("yes");
      const window = await open(server, script, user, { view: "hydrated" });
      await window.shows("one", done("yes"));
      await window.shows("who", [user]);
      assert.equal((await window.shown("one"))[0].status, "pending");
      assert.deepEqual(window.complaints, []);
      await window.close();
    });

    test("replaces a token that ends soon on the connection that stands", async () => {
      const user = "eve";
      const window = await open(server, script, user, { seconds: 3 });
      await window.shows("connected", true);
      const ends = Date.now() + 3500;
      await eventually(() => window.asked() === 2 && Date.now() > ends);
      await worker(server, user, "1").progress(10);
      await window.shows("one", running(10));
      assert.deepEqual([...new Set(await window.shown("connected"))], [false, true]);
      assert.equal(window.sockets.size, 1);
      await window.close();
    });
  });
