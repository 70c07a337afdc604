// GET /metrics, as Prometheus and whoever watches a server see it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { checks, hasPromtool, values, withPromtool } from "../support/prometheus.mjs";
import { freePort } from "../support/server.mjs";
import { api, apiKey, connect, emit, eventually, login, startProgram, upgraded } from "./support.mjs";

describe("GET /metrics", { timeout: 60000 }, () => {
  let server, metricsUrl, folder;
  const scrape = async () => {
    const response = await fetch(metricsUrl);
    assert.equal(response.status, 200);
    return response.text();
  };
  /** Once it says so. */
  const reads = (fits) => eventually(async () => {
    const now = values(await scrape());
    return fits(now) && now;
  });
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "signalbox-metrics-"));
    const port = await freePort();
    server = await startProgram({ METRICS_PORT: String(port), DATA_DIR: folder });
    metricsUrl = `http://127.0.0.1:${port}/metrics`;
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  test("is in the text format 0.0.4, and promtool finds nothing wrong with it", withPromtool, async () => {
    const response = await fetch(metricsUrl);
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert.deepEqual(checks(["metrics"], await response.text()), { status: 0, said: "" });
  });

  test("says under load what goes on: users, transports, logins, events, commits and receipts", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `user ${i}`);
    const sockets = await Promise.all(names.map((user) => login(server, { user })));
    await Promise.all(sockets.map(upgraded));
    const polling = await login(server, { user: "ada", transports: ["polling"] });
    const before = await reads((now) => now.signalbox_users_online === 21 && now.signalbox_websockets === 20 && now.signalbox_sessions === 21);
    assert.ok(before.signalbox_login_seconds_count >= 21);

    const rounds = 30;
    const work = async (user) => {
      for (let step = 0; step < rounds; ++step) await emit(server, user, "job_progress", { jobId: "7", progress: step });
      await emit(server, user, "job_completed", { jobId: "7", result: null });
    };
    await Promise.all(names.map(work));
    if (hasPromtool) assert.deepEqual(checks(["metrics"], await scrape()), { status: 0, said: "" });
    await Promise.all(sockets.map((socket) => socket.heard("job_completed")));
    const now = await reads((now) => now.signalbox_receipt_seconds_count - before.signalbox_receipt_seconds_count >= 20);
    const events = (rounds + 1) * names.length;
    assert.ok(now.signalbox_delivery_seconds_count - before.signalbox_delivery_seconds_count >= events);
    assert.ok(now.signalbox_commit_seconds_count > before.signalbox_commit_seconds_count);
    assert.ok(now.signalbox_turn_seconds_count > before.signalbox_turn_seconds_count);
    assert.ok(now.signalbox_turn_seconds_sum < 60 && now.signalbox_delivery_seconds_sum > 0);
    assert.ok(now.signalbox_cpu_seconds_total > 0 && now.signalbox_resident_memory_bytes > 1e6);
    sockets.forEach((socket) => socket.disconnect());
    polling.disconnect();
    const left = await reads((now) => now.signalbox_users_online === 0 && now.signalbox_sessions === 0 && now.signalbox_websockets === 0);
    assert.equal(left.signalbox_ready, 1);
  });

  test("is answered all through a burst: each text is whole, no count falls, and none waits for the burst's end", async () => {
    const names = Array.from({ length: 10 }, (_, i) => `reader ${i}`), mostRequests = 500, wanted = 5;
    const sockets = await Promise.all(names.map((user) => login(server, { user, transports: ["websocket"] })));
    const first = await scrape(), shape = (text) => [...text.matchAll(/^# TYPE .*$/gm)].join("\n");
    const told = (now) => now.signalbox_delivery_seconds_count;
    /** Asks until it has seen the burst go on so often, and tells all that it saw. */
    const watch = async () => {
      const seen = [values(first)];
      while (new Set(seen.map(told)).size < wanted) {
        const text = await scrape();
        assert.equal(shape(text), shape(first));
        assert.ok(text.endsWith("\n"));
        seen.push(values(text));
      }
      return seen;
    };
    let watching = 3;
    const watchers = Promise.all([1, 2, 3].map(() => watch().finally(() => --watching)));
    const work = async (userId) => {
      for (let request = 0; watching > 0; ++request) {
        assert.ok(request < mostRequests, "the burst is over, and somebody still waits for an answer");
        const events = Array.from({ length: 100 }, (_, step) => ({ userId, event: "job_progress", data: { jobId: `${step}`, progress: request } }));
        assert.equal((await api(server, "POST", "/api/emit", events)).status, 202);
      }
    };
    await Promise.all(names.map(work));
    for (const seen of await watchers) {
      const counts = Object.keys(seen[0]).filter((name) => /_total\b|_bucket\b|_count$/.test(name));
      assert.ok(counts.length > 50);
      for (let i = 1; i < seen.length; ++i) for (const name of counts) assert.ok(seen[i][name] >= seen[i - 1][name], `${name} fell from ${seen[i - 1][name]} to ${seen[i][name]}`);
    }
    sockets.forEach((socket) => socket.disconnect());
  });

  test("names no user", async () => {
    const socket = await login(server, { user: "someone secret" });
    await emit(server, "someone secret", "job_failed", { jobId: "a job of theirs" });
    assert.doesNotMatch(await scrape(), /someone|a job of theirs/);
    socket.disconnect();
  });

  test("counts refused logins by what was wrong with the token", async () => {
    const before = values(await scrape());
    const socket = connect(server, { auth: { token: "no token" } });
    await socket.heard("unauthorized");
    const series = 'signalbox_logins_refused_total{reason="malformed"}';
    await reads((now) => now[series] === before[series] + 1);
  });

  test("takes a HEAD, and no other method", async () => {
    const head = await fetch(metricsUrl, { method: "HEAD" });
    assert.equal(head.status, 200);
    assert.ok(Number(head.headers.get("content-length")) > 1000);
    const post = await fetch(metricsUrl, { method: "POST", body: "x" });
    assert.deepEqual([post.status, post.headers.get("allow")], [405, "GET, HEAD"]);
  });

  test("is all that there is at METRICS_PORT: neither clients nor workers are served there", async () => {
    for (const path of ["/", "/healthz", "/api/presence", "/socket.io/?EIO=4&transport=polling", "/socket.io/socket.io.js"]) {
      const response = await fetch(new URL(path, metricsUrl), { headers: { Authorization: `Bearer ${apiKey}` } });
      assert.equal(response.status, 404, path);
    }
  });

  test("is at PORT as well, for whoever has API_KEY", async () => {
    const url = `${server.url}/metrics`;
    assert.equal((await fetch(url)).status, 401);
    const response = await fetch(url, { headers: { Authorization: `Bearer ${apiKey}` } });
    assert.equal(response.status, 200);
    assert.match(await response.text(), /^signalbox_users_online \d+$/m);
  });

  test("is answered to nobody where neither METRICS_PORT nor API_KEY is set", async () => {
    const closed = await startProgram({ API_KEY: "" });
    assert.equal((await fetch(`${closed.url}/metrics`)).status, 403);
    await closed.stop();
  });

  test("says that the server is not ready once it has been told to end", async () => {
    const port = await freePort();
    const ending = await startProgram({ METRICS_PORT: String(port), SHUTDOWN_DELAY_MS: "60000" });
    ending.child.kill("SIGTERM");
    await eventually(async () => values(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).signalbox_ready === 0);
    await ending.stop();
  });
});
