// The admin page in a headless Chromium: a user that is looked up, beside a real server and real clients.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { client, has, lookUp, overview, picture, rowsOf, server, telephone, untroubled } from "./admin-window.mjs";
import { api, emit } from "./support.mjs";

const sendFrom = async (page, event, data) => {
  const form = page.getByRole("form", { name: "Send a test event" });
  await form.getByLabel("Event").fill(event);
  await form.getByLabel("Data (JSON)").fill(JSON.stringify(data));
  await form.getByRole("button", { name: "Send" }).click();
};
const startTrace = async (page) => {
  const answered = page.waitForResponse(/\/trace\?/);
  await page.getByRole("button", { name: "Trace for 60 s" }).click();
  return new URL((await answered).url()).searchParams.get("data");
};

describe("a user that is looked up", { timeout: 120000 }, () => {
  test("has a row for each tab: by what transport, since when, from where", async () => {
    await client({ user: "ada", transports: ["websocket"] });
    await client({ user: "ada", transports: ["polling"] });
    const page = await lookUp("ada");
    await page.getByRole("status").getByText("online, 2 connections").waitFor();
    await has(page, "Sockets", (row) => /WebSocket \d+ s 127\.0\.0\.1/.test(row));
    await has(page, "Sockets", (row) => /polling \d+ s 127\.0\.0\.1/.test(row));
    assert.equal((await rowsOf(page, "Sockets")).length, 2);
    untroubled(page);
  });

  test("is found on the page of who is online", async () => {
    await client({ user: "ada" });
    const page = await overview();
    await page.getByRole("link", { name: "Users", exact: true }).click();
    await page.getByRole("list", { name: "Users online" }).getByRole("link", { name: "ada" }).click();
    await page.getByRole("heading", { name: "User ada" }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "Users", exact: true }).waitFor();
    untroubled(page);
  });

  test("has an id that is text, whatever stands in it, and whole in its title where it is cut", async () => {
    const id = `<img src=x onerror="document.title='had'"> ${"long ".repeat(30)}/?#%`;
    await client({ user: id });
    const page = await lookUp(id);
    await page.getByRole("status").getByText("online, 1 connection").waitFor();
    assert.equal(await page.getByRole("heading", { level: 1 }).locator(".cut").getAttribute("title"), id);
    assert.equal(await page.locator("img[src=x]").count(), 0);
    assert.notEqual(await page.title(), "had");
    untroubled(page);
  });

  test("may be called anything at all, and is still there after a reload", async () => {
    for (const id of [".", "..", "a/b", "%2e", "ü?#&", "x".repeat(128)]) {
      const socket = await client({ user: id });
      const page = await lookUp(id);
      const online = () => page.getByRole("status").getByText("online, 1 connection").waitFor();
      await online();
      await page.reload();
      await page.getByRole("heading", { name: `User ${id}`, level: 1 }).waitFor();
      await online();
      await page.getByText("No job is kept.").waitFor();
      await startTrace(page);
      await sendFrom(page, "greeting", { to: id });
      assert.deepEqual(await socket.heard("greeting"), { to: id });
      await has(page, "Trace", (row) => /sent greeting/.test(row));
      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByRole("button", { name: "Disconnect …" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Disconnect", exact: true }).click();
      await socket.heard("disconnect");
      untroubled(page);
    }
  });

  test("has its jobs and their state, a page at a time", async () => {
    const tell = (event, data) => emit(server, "joan", event, data).then(({ status }) => assert.equal(status, 202));
    for (let job = 1; job <= 22; ++job) await tell("job_progress", { jobId: `job ${job}`, progress: job, status: "generating" });
    await tell("job_completed", { jobId: "picture", result: null });
    await tell("job_failed", { jobId: "film", error: "no paper" });
    const page = await lookUp("joan");
    await has(page, "Jobs", (row) => /^job 7 .*generating, 7 %/.test(row));
    await page.getByRole("button", { name: "Next page of jobs" }).click();
    await has(page, "Jobs", (row) => /^picture ✓ completed not yet/.test(row));
    await has(page, "Jobs", (row) => /^film ✕ failed not yet/.test(row));
    await page.getByRole("button", { name: "First page of jobs" }).click();
    await has(page, "Jobs", (row) => /^job 1 /.test(row));
    untroubled(page);
  });

  test("who is unknown is offline, and no error", async () => {
    const page = await lookUp("nobody");
    await page.getByRole("status").getByText("offline, 0 connections").waitFor();
    await page.getByText("None on this node.").waitFor();
    await page.getByText("No job is kept.").waitFor();
    await page.getByText('You asked for "nobody": case and blanks count.').waitFor();
    untroubled(page);
  });

  test("is disconnected when that was said twice", async () => {
    const socket = await client({ user: "alan" });
    const page = await lookUp("alan");
    await page.getByRole("button", { name: "Disconnect …" }).click();
    await page.getByRole("dialog", { name: "Disconnect alan?" }).getByRole("button", { name: "Cancel" }).click();
    assert.ok(socket.connected);
    await page.getByRole("button", { name: "Disconnect …" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Disconnect", exact: true }).click();
    await socket.heard("disconnect");
    await page.getByRole("status").getByText("Disconnected: 1 socket.").waitFor();
    await page.getByRole("status").getByText("offline, 0 connections").waitFor();
    untroubled(page);
  });
});

describe("a test event", { timeout: 60000 }, () => {
  test("reaches the user as it was typed", async () => {
    const socket = await client({ user: "ada" });
    const page = await lookUp("ada");
    const form = page.getByRole("form", { name: "Send a test event" });
    await form.getByLabel("Event").fill("greeting");
    await form.getByLabel("Data (JSON)").fill('{"text":"<b>Hello</b> ✓","list":[1,2.50]}');
    await form.getByRole("button", { name: "Send" }).click();
    assert.deepEqual(await socket.heard("greeting"), { text: "<b>Hello</b> ✓", list: [1, 2.5] });
    await form.getByRole("status").getByText("Sent. The user is online.").waitFor();
    untroubled(page);
  });

  test("is not sent if its data is no JSON or its name is not free, and says why beside it", async () => {
    const page = await lookUp("ada");
    let sent = 0;
    page.on("request", (request) => (sent += request.method() === "POST"));
    const form = page.getByRole("form", { name: "Send a test event" });
    await form.getByLabel("Event").fill("disconnect");
    await form.getByLabel("Data (JSON)").fill("{not JSON");
    await form.getByRole("button", { name: "Send" }).click();
    await form.getByRole("alert").getByText("Socket.IO keeps the name disconnect for itself.").waitFor();
    await form.getByRole("alert").getByText("This is not JSON").waitFor();
    assert.equal(await form.getByLabel("Data (JSON)").getAttribute("aria-invalid"), "true");
    assert.equal(sent, 0);
    untroubled(page);
  });
});

describe("a trace", { timeout: 120000 }, () => {
  test("shows what is sent and received, without its data, until it is stopped", async () => {
    const socket = await client({ user: "ada", transports: ["websocket"] });
    const page = await lookUp("ada");
    assert.equal(await startTrace(page), "0", "no data is asked for");
    await sendFrom(page, "greeting", { word: "secret-word" });
    await has(page, "Trace", (row) => /sent greeting/.test(row));
    socket.emit("jobs", {}, () => {});
    await has(page, "Trace", (row) => /received jobs/.test(row));
    assert.equal(await page.getByRole("table", { name: "Trace" }).getByText("secret-word").count(), 0);
    assert.equal(await page.getByRole("columnheader", { name: "Data" }).count(), 0);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("status").getByText(/^The trace has ended: \d+ rows?\.$/).waitFor();
    untroubled(page);
  });

  test("shows the data as text where that was asked for", async () => {
    await client({ user: "ada", transports: ["websocket"] });
    const page = await lookUp("ada");
    await page.getByRole("switch", { name: "Show data" }).check();
    await startTrace(page);
    await sendFrom(page, "greeting", { word: "<b>secret-word</b>" });
    await has(page, "Trace", (row) => /sent greeting .*<b>secret-word<\/b>/.test(row));
    await picture(page, "user");
    untroubled(page);
  });

  test("of a flood shows the newest rows and counts the others", async () => {
    await client({ user: "ada", transports: ["websocket"] });
    const page = await lookUp("ada");
    await startTrace(page);
    const flood = Array.from({ length: 1000 }, (_, number) => ({ userId: "ada", event: "flood", data: number }));
    assert.equal((await api(server, "POST", "/api/emit", flood)).status, 202);
    await sendFrom(page, "behind", null);
    await has(page, "Trace", (row) => /sent behind/.test(row));
    await page.getByRole("status").getByText(/^The trace runs: [\d,]+ rows, of which the newest 500 are shown\./).waitFor();
    assert.equal((await rowsOf(page, "Trace")).length, 500);
    untroubled(page);
  });

  test("sees an outcome confirmed, and who comes and goes", async () => {
    const page = await lookUp("edsger", { viewport: telephone, colorScheme: "dark" });
    await startTrace(page);
    const socket = await client({ user: "edsger", transports: ["websocket"] });
    await has(page, "Trace", (row) => /connected/.test(row));
    await emit(server, "edsger", "job_completed", { jobId: "picture", result: null });
    await has(page, "Trace", (row) => /sent job_completed picture/.test(row));
    await has(page, "Trace", (row) => /confirmed/.test(row));
    socket.disconnect();
    await has(page, "Trace", (row) => /disconnected/.test(row));
    await picture(page, "user");
    untroubled(page);
  });
});
