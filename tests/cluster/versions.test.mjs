// Nodes of neighbouring releases are one system, so that nodes can be restarted one by one; others are refused at their start.
import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually } from "../e2e/support.mjs";
import { faultyTest, full } from "./faulty_place.mjs";
import { nodesOf, skip, withCluster } from "./cluster.mjs";

const program = "versioned_node";
const speaks = (version) => ({ NODE_PROTOCOL: String(version) });

/** As docs/scaling.md says: SIGTERM, and the next node once its successor is ready. */
async function becomes(node, version) {
  assert.equal((await node.stop()).code, 0);
  node.env = { ...node.env, ...speaks(version) };
  await node.start();
  await eventually(async () => (await fetch(`${node.url}/readyz`)).status === 200, 30000);
}

const oneByOne = ({ cluster }) => async ({ left }) => {
  for (const [i, node] of cluster.nodes.entries()) {
    await eventually(() => left() <= 1 - (i + 1) / 4, full.limit);
    await becomes(node, 2);
  }
};
faultyTest("they are restarted one by one, each with the next version", oneByOne, { program, env: speaks(1) });

test("one goes on, and back, by one version at a time", { skip }, withCluster({ program, env: speaks(1) }, async ({ nodes }) => {
  const [node] = nodes;
  await assert.rejects(becomes(node, 3), /speak version 1 of the protocol between nodes and this node version 3: upgrade by way of a release that speaks 2/);
  for (const version of [2, 3]) for (const each of nodes) await becomes(each, version);
  await assert.rejects(becomes(node, 1), /speak version 3 .* by way of a release that speaks 2/);
  for (const version of [2, 1]) for (const each of nodes) await becomes(each, version);
  for (const each of nodes) await eventually(async () => (await nodesOf(each)).length === 3, 10000);
}));
