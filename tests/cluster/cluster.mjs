// Several nodes over one Redis, a proxy without affinity before them, and all that may happen to each part.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { api, apiKey, eventually, secret } from "../e2e/support.mjs";
import { Line } from "../support/line.mjs";
import { RedisServer } from "../support/redis_server.mjs";
import { RoundRobin } from "../support/round_robin.mjs";
import { startServer } from "../support/server.mjs";

export { skipWithoutRedis as skip } from "../support/redis_server.mjs";

/** FAULTS=long runs all, at full size. */
export const long = process.env.FAULTS === "long";
export const onlyLong = !long && "only with FAULTS=long";

/** How long the tests let a node be silent, and a user be away. */
export const leaseMs = 1000, graceMs = 1000;
/** Users of a node that died are offline everywhere after so long a time. */
export const goneMs = leaseMs + graceMs + 1000;

export const common = {
  JWT_SECRET: secret, API_KEY: apiKey, NODE_LEASE_MS: String(leaseMs), PRESENCE_GRACE_MS: String(graceMs), RESTART_GRACE_MS: String(graceMs),
  LOG_LEVEL: "info", DRAIN_MS: "500",
};

/** Those that are whole nodes, each with its arguments. */
const programs = { signalbox: ["serve"], versioned_node: ["serve"], e2e_server: [] };

/** One node: its port and its folder outlive its process, and its line to Redis can be cut. */
class Node {
  #before = ""; // what its earlier processes have logged

  constructor(program, args, env) {
    this.data = mkdtempSync(join(tmpdir(), "signalbox-node-"));
    this.env = env; // of its next life
    this.begin = () => startServer(program, args, { REDIS_URL: this.redisUrl, DATA_DIR: this.data, ...common, ...this.env }, this.port);
  }
  async open(redis, redisUrl) {
    this.redis = await Line.to(redis.port);
    this.redisUrl = redisUrl ?? this.redis.url.replace("http", "redis");
    await this.start();
  }
  /** Starts its process, again after an end, on the same port and folder. */
  async start() {
    this.#before += this.server?.child.log ?? "";
    this.server = await this.begin();
    this.port = this.server.port;
    this.url = this.server.url;
  }
  /** All that it has logged, in every life. */
  get said() {
    return this.#before + this.server.child.log;
  }
  get alive() {
    return this.server !== undefined && this.server.child.exitCode === null && this.server.child.signalCode === null;
  }
  stop(signal) {
    return this.server.stop(signal);
  }
  async kill() {
    if (!this.alive) throw new Error(`the node had ended by itself: ${this.said}`);
    await this.stop("SIGKILL");
  }
  /** Its disk is gone. Only while it is down. */
  forget() {
    rmSync(this.data, { recursive: true, force: true });
  }
  freeze() {
    this.server.child.kill("SIGSTOP");
  }
  thaw() {
    this.server.child.kill("SIGCONT");
  }
  /** A line of its log, now or later. */
  logged(pattern, ms) {
    return eventually(() => this.said.split("\n").find((line) => pattern.test(line)), ms);
  }
  async close() {
    if (this.alive) await this.stop("SIGKILL");
    this.redis?.close();
    this.forget();
  }
}

export class Cluster {
  nodes = [];

  /** So many nodes that know each other. `env` is every node's; `redis` is for RedisServer, or starts another; `redisUrl` says of what it
      started how nodes reach it, where that is not each by its line. */
  static async start({ nodes = 3, env = {}, redis = {}, redisUrl = () => undefined, program = "signalbox", args = programs[program] ?? [] } = {}) {
    const cluster = new Cluster();
    try {
      cluster.redis = await (typeof redis === "function" ? redis() : RedisServer.start(redis));
      cluster.nodes = Array.from({ length: nodes }, () => new Node(program, args, env));
      await Promise.all(cluster.nodes.map((node) => node.open(cluster.redis, redisUrl(cluster.redis))));
      cluster.proxy = await RoundRobin.to(cluster.nodes.map(({ port }) => port));
      if (program in programs) await cluster.whole();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }
  /** Where clients go that do not care which node serves them. */
  get url() {
    return this.proxy.url;
  }
  get living() {
    return this.nodes.filter(({ alive }) => alive);
  }
  /** Resolves when every living node knows all living nodes, and no other. */
  async whole(ms = 10000) {
    await eventually(async () => {
      const known = await Promise.all(this.living.map((node) => nodesOf(node).catch(() => [])));
      return known.every((ids) => ids.length === this.living.length && String(ids) === String(known[0]));
    }, ms);
  }
  async stop() {
    this.proxy?.close();
    await Promise.all(this.nodes.map((node) => node.close()));
    await this.redis?.stop();
  }
}

/** The ids of the nodes that this one takes for living, sorted. */
export async function nodesOf(node) {
  const { body } = await api(node, "GET", "/api/nodes");
  return body.nodes.map(({ id }) => id).sort();
}

/** Runs a test with a cluster of its own. */
export const withCluster = (options, run) => async (t) => {
  const cluster = await Cluster.start(options);
  try {
    await run(cluster, t);
  } finally {
    await cluster.stop();
  }
};
