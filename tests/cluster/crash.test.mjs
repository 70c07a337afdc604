// A node dies with a third of all users: who comes back is never announced, the others once, and all of it in time.
import assert from "node:assert/strict";
import { test } from "node:test";

import { api, eventually } from "../e2e/support.mjs";
import { Client, comeBack, logins, prepareTokens } from "../support/light_clients.mjs";
import { long, skip, withCluster } from "./cluster.mjs";
import { Follower } from "./follower.mjs";

const count = long ? 19_000 : 3000;
const leaseMs = 5000, graceMs = 5000; // as nobody has set them
const env = { PRESENCE_EVENTS: "off", NODE_LEASE_MS: String(leaseMs), PRESENCE_GRACE_MS: String(graceMs), MAX_UNAUTHENTICATED: "0" };

/** What began before this has been told, for a user who comes and goes now is the last one of all. */
async function allIsTold(node, followers) {
  const client = await Client.login(node.port, "the last");
  client.close();
  await eventually(() => followers.every((follower) => follower.story("the last") === "+-"), graceMs + 10000);
}

test(`a node is killed with a third of ${count} users: all is right within its lease, the grace and two seconds`, { skip, timeout: 300000 }, withCluster({ env }, async (cluster, t) => {
  const [dead, ...others] = cluster.nodes;
  const followers = await Promise.all(others.map((node) => Follower.at(node)));
  prepareTokens(count);
  const clients = await logins(count, (i) => cluster.nodes[i % 3].port);
  const users = clients.map(({ user }) => user), its = users.filter((_, i) => i % 3 === 0);
  const away = new Set(its.filter((_, i) => i % 3 === 0));
  await eventually(() => followers.every((follower) => follower.wrong(users, () => "+").length === 0), 30000);

  const begun = performance.now();
  await dead.kill();
  const back = await Promise.all(its.filter((user) => !away.has(user)).map((user, i) => comeBack(user, others[i % 2].port)));
  const backMs = performance.now() - begun;
  const isRight = async (node) => {
    const [{ body: presence }, { body: living }] = await Promise.all([api(node, "GET", "/api/presence?limit=1"), api(node, "GET", "/api/nodes")]);
    return presence.count === count - away.size && living.nodes.length === 2;
  };
  await eventually(async () => (await Promise.all(others.map(isRight))).every(Boolean), 60000);
  const rightMs = performance.now() - begun;
  t.diagnostic(`${count} users, ${its.length} of them on the node: ${back.length} are back after ${Math.round(backMs)} ms, and all is right after ${Math.round(rightMs)} ms`);
  assert.ok(rightMs <= leaseMs + graceMs + 2000, `it took ${rightMs} ms`);

  await allIsTold(others[0], followers);
  for (const follower of followers) assert.deepEqual(follower.wrong(users, (user) => (away.has(user) ? "+-" : "+")).slice(0, 20), []);
  for (const client of [...clients, ...back]) client.close();
  await Promise.all(followers.map((follower) => follower.close()));
}));
