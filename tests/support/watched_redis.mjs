// A primary with a replica, and the Sentinel that watches them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { eventually } from "../e2e/support.mjs";
import { redisCommand, RedisServer, redisProgram } from "./redis_server.mjs";
import { freePort, untilItListens } from "./server.mjs";

export class WatchedRedis {
  static async start() {
    const watched = new WatchedRedis();
    const settings = ["repl-diskless-sync-delay 0"];
    const first = await RedisServer.start({ settings });
    const second = await RedisServer.start({ settings: [...settings, `replicaof 127.0.0.1 ${first.port}`] });
    watched.servers = [first, second];
    watched.port = await freePort();
    const file = join(first.folder, "sentinel.conf"); // which Sentinel writes too
    const watch = [`monitor mymaster 127.0.0.1 ${first.port} 1`, "down-after-milliseconds mymaster 500", "failover-timeout mymaster 2000"];
    writeFileSync(file, [`port ${watched.port}`, "bind 127.0.0.1", ...watch.map((line) => `sentinel ${line}`)].join("\n"));
    watched.child = spawn(redisProgram, [file, "--sentinel"], { stdio: ["ignore", "pipe", "pipe"] });
    watched.child.log = "";
    for (const stream of [watched.child.stdout, watched.child.stderr]) stream.on("data", (data) => (watched.child.log += data));
    watched.ended = once(watched.child, "exit");
    await untilItListens(watched.port, watched.child);
    await eventually(async () => (await watched.command("SENTINEL", "replicas", "mymaster")).includes(second.port), 10000);
    await watched.inStep();
    return watched;
  }
  /** For REDIS_URL: nobody is at the first sentinel's place. */
  get url() {
    return `redis+sentinel://127.0.0.1:1,127.0.0.1:${this.port}/mymaster`;
  }
  command(...words) {
    return redisCommand(this.port, ...words);
  }
  async primary() {
    const [, port] = (await this.command("SENTINEL", "get-master-addr-by-name", "mymaster")).split("\n");
    return this.servers.find((server) => server.port === Number(port));
  }
  /** The replica has all that the primary has. */
  async inStep() {
    const primary = await this.primary();
    await eventually(async () => /state=online/.test(await primary.command("INFO", "replication")), 20000);
  }
  /** Another one is the primary after `cause(the primary)`. */
  async failsOver(cause) {
    const old = await this.primary();
    await cause(old);
    await eventually(async () => (await this.primary()) !== old && /role:master/.test(await (await this.primary()).command("INFO", "replication")), 30000);
  }
  async stop() {
    this.child?.kill("SIGKILL");
    await this.ended;
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}
