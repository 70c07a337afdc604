// The package as users get it: what is in the tarball, and that it runs where it is installed.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";

import { required } from "./blocks.mjs";
import { client, folder, here, program } from "./support.mjs";
import { install, pack } from "./tarball.mjs";

const root = path.join(here, "..");
const text = (...file) => fs.readFileSync(path.join(root, ...file), "utf8");

const work = fs.mkdtempSync(path.join(os.tmpdir(), "signalbox-packed-"));
const packed = pack(work);
after(() => fs.rmSync(work, { recursive: true }));

describe("the tarball", () => {
  execFileSync("tar", ["-xzf", packed.file, "-C", work, "package/package.json"]);
  const manifest = JSON.parse(fs.readFileSync(path.join(work, "package", "package.json"), "utf8"));

  test("has what the package is, and nothing that it is built and tested with", () => {
    const outside = /^(src|test|build|node_modules|\.)|CMakeLists|(settings|prepack)\.mjs$|package-lock|\.tgz$|\.hpp$|\.cpp$/;
    assert.deepEqual(packed.files.filter((file) => outside.test(file)), []);
    const kinds = /^(package\.json|README\.md|LICENSE|THIRD-PARTY-NOTICES\.md|(index|config|utils)\.(cjs|mjs|d\.ts|d\.mts)|options\.d\.m?ts|lib\/.*\.(cjs|json)|browser\/.*|prebuilds\/linux-(x64|arm64)\/signalbox\.node)$/;
    assert.deepEqual(packed.files.filter((file) => !kinds.test(file)), []);
    for (const file of ["README.md", "LICENSE", "THIRD-PARTY-NOTICES.md", "prebuilds/linux-x64/signalbox.node"]) assert.ok(packed.files.includes(file), file);
  });
  test("has every file that it exports", () => {
    const targets = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(targets));
    for (const file of [manifest.main, manifest.module, manifest.types, ...targets(manifest.exports)]) assert.ok(packed.files.includes(file.replace("./", "")), file);
  });
  test("runs nothing when it is installed", () => {
    for (const script of ["preinstall", "install", "postinstall", "prepare"]) assert.equal(manifest.scripts?.[script], undefined, script);
    assert.equal(manifest.gypfile, false);
    assert.ok(!packed.files.includes("binding.gyp"));
    assert.equal(manifest.dependencies, undefined);
  });
  test("has at most 10 MB", () => assert.ok(packed.size <= 10e6, `${packed.size}`));
  test("has the version of the project", () => assert.match(text("..", "CMakeLists.txt"), new RegExp(`project\\(signalbox VERSION ${manifest.version.replaceAll(".", "\\.")}\\b`)));
});

describe("the addon", () => {
  const symbols = (which) =>
    execFileSync("nm", ["-D", which, path.join(root, "prebuilds", "linux-x64", "signalbox.node")], { encoding: "utf8" })
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).pop());
  const parts = (version) => version.split(".").map(Number);

  test("wants nothing but Node-API and a C library of 2.34 or older", () => {
    const weak = new Set(["_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable", "__gmon_start__", "__cxa_pure_virtual"]);
    const strange = symbols("--undefined-only").filter((symbol) => {
      const glibc = /@GLIBC_([\d.]+)$/.exec(symbol);
      if (!glibc) return !symbol.startsWith("napi_") && !weak.has(symbol);
      const [major, minor] = parts(glibc[1]);
      return major > 2 || minor > 34;
    });
    assert.deepEqual(strange, []);
  });
  test("shows nothing but its registration", () => assert.deepEqual(symbols("--defined-only").sort(), ["napi_register_module_v1", "node_api_module_get_api_version_v1"]));
});

describe("installed in an empty folder, README's server", () => {
  const block = /```js\n(\/\/ server\.mjs[\s\S]*?)```/.exec(text("README.md"))[1];
  const listens = block.replace("server.listen(3000)", 'server.listen(0, "127.0.0.1", () => console.log("port", server.address().port))');
  for (const type of ["mjs", "cjs"]) {
    test(`runs (${type})`, async (t) => {
      const cwd = folder(t);
      install(cwd, packed.file, "express");
      const { line } = program(t, type === "mjs" ? listens : required(listens), { type, cwd, place: cwd });
      const url = `http://127.0.0.1:${(await line(/port (\d+)/))[1]}`;
      const user = await client(t, url, "42");
      const completed = new Promise((resolve) => user.once("job_completed", resolve));
      assert.deepEqual(await (await fetch(`${url}/jobs/7/done`, { method: "POST" })).json(), { online: true });
      assert.deepEqual(await completed, { jobId: "7", result: { imageUrl: "/cat.png" } });
    });
  }
});

describe("the types", () => {
  test("take a program that uses all of the package, and find its mistakes, in both module systems", (t) => {
    const places = ["mts", "cts"].map((type) => path.join(here, `.types-${process.pid}.${type}`));
    t.after(() => places.forEach((place) => fs.rmSync(place)));
    places.forEach((place) => fs.copyFileSync(path.join(here, "types.ts"), place));
    const options = "--noEmit --strict --exactOptionalPropertyTypes --skipLibCheck false --module nodenext --target es2022 --types node".split(" ");
    const tsc = path.join(here, "node_modules", "typescript", "bin", "tsc");
    const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, ...places], { cwd: here, encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });
});

test("what the package knows of settings is what the engine's own table says", async () => {
  const { default: files } = await import("../settings.mjs");
  for (const [file, generated] of Object.entries(files)) assert.equal(text(file), generated, `node settings.mjs writes ${file}`);
});
