// An example as somebody has it who has cloned the repository: installed and started by its two commands.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { freePort } from "./server.mjs";

const repository = fileURLToPath(new URL("../../", import.meta.url));
const leftBehind = ["node_modules", "build", "queue", "signalbox-data", ".env"]; // by whoever has run it in the repository

export class Example {
  #clone = mkdtempSync(join(tmpdir(), "signalbox-clone-"));
  #child;
  #ended;

  /** Copies examples/NAME into a folder of its own, which remove() takes away. */
  constructor(name) {
    this.folder = join(this.#clone, "examples", name);
    cpSync(join(repository, "examples", name), this.folder, { recursive: true, filter: (file) => !leftBehind.includes(basename(file)) });
    symlinkSync(join(repository, "node"), join(this.#clone, "node")); // the package, for an example that uses it
  }

  /** Installs and starts it; its `url` is there then. */
  async start(env) {
    execFileSync("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: this.folder });
    const environment = { PATH: process.env.PATH, HOME: process.env.HOME, PORT: String(await freePort()), ...env };
    this.#child = spawn("npm", ["start"], { cwd: this.folder, env: environment, detached: true, stdio: ["ignore", "pipe", "inherit"] });
    this.#ended = once(this.#child, "exit");
    const address = new Promise((found) => this.#child.stdout.on("data", (text) => /http:/.test(text) && found(`${text}`.match(/http:\S+/)[0])));
    this.url = await Promise.race([address, this.#ended.then(([code]) => assert.fail(`npm start ended with ${code}`))]);
  }

  /** Its processes that run that program; all of them where none is named. */
  processes(program = "") {
    return readdirSync("/proc").filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === this.folder && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(program);
      } catch {
        return false; // no process, or it has just ended
      }
    });
  }

  /** Ctrl-C: a terminal sends it to each of its processes. Waits for the one that was started. */
  async interrupt() {
    process.kill(-this.#child.pid, "SIGINT");
    await this.#ended;
  }

  remove() {
    for (const pid of this.processes()) process.kill(pid, "SIGKILL"); // none, unless a test has failed
    rmSync(this.#clone, { recursive: true, force: true });
  }
}
