// Python with Celery, python-socketio, RQ and arq as they are on PyPI, in a folder beside this file that is made when it is first wanted.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { eventually, Inbox } from "../e2e/support.mjs";

const folder = fileURLToPath(new URL(".", import.meta.url));
const place = `${folder}.venv`, done = `${place}/requirements.txt`, requirements = `${folder}requirements.txt`;
export const python = `${place}/bin/python`;

/** Why tests that want it are skipped, or false. */
function made() {
  const wanted = readFileSync(requirements, "utf8");
  if (existsSync(done) && readFileSync(done, "utf8") === wanted) return false;
  const run = (program, ...args) => execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"], timeout: 300000 });
  try {
    rmSync(place, { recursive: true, force: true });
    run("/usr/bin/python3", "-m", "venv", place);
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements);
    writeFileSync(done, wanted);
    return false;
  } catch (error) {
    return `no python3-venv, or no PyPI: ${String(error.stderr || error.message).trim().split("\n").at(-1)}`;
  }
}
export const skipWithoutPython = made();

/** A program of Python in workers/, which ends with the test. `order(line)` gives it a line and tells the one that it answers. */
export function startPython(t, args, env = {}) {
  const child = spawn(python, args, { cwd: `${folder}workers`, env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: "1", ...env }, stdio: ["pipe", "pipe", "pipe"] });
  const lines = new Inbox();
  child.log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (child.log += text));
  createInterface({ input: child.stdout }).on("line", (line) => lines.put(line));
  const ended = once(child, "exit");
  t.after(() => (child.kill("SIGKILL"), ended));
  child.said = (pattern) =>
    eventually(() => child.log.match(pattern) ?? (child.exitCode !== null && assert.fail(`it ended without ${pattern}: ${child.log}`)), 30000);
  child.order = async (line) => {
    child.stdin.write(`${line}\n`);
    return lines.take(undefined, 20000).catch(() => assert.fail(child.log));
  };
  return child;
}
