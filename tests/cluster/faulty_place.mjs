// A whole cluster in the place of the one server of tests/faults.
import assert from "node:assert/strict";

import { api, apiKey, eventually } from "../e2e/support.mjs";

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
    await eventually(agree, 30000).catch(() => assert.deepEqual(seen.map(String), seen.map(() => wanted)));
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
