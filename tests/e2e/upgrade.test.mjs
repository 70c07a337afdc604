// A store that the program of an earlier version has made, and left behind when it was killed, is opened by this one: every
// unread outcome is told once to the real client. stores/README.md says how these files were made.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

import { SteppedClock } from "../support/stepped_clock.mjs";
import { received, unread, users } from "./stores/contents.mjs";
import { api, connect, emit, eventually, startProgram } from "./support.mjs";

const stores = fileURLToPath(new URL("stores", import.meta.url));
const versions = readdirSync(stores).filter((name) => statSync(join(stores, name)).isDirectory());
const unpacked = (version, file) => gunzipSync(readFileSync(join(stores, version, `${file}.gz`)));
const minute = 60_000;

/** A server that opens a copy of that store, a minute after that was left behind. */
async function open(t, version, files = ["outcomes.db", "outcomes.db-wal"]) {
  const data = mkdtempSync(join(tmpdir(), "signalbox-upgrade-"));
  for (const file of files) writeFileSync(join(data, file), unpacked(version, file));
  const made = Number(readFileSync(join(stores, version, "made"), "utf8"));
  const clock = new SteppedClock();
  clock.set(made + minute - Date.now());
  const place = { made, start: async () => (place.server = await startProgram({ DATA_DIR: data, OUTCOME_REPLAY_MS: "0", ...clock.env }, place.server?.port)) };
  t.after(async () => {
    await place.server?.stop("SIGKILL");
    clock.close();
    rmSync(data, { recursive: true });
  });
  await place.start();
  return place;
}

/** What a login tells of outcomes, up to an event behind them. */
async function told(server, user) {
  const socket = connect(server, { user });
  await socket.heard("authenticated");
  assert.equal((await api(server, "POST", "/api/emit", { userId: user, event: "behind" })).status, 202);
  await socket.heard("behind");
  const outcomes = socket.inbox.all.filter(({ name }) => /^job_/.test(name));
  await eventually(async () => (await keptOf(server, user)).every(({ had }) => had));
  socket.disconnect();
  return outcomes;
}
const toldToAll = (server) => Promise.all(users.map((user) => told(server, user)));
const nothing = users.map(() => []);
const keptOf = async (server, user) => (await api(server, "GET", `/api/users/${encodeURIComponent(user)}/jobs`)).body;

test("there is a store of each format that the program knows", () => {
  const known = Number(/kFormat = (\d+)/.exec(readFileSync(new URL("../../src/store/file_format.hpp", import.meta.url), "utf8"))[1]);
  const formats = versions.map((version) => unpacked(version, "outcomes.db").readUInt32BE(60)); // the header's user_version
  assert.deepEqual([...new Set(formats)].sort(), Array.from({ length: known }, (_, i) => i + 1));
});

for (const version of versions)
  describe(`the store of ${version}`, () => {
    test("is told to each user once, in order and whole, and stays told", async (t) => {
      const place = await open(t, version);
      assert.deepEqual(await toldToAll(place.server), users.map(unread));
      assert.deepEqual(await toldToAll(place.server), nothing);
      assert.equal((await emit(place.server, "nobody", "job_completed", { jobId: "next" })).status, 202); // receipts are written with it
      await place.server.stop("SIGKILL");
      await place.start();
      assert.deepEqual(await toldToAll(place.server), nothing);
    });

    test("keeps what it was: what was received, and when each outcome came", async (t) => {
      const { made, server } = await open(t, version);
      const kept = await keptOf(server, received.userId);
      assert.deepEqual(kept.map(({ jobId, had }) => [jobId, had]), [["received", true], ["unread", false]]);
      for (const user of users)
        for (const { time } of await keptOf(server, user)) assert.ok(time <= made && time > made - minute, `${time}, and the store is of ${made}`);
    });

    test("was left behind by a kill: its newest outcomes are in outcomes.db-wal alone", async (t) => {
      const { server } = await open(t, version, ["outcomes.db"]);
      assert.equal((await keptOf(server, "ada")).length, unread("ada").length);
      assert.deepEqual(await keptOf(server, "lin"), []);
    });
  });
