// What the packages bring along beside the program: the manual page, the documents and bash's completion.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";

import { folder, output, unpackedDeb } from "./packages.mjs";

const unpacked = await unpackedDeb();

describe("the manual page", () => {
  let path;
  before(() => {
    path = join(folder(), "signalbox.1");
    writeFileSync(path, gunzipSync(readFileSync(join(unpacked, "usr/share/man/man1/signalbox.1.gz"))));
  });

  test("is formatted without a warning", async () => {
    for (const [command, args] of [["man", ["--warnings", "--encoding=utf8", "--local-file", path]], ["groff", ["-man", "-ww", "-Tutf8", path]]]) {
      const { stderr } = await promisify(execFile)(command, args, { env: { PATH: process.env.PATH, MANWIDTH: "80", LC_ALL: "C.UTF-8" } });
      assert.equal(stderr, "", command);
    }
  });

  test("has every command and every setting that --help has", async () => {
    const program = join(unpacked, "usr/bin/signalbox");
    const help = await output(program, ["--help"]);
    const shown = await output("man", ["--local-file", path], { env: { PATH: process.env.PATH, MANWIDTH: "1000", LC_ALL: "C.UTF-8" } });
    const commands = [...help.split("Subcommands:")[1].split("\n\n")[0].matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name);
    const settings = [...help.matchAll(/^ {2}(--\S+) \((\w+)\)$/gm)];
    assert.ok(commands.length >= 7 && settings.length >= 70, `${commands.length}, ${settings.length}`);
    for (const name of commands) assert.match(shown, new RegExp(`^ +${name}\\b`, "m"));
    for (const [, flag, name] of settings) assert.ok(shown.includes(`${flag}, ${name}`), name);
  });
});

describe("the documents", () => {
  test("are there wherever --help refers to one", async () => {
    const help = await output(join(unpacked, "usr/bin/signalbox"), ["--help"]);
    const named = [...new Set([...help.matchAll(/docs\/[a-z-]+\.md/g)].map(([path]) => path)), "docs/troubleshooting.md"];
    assert.ok(named.length > 2, `${named}`);
    for (const path of named) assert.ok(existsSync(join(unpacked, "usr/share/doc/signalbox", path)), path);
  });

  test("have the pictures and the documents beside them that they refer to", () => {
    const folder = join(unpacked, "usr/share/doc/signalbox/docs");
    const refers = readdirSync(folder).filter((name) => name.endsWith(".md"))
      .flatMap((name) => [...readFileSync(join(folder, name), "utf8").matchAll(/\]\(((?:images\/)?[\w-]+\.(?:md|png|svg|yaml))[)#]/g)].map(([, path]) => path));
    assert.ok(refers.includes("images/admin.png"), `${refers}`);
    for (const path of new Set(refers)) assert.ok(existsSync(join(folder, path)), path);
  });
});

describe("bash completes", () => {
  const script = join(unpacked, "usr/share/bash-completion/completions/signalbox");

  /** What bash offers for the last of these words. */
  const offered = async (...words) => {
    const code = '. "$1"; shift; COMP_WORDS=(signalbox "$@"); COMP_CWORD=$#; _signalbox; printf "%s\\n" "${COMPREPLY[@]}"';
    return (await output("bash", ["--norc", "-c", code, "bash", script, ...words])).split("\n").filter(Boolean);
  };

  test("commands", async () => {
    assert.deepEqual(await offered("in"), ["init"]);
    assert.ok((await offered("")).includes("serve"));
    assert.deepEqual((await offered("")).filter((word) => ["man", "completion", "config-doc"].includes(word)), [], "which are hidden");
  });
  test("a command's own flags", async () => assert.deepEqual(await offered("token", "--us"), ["--user", "--user-id-claims"]));
  test("settings", async () => assert.deepEqual(await offered("serve", "--log-"), ["--log-level", "--log-format"]));
  test("the words of a setting", async () => {
    assert.deepEqual(await offered("serve", "--log-format", ""), ["text", "json"]);
    assert.deepEqual(await offered("--require-exp", "o"), ["on", "off"]);
  });
});
