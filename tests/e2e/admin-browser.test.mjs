// The admin page in a headless Chromium: the login, the overview on a telephone's and a desk's width, the keyboard alone.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { adminKey, client, desk, enter, has, lookUp, open, opened, overview, picture, server, telephone, tile, untroubled } from "./admin-window.mjs";
import { connect, eventually, token } from "./support.mjs";

describe("the login", { timeout: 60000 }, () => {
  test("asks for the key, says that a wrong one is wrong, and lets the right one in", async () => {
    const page = await open();
    await enter(page, "not the key at all");
    await page.getByRole("alert").getByText("This is not the admin key.").waitFor();
    await enter(page);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    assert.deepEqual(page.complaints.filter((line) => !/401/.test(line)), [], "Chromium itself names the refused login");
  });

  test("is kept over a reload and ended by Log out", async () => {
    const page = await overview();
    await page.reload();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("heading", { name: "Signalbox admin" }).waitFor();
    await page.reload();
    await page.getByLabel("Admin key").waitFor();
    assert.equal(await page.evaluate(async () => (await fetch("data/overview")).status), 401, "the cookie counts no more");
  });

  test("that has ended leads back to the form, which says so", async () => {
    const page = await overview();
    await page.context().clearCookies();
    await page.getByRole("alert").getByText("Your login has ended. Log in again.").waitFor();
    await enter(page);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  });
});

describe("the overview", { timeout: 120000 }, () => {
  test("says in words how the server is", async () => {
    const page = await overview();
    const health = page.getByRole("region", { name: "Health" });
    await health.getByText("All is well.").waitFor();
    for (const words of ["takes connections", "writes to the disk", "not used", "this one alone"]) await health.getByText(words).waitFor();
    untroubled(page);
  });

  test("moves when users come and go", async () => {
    const page = await overview();
    await tile(page, "Users online").getByText("0", { exact: true }).waitFor();
    const sockets = await Promise.all(["ada", "grace", "alan"].map((user) => client({ user })));
    await tile(page, "Users online").getByText("3", { exact: true }).waitFor();
    sockets[0].disconnect();
    await tile(page, "Users online").getByText("2", { exact: true }).waitFor();
    untroubled(page);
  });

  test("says why a login was refused, and not with what token", async () => {
    const page = await overview();
    const wrong = token({ id: "mallory" }, { key: "another secret of thirty-two bytes" });
    const socket = connect(server, { auth: { token: wrong } });
    opened.push(() => socket.disconnect());
    const row = await has(page, "Last refusals", (text) => /Login/.test(text) && /signature/i.test(text));
    assert.ok(!row.includes(wrong), row);
    untroubled(page);
  });

  test("draws the last hour, each chart with axes, its last value and a text", async () => {
    await client({ user: "ada" });
    const page = await overview();
    const chart = page.getByRole("figure").filter({ hasText: "Users online" });
    await eventually(async () => /[ML].*L/.test((await chart.locator("path.line").first().getAttribute("d", { timeout: 500 }).catch(() => "")) ?? ""), 40000);
    assert.match(await chart.getByRole("img").getAttribute("aria-label"), /^Users online: \d+ now; in the last .*minute.* between \d+ and \d+\.$/);
    assert.ok((await chart.locator(".axis text").count()) >= 2, "the axis of values");
    assert.ok((await chart.locator("text.time").count()) >= 1, "the axis of time");
    await chart.getByRole("strong").or(chart.locator("strong")).getByText(/^\d+$/).waitFor();
    assert.equal(await page.getByRole("figure").count(), 10);
    untroubled(page);
  });

  test("asks the server while it is visible, and not while it is hidden", async () => {
    const page = await overview();
    let asked = 0;
    page.on("request", () => ++asked);
    await eventually(() => asked > 1, 10000);
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await page.waitForLoadState("networkidle");
    asked = 0;
    await page.waitForTimeout(5500); // longer than any of its pauses
    assert.equal(asked, 0);
    await page.evaluate(() => {
      delete document.hidden;
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await eventually(() => asked > 3);
    untroubled(page);
  });

  test("says that the server does not answer, and goes on when it does", async () => {
    const page = await overview();
    await page.context().setOffline(true);
    await page.getByRole("alert").getByText("The server does not answer.").waitFor();
    const health = page.getByRole("region", { name: "Health" });
    await health.getByText("Not known: the server does not answer.").waitFor();
    assert.equal(await health.getByText("All is well.").count(), 0, "of what was heard last nobody knows whether it is still so");
    await page.getByRole("region", { name: "Last refusals", exact: true }).getByText("This was heard before.").waitFor();
    await page.context().setOffline(false);
    await health.getByText("All is well.").waitFor();
    await page.getByText("The server does not answer.").first().waitFor({ state: "detached" });
  });

  for (const [viewport, colorScheme] of [[desk, "light"], [telephone, "dark"], [{ width: 360, height: 740 }, "light"]])
    test(`fits a window of ${viewport.width} pixels`, async () => {
      const page = await overview({ viewport, colorScheme });
      await page.getByRole("figure").first().waitFor({ timeout: 40000 });
      await page.getByRole("heading", { name: "Nodes" }).waitFor();
      await picture(page, "overview");
      untroubled(page);
    });
});

describe("by keyboard alone", { timeout: 60000 }, () => {
  /** Presses Tab until that has the focus. */
  async function tabTo(page, locator) {
    for (let presses = 0; presses < 60; ++presses) {
      if (await locator.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`Tab does not come to ${locator}`);
  }

  test("from the login over a look-up to a trace and back out", async () => {
    await client({ user: "ada" });
    const page = await open();
    await page.getByLabel("Admin key").waitFor();
    await page.keyboard.type(adminKey); // the field has the focus
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await tabTo(page, page.getByRole("link", { name: "Users", exact: true }));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Users", exact: true }).waitFor();
    await tabTo(page, page.getByLabel("User id"));
    await page.keyboard.type("ada");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "User ada" }).waitFor();
    await tabTo(page, page.getByRole("button", { name: "Trace for 60 s" }));
    await page.keyboard.press("Space");
    await page.getByRole("status").getByText(/^The trace runs/).waitFor();
    await tabTo(page, page.getByRole("button", { name: "Stop" }));
    await page.keyboard.press("Space");
    await page.getByRole("status").getByText(/^The trace has ended/).waitFor();
    await tabTo(page, page.getByRole("button", { name: "Log out" }));
    await page.keyboard.press("Enter");
    await page.getByLabel("Admin key").waitFor();
    untroubled(page);
  });

  test("everything that can be used has a name, and the page its landmarks", async () => {
    await client({ user: "ada" });
    const page = await lookUp("ada");
    await has(page, "Sockets", () => true);
    for (const landmark of ["banner", "main", "contentinfo"]) assert.equal(await page.getByRole(landmark).count(), 1, landmark);
    await page.getByRole("navigation", { name: "Views" }).waitFor();
    for (const role of ["button", "link", "textbox", "switch", "table", "region"])
      for (const element of await page.getByRole(role).all())
        assert.equal(await page.getByRole(role, { name: /\S/ }).and(element).count(), 1, `${role}: ${await element.evaluate((e) => e.outerHTML)}`);
    untroubled(page);
  });
});

// The last one, for nobody logs in for a minute behind it.
test("too many wrong keys: the form says when to try again", { timeout: 60000 }, async () => {
  const page = await open();
  const said = page.getByRole("alert");
  for (let tries = 0; tries < 11; ++tries) {
    await enter(page, `wrong ${tries}`);
    await page.getByRole("button", { name: "Log in" }).waitFor();
    await said.getByText(/./).waitFor();
  }
  await said.getByText(/^Too many wrong keys from your address\. Try again in \d+ seconds\.$/).waitFor();
});
