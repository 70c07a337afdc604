// ADMIN_PORT of one node of several: whom it shows, and what it does to users of other nodes.
import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually, login } from "../e2e/support.mjs";
import { skip, withCluster } from "./cluster.mjs";

const key = "a key for operators, and a long one";

/** What an operator does at that node's door. */
async function operator(node) {
  const line = await node.logged(/listening for the admin page/);
  const url = `http://127.0.0.1:${/port=(\d+)/.exec(line)[1]}`;
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${url}/login`, { method: "POST", headers, body: JSON.stringify({ key }) });
  headers.Cookie = answer.headers.get("set-cookie").split(";")[0];
  const ask = async (method, path, body) => (await fetch(url + path, { method, headers, body: body && JSON.stringify(body) })).json();
  return { user: (id) => ask("GET", `/data/user?id=${id}`), act: (id, what, body = {}) => ask("POST", `/data/user/${what}?id=${id}`, body), nodes: async () => (await ask("GET", "/data/nodes")).nodes };
}

test("a user is shown with all the nodes that have them, and with the sockets of this one", { skip }, withCluster({ nodes: 2, env: { ADMIN_KEY: key, ADMIN_PORT: "0" } }, async (cluster) => {
  const [first, second] = await Promise.all(cluster.nodes.map(operator));
  const here = await login(cluster.nodes[0], { user: "ada" });
  const there = await login(cluster.nodes[1], { user: "ada" });
  const report = await eventually(async () => {
    const seen = await first.user("ada");
    return seen.nodes.length === 2 && seen.connections === 2 && seen;
  });
  assert.equal(report.online, true);
  assert.deepEqual(report.sockets.map(({ id }) => id), [here.id]);
  assert.deepEqual(new Set(report.nodes), new Set((await first.nodes()).map(({ id }) => id)));
  assert.deepEqual((await second.user("ada")).sockets.map(({ id }) => id), [there.id]);
  assert.equal((await first.act("ada", "emit", { event: "hello", data: 1 })).online, 1, "the event has somebody to hear it");
  assert.equal(await there.heard("hello"), 1);
  assert.deepEqual(await first.act("ada", "disconnect"), { disconnected: 1 });
  assert.equal(await here.heard("disconnect"), "io server disconnect");
  assert.equal(there.connected, true, "those of other nodes stay");
  await eventually(async () => (await first.user("ada")).nodes.length === 1);
  there.close();
}));
