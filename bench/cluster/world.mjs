// Redis and the servers over it, all on one core, and the CPU that each of them used.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { apiKey, secret } from "../../tests/e2e/support.mjs";
import { RedisServer } from "../../tests/support/redis_server.mjs";
import { freePort, program, untilItListens } from "../../tests/support/server.mjs";

const serverCore = "0", loadCore = "1";
const common = { PATH: process.env.PATH, JWT_SECRET: secret, API_KEY: apiKey, PRESENCE_EVENTS: "off" };
// All limits are on but those that a load meets first, as in bench/harness.py.
const unlimited = { THREADS: "1", LOG_LEVEL: "error", DATA_DIR: "", CLIENT_EVENTS_PER_S: "0", MAX_CONNECTIONS_PER_USER: "0", MAILBOX_MESSAGES: "1000000" };
export const kinds = {
  signalbox: { command: [program("bench_server")], env: unlimited },
  "socket.io": { command: ["node", fileURLToPath(new URL("../peers/socketio/server.js", import.meta.url))], env: {} },
};

/** Microseconds that a process has used, all of its threads. */
export function cpu(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]), 0) / 1000;
}

/** What these processes use while `act` runs, together. */
export async function cost(processes, act) {
  const used = () => processes.reduce((sum, { pid }) => sum + cpu(pid), 0);
  const before = used();
  await act();
  return used() - before;
}

export class World {
  nodes = [];
  /** So many servers of a kind; `redis: false`: one that stands alone. */
  static async open(kind, count, { redis = true, env = {} } = {}) {
    const world = new World();
    world.kind = kind;
    if (redis) {
      world.redis = await RedisServer.start();
      world.redis.pid = world.redis.child.pid;
      execFileSync("taskset", ["-acp", serverCore, String(world.redis.pid)]);
    }
    for (let i = 0; i < count; ++i) world.nodes.push(await world.#start(env));
    return world;
  }
  async #start(env) {
    const port = await freePort(), { command, env: own } = kinds[this.kind];
    const child = spawn("taskset", ["-c", serverCore, ...command], { env: { ...common, ...own, ...(this.redis && { REDIS_URL: this.redis.url }), ...env, PORT: String(port) }, stdio: ["pipe", "ignore", "pipe"] });
    child.log = "";
    child.stderr.on("data", (data) => (child.log += data));
    await untilItListens(port, child);
    return { port, child, pid: child.pid, url: `http://127.0.0.1:${port}` };
  }
  async kill(node) {
    node.child.kill("SIGKILL");
    await once(node.child, "exit");
  }
  async close() {
    for (const { child } of this.nodes) child.kill("SIGKILL");
    await this.redis?.stop();
  }
}

/** The load takes the other core. */
export const pinLoad = () => execFileSync("taskset", ["-acp", loadCore, String(process.pid)]);
