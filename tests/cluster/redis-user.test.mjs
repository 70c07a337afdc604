// The user of Redis that docs/scaling.md gives to nodes may do all that a node does.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { api, eventually, login } from "../e2e/support.mjs";
import { RedisServer } from "../support/redis_server.mjs";
import { startServer } from "../support/server.mjs";
import { common, goneMs, nodesOf, skip } from "./cluster.mjs";

const [, rights] = /^ACL SETUSER signalbox on >PASSWORD ([^`]+)/m.exec(readFileSync(new URL("../../docs/scaling.md", import.meta.url), "utf8"));

for (const subscribe of ["users", "all"]) {
  test(`nodes with REDIS_SUBSCRIBE=${subscribe} are refused nothing by Redis`, { skip }, async () => {
    const redis = await RedisServer.start();
    const data = mkdtempSync(join(tmpdir(), "signalbox-node-"));
    const start = (name) =>
      startServer("signalbox", ["serve"], { ...common, REDIS_URL: redis.url.replace("//", "//signalbox:secret@"), REDIS_SUBSCRIBE: subscribe, DATA_DIR: join(data, name) });
    const servers = [];
    try {
      await redis.command("ACL", "SETUSER", "signalbox", "on", ">secret", ...rights.trim().split(/\s+/));
      servers.push(await start("a"), await start("b"));
      const [a, b] = servers;
      await eventually(async () => (await nodesOf(a).catch(() => [])).length === 2);
      const emit = (userId, event, data) => api(a, "POST", "/api/emit", { userId, event, data });
      const ada = await login(b, { user: "ada" });
      await emit("ada", "job_progress", { jobId: "1", progress: 5 });
      await emit("ada", "job_completed", { jobId: "1", result: null });
      await emit("alan", "job_failed", { jobId: "2", error: "none" });
      await ada.heard("job_completed");
      const alan = await login(b, { user: "alan" });
      await alan.heard("job_failed");
      await eventually(async () => (await api(a, "GET", "/api/users/alan/jobs/2")).body.had, 5000); // its receipt came back
      await b.stop("SIGKILL");
      await eventually(async () => (await api(a, "GET", "/api/presence")).body.count === 0, goneMs + 5000); // and its users were taken out
      assert.equal(await redis.command("ACL", "LOG"), "");
      ada.disconnect();
      alan.disconnect();
    } finally {
      for (const { child } of servers) child.kill("SIGKILL");
      await redis.stop();
      rmSync(data, { recursive: true, force: true });
    }
  });
}
