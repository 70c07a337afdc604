// Users on some nodes, and those who write down what each node tells of who comes and who goes.
import assert from "node:assert/strict";

import { api, eventually, login } from "../e2e/support.mjs";

/** One on each node. A user's story is what it was told of that user: "+" came, "-" went. */
class Watcher {
  #stories = new Map();
  static async at(node, user) {
    const watcher = new Watcher();
    Object.assign(watcher, { node, user, server: node.server });
    watcher.socket = await login(node, { user, transports: ["websocket"] });
    const note = (sign) => ({ userId }) => watcher.#stories.set(userId, watcher.story(userId) + sign);
    watcher.socket.on("user_online", note("+")).on("user_offline", note("-"));
    return watcher;
  }
  story(user) {
    return this.#stories.get(user) ?? "";
  }
}

export class Crowd {
  sockets = new Map(); // name -> the one socket of that user
  homes = new Map(); // name -> on which node that is
  watchers = [];

  /** A watcher at each node, who know each other, and `each` users at each. */
  static async at(cluster, each = 0) {
    const crowd = new Crowd();
    crowd.cluster = cluster;
    for (const [i, node] of cluster.nodes.entries()) crowd.watchers.push(await Watcher.at(node, `watcher${i}`));
    await crowd.agreed();
    for (const [i, node] of cluster.nodes.entries()) await crowd.enter(node, Array.from({ length: each }, (_, n) => `user${i}-${n}`));
    await crowd.agreed();
    await crowd.told(() => "+");
    return crowd;
  }
  /** Logs in, or comes back at another node. */
  async enter(node, names) {
    await Promise.all(names.map(async (name) => {
      this.sockets.set(name, await login(node, { user: name, transports: ["websocket"] }));
      this.homes.set(name, node);
    }));
  }
  leave(names) {
    for (const name of names) {
      this.sockets.get(name).disconnect();
      this.sockets.delete(name);
    }
  }
  get names() {
    return [...this.sockets.keys()];
  }
  namesAt(node) {
    return this.names.filter((name) => this.homes.get(name) === node);
  }
  /** Those whose node has not died since. */
  get watching() {
    return this.watchers.filter(({ node, server }) => node.alive && node.server === server);
  }

  /** Every living node says that just these are online, and says how many. */
  async agreed(ms = 15000) {
    const wanted = [...this.names, ...this.watching.map(({ user }) => user)].sort();
    let seen;
    await eventually(async () => {
      seen = await Promise.all(this.cluster.living.map(async (node) => (await api(node, "GET", "/api/presence?limit=10000")).body));
      return seen.every(({ count, users }) => count === wanted.length && String(users) === String(wanted));
    }, ms).catch(() => assert.deepEqual(seen, seen.map(() => ({ count: wanted.length, users: wanted }))));
  }
  /** Each watcher's story of each of `names` is what `wanted(name, the watcher's node)` says. */
  async told(wanted, names = [...this.homes.keys()], ms = 15000) {
    const wrong = () =>
      this.watching
        .flatMap((watcher) => names.map((name) => ({ name, watcher: watcher.user, told: watcher.story(name), wanted: wanted(name, watcher.node) })))
        .filter(({ told, wanted }) => told !== wanted);
    await eventually(() => wrong().length === 0, ms).catch(() => assert.deepEqual(wrong().slice(0, 20), []));
  }
  /** Everybody goes. Behind that end each story is whole: `wanted`, and the going of those who were still there. */
  async goneWith(wanted) {
    const there = new Set(this.names);
    this.leave(this.names);
    await this.told((name, node) => wanted(name, node) + (there.has(name) ? "-" : ""));
    await this.agreed();
    this.watchers.forEach(({ socket }) => socket.disconnect());
  }
}
