// A whole cluster in the place of the one server of tests/faults, and the faults test over it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { api, apiKey, eventually } from "../e2e/support.mjs";
import { work } from "../faults/works.mjs";
import { long, skip as skipWithoutRedis, withCluster } from "./cluster.mjs";

export const short = { users: 30, jobs: 300, kills: 3, workers: 16, limit: 240000 };
export const full = long ? { users: 200, jobs: 10000, kills: 20, workers: 32, limit: 1800000 } : short;
const seed = Number(process.env.SEED ?? 1);

/** What happens while half of the jobs are still to do. */
export const onceHalfDone = (happens) => ({ cluster }) => async ({ left }) => {
  await eventually(() => left() <= 0.5, full.limit);
  await happens(cluster);
};

// What was received is not told again, so that each telling is for one that was not. A session whose carried connection ended while
// Redis was away ends with its heartbeat.
const env = { PRESENCE_EVENTS: "off", OUTCOME_REPLAY_MS: "0", LOG_LEVEL: "warn", ...(!long && { PING_INTERVAL_MS: "5000", PING_TIMEOUT_MS: "5000" }) };

/** Workers do `size` jobs while `harm` comes to such a cluster; the rest is for it. */
export function faultyTest(what, harm, { size = full, skip = skipWithoutRedis, ...options }) {
  test(`${size.jobs} jobs of ${size.users} users on three nodes while ${what}: none is lost, and nobody hears of another's`, { skip, timeout: size.limit },
    withCluster({ ...options, env: { ...env, ...options.env } }, async (cluster, t) => {
      const place = new FaultyPlace(cluster);
      // Between nodes nothing is ordered, so each job has one outcome; and some are told at the next login alone (docs/scaling.md).
      t.diagnostic(await work(place, { ...size, forgets: true, retries: false, reloads: true, anyOrder: true }, seed, harm(place)));
      await cluster.whole();
      await place.online([]);
    }));
}

export class FaultyPlace {
  hanging = false;
  #victim = -1;
  constructor(cluster) {
    this.cluster = cluster;
    this.server = cluster.proxy; // where the users are
  }
  /** One user's events go to one node, which keeps their order, or while that is down to the next. */
  async post(userId, event, data, key) {
    const { nodes } = this.cluster, home = [...userId].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
    const node = [0, 1, 2].map((i) => nodes[(home + i) % nodes.length]).find(({ alive }) => alive);
    const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json", ...(key && { "idempotency-key": key }) };
    const request = { method: "POST", headers, body: JSON.stringify({ userId, event, data }), signal: AbortSignal.timeout(30000) };
    const answer = await fetch(`${node.url}/api/emit`, request).catch(() => undefined);
    await answer?.text().catch(() => {});
    return answer?.status;
  }
  /** What the nodes know of a user's jobs, the newest last. */
  async jobsOf(user) {
    const all = await Promise.all(this.cluster.living.map(async (node) => (await api(node, "GET", `/api/users/${user}/jobs`)).body));
    return all.flat().sort((one, other) => one.time - other.time);
  }
  /** Every living node says that just these users are online, now or soon. */
  async online(users) {
    const wanted = String([...users].sort());
    let seen;
    const agree = async () => {
      seen = await Promise.all(this.cluster.living.map(async (node) => (await api(node, "GET", "/api/presence?limit=10000")).body.users));
      return seen.every((those) => String(those) === wanted);
    };
    await eventually(agree, 60000).catch(() => assert.deepEqual(seen.map(String), seen.map(() => wanted)));
  }
  /** The nodes are killed in turn, and start() starts the last one again. */
  kill() {
    this.#victim = (this.#victim + 1) % this.cluster.nodes.length;
    return this.cluster.nodes[this.#victim].kill();
  }
  async start() {
    await this.cluster.nodes[this.#victim].start();
  }
}
