// `signalbox doctor` as a user calls it, and what it found.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { program } from "../support/server.mjs";

/** Runs the program in an empty folder, with nothing in the environment but `env`, and this on its standard input. */
export async function run(args, env = {}, input = "") {
  const cwd = mkdtempSync(join(tmpdir(), "signalbox-doctor-"));
  const child = spawn(program("signalbox"), args, { cwd, env, stdio: ["pipe", "pipe", "pipe"], timeout: 240000 });
  let out = "", err = "";
  child.stdout.on("data", (data) => (out += data));
  child.stderr.on("data", (data) => (err += data));
  child.stdin.on("error", () => {}).end(input);
  const [code] = await once(child, "close");
  rmSync(cwd, { recursive: true });
  return { code, out, err };
}

/** Its exit code, all findings, what hurts (a sentence and its remedy, by the check's name), and the state of each check. */
export async function examine(url, args = [], env = {}) {
  const { code, out, err } = await run(["doctor", url, "--json", ...args], env);
  if (!out) throw new Error(`the doctor ended with ${code}: ${err}`);
  const { findings } = JSON.parse(out);
  const hurts = Object.fromEntries(findings.filter(({ state }) => state === "hurts").map(({ check, what, remedy }) => [check, `${what} ${remedy}`]));
  return { code, out, findings, hurts, states: Object.fromEntries(findings.map(({ check, state }) => [check, state])) };
}
