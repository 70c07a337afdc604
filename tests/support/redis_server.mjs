// A real redis-server of a test's own, in a temporary folder, to which anything may happen.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { freePort, pause } from "./server.mjs";

export const redisProgram = "/usr/bin/redis-server";
const client = "/usr/bin/redis-cli";

/** Why tests that want Redis are skipped, or false. */
export const skipWithoutRedis = ![redisProgram, client].every(existsSync) && `${redisProgram} is not installed`;

/** The answer to a command, as redis-cli prints it; rejects with what Redis says where that is an error. */
export async function redisCommand(port, ...words) {
  const { stdout } = await promisify(execFile)(client, ["-p", String(port), "-e", ...words.map(String)]).catch((error) => {
    throw new Error(error.stderr || error.message);
  });
  return stdout.trimEnd();
}

export class RedisServer {
  #settings;
  #ended;

  /** `appendonly`: every write is on the disk before its answer. `settings` are lines of redis.conf, `users` of an ACL file. */
  static async start({ appendonly = false, settings = [], users = [] } = {}) {
    const server = new RedisServer();
    server.folder = mkdtempSync(join(tmpdir(), "signalbox-redis-"));
    server.port = await freePort();
    server.url = `redis://127.0.0.1:${server.port}`;
    server.#settings = [
      `port ${server.port}`, "bind 127.0.0.1", "protected-mode no", `dir ${server.folder}`, 'save ""',
      `appendonly ${appendonly ? "yes" : "no"}`, "appendfsync always", ...settings,
    ];
    if (users.length > 0) {
      const file = join(server.folder, "users.acl");
      writeFileSync(file, users.join("\n") + "\n");
      server.#settings.push(`aclfile ${file}`);
    }
    await server.start();
    return server;
  }

  /** Starts it again, on the same port, with the data that is on its disk; `more` are settings for this life. */
  async start(more = []) {
    this.child = spawn(redisProgram, ["-"], { stdio: ["pipe", "pipe", "pipe"] });
    this.child.stdin.end([...this.#settings, ...more].join("\n") + "\n");
    this.child.log = "";
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on("data", (data) => (this.child.log += data));
    this.#ended = once(this.child, "exit");
    for (;;) {
      if (this.child.exitCode !== null) throw new Error(`redis-server ended: ${this.child.log}`);
      // One that wants a password answers too.
      const answer = await this.command("PING").catch((error) => error.message);
      if (/PONG|NOAUTH|LOADING/.test(answer)) return;
      await pause(10);
    }
  }

  command(...words) {
    return redisCommand(this.port, ...words);
  }

  kill() {
    this.child.kill("SIGKILL");
    return this.#ended;
  }
  /** All that it knows is gone, also from its disk. Only while it is down. */
  forget() {
    rmSync(join(this.folder, "appendonlydir"), { recursive: true, force: true });
  }
  freeze() {
    this.child.kill("SIGSTOP");
  }
  thaw() {
    this.child.kill("SIGCONT");
  }
  async stop() {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
