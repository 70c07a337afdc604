// The manual page and bash's completion say what the program itself says: they are made of the same tables.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

import { program } from "../support/server.mjs";

const signalbox = program("signalbox");
const said = (...args) => {
  const { status, stdout } = spawnSync(signalbox, args, { encoding: "utf8" });
  assert.equal(status, 0, args.join(" "));
  return stdout;
};
const help = said("--help");
const commands = [...help.split("Subcommands:")[1].split("\n\n")[0].matchAll(/^ {2}(\S+) /gm)].map(([, name]) => name);
const settings = [...help.matchAll(/^ {2}(--[a-z-]+) \(([A-Z_]+)\)$/gm)].map(([, flag, name]) => ({ flag, name }));
const flagsOf = (command) => [...said(command, "--help").split("\nSettings")[0].matchAll(/(--[a-z-]+)/g)].map(([, flag]) => flag);
const hasBash = spawnSync("bash", ["--version"]).status === 0;

/** What bash offers for the last of these words. */
function offered(...words) {
  const script = `${said("completion")}\nCOMP_WORDS=("$@") COMP_CWORD=$(($# - 1))\n_signalbox\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync("bash", ["-uc", script, "bash", "signalbox", ...words], { encoding: "utf8" });
  assert.deepEqual([status, stderr], [0, ""]);
  return stdout.split("\n").filter(Boolean);
}

test("the help has commands and settings to compare with", () => {
  assert.ok(commands.includes("serve") && commands.includes("doctor") && commands.length >= 8, String(commands));
  assert.ok(settings.length > 80);
});

test("bash offers every command, and of each its own flags and all settings", { skip: !hasBash && "there is no bash" }, () => {
  assert.deepEqual(offered(""), [...commands, "--help", "--version"]);
  assert.deepEqual(offered("doc"), ["doctor"]);
  for (const command of commands) {
    const flags = offered(command, "--");
    for (const flag of [...flagsOf(command), ...settings.map(({ flag }) => flag)]) assert.ok(flags.includes(flag), `${command} ${flag}`);
  }
  assert.deepEqual(offered("serve", "--log-format", ""), ["text", "json"]);
});

test("the manual page has every command with its flags, and every setting", () => {
  const page = said("man").replaceAll("\\-", "-");
  for (const command of commands) {
    assert.ok(page.includes(`\\fB${command}\\fR`), command);
    for (const flag of flagsOf(command)) assert.ok(page.includes(flag), `${command} ${flag}`);
  }
  for (const { flag, name } of settings) assert.ok(page.includes(flag) && page.includes(name), name);
});

test("the manual page is one that man reads without a warning", { skip: spawnSync("groff", ["--version"]).status !== 0 && "groff is not installed" }, () => {
  const { status, stdout, stderr } = spawnSync("groff", ["-man", "-Tutf8", "-ww", "-P-c"], { input: said("man"), encoding: "utf8" });
  assert.deepEqual([status, stderr], [0, ""]);
  assert.match(stdout, / signalbox - \S/);
});
