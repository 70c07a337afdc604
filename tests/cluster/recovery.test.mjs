// A client whose connection is lost lands on another node: it is the socket that it was, whole, or a new one.
import assert from "node:assert/strict";
import { test } from "node:test";

import { connect, emit, eventually, login, transports, upgraded } from "../e2e/support.mjs";
import { Line } from "../support/line.mjs";
import { long, skip, withCluster } from "./cluster.mjs";
import { emitters } from "./emitters.mjs";

// With such a lease a node has two seconds for its answer, as a busy machine wants it.
const env = { RECOVERY_WINDOW_MS: "60000", OUTCOME_REPLAY_MS: "0", NODE_LEASE_MS: "50000" };
const nodes = { program: "e2e_server", env };
const programs = { env: { ...env, PRESENCE_EVENTS: "off" } }; // which end as they should at a SIGTERM
const quiet = { program: "e2e_server", env: { ...env, PRESENCE_EVENTS: "off" } };
const eager = { reconnection: true, reconnectionDelay: 5, reconnectionDelayMax: 20, randomizationFactor: 0, timeout: 5000 };
const range = (count) => Array.from({ length: count }, (_, n) => n);
const bytes = (...all) => Buffer.from(all);

/** A client behind a line of its own, whose node the test chooses. `returns`: [recovered, id] of each connect. */
async function traveller(t, cluster, options, home = 0) {
  cluster.proxy.chooses = () => home;
  const line = await Line.to(cluster.proxy.port);
  const client = connect({ url: line.url }, { ...eager, ...options });
  t.after(() => (client.disconnect(), line.close()));
  Object.assign(client, { line, returns: [] });
  client.on("connect", () => client.returns.push([client.recovered, client.id]));
  await client.heard("authenticated", 30000);
  client.inbox.clear();
  return client;
}

/** Cuts its line, does this, and lets it through to the node of that index. */
async function moves(cluster, client, index, meanwhile = () => {}) {
  const before = client.returns.length;
  client.line.down();
  await eventually(() => !client.connected);
  await meanwhile();
  cluster.proxy.chooses = () => index;
  client.line.up();
  await eventually(() => client.returns.length > before, 15000);
  return client.returns.at(-1)[0];
}

/** From now on it has heard of each of these names the numbers from `from` to `to`, once and in order. */
async function heardAll(client, names, from, to) {
  for (const name of names) {
    for (let n = from; n < to; ++n) assert.equal(await client.heard(name, 15000), n, name);
    assert.deepEqual(client.inbox.all.filter((item) => item.name === name), [], name);
  }
}

/** Tells it numbers by each node, each node's own in order. */
const tell = (cluster, user, from, to) =>
  Promise.all(cluster.living.map(async (node) => {
    const name = `count ${cluster.nodes.indexOf(node)}`;
    for (let n = from; n < to; ++n) assert.equal((await emit(node, user, name, n)).status, 202);
  }));
const counts = ["count 0", "count 1", "count 2"];

/** Text and bytes pass both ways, with acknowledgements of both sides. */
async function talks(client) {
  assert.deepEqual(await client.timeout(15000).emitWithAck("ask", "text"), "text");
  assert.deepEqual(await client.timeout(15000).emitWithAck("ask", { of: bytes(0, 1, 255) }), { of: bytes(0, 1, 255) });
  client.emit("mirror", bytes(7), "x🦊".repeat(50_000), bytes(), { deep: [bytes(8)] });
  const { values } = await client.inbox.take(({ name }) => name === "mirrored", 15000);
  assert.deepEqual(values.slice(0, 4), [bytes(7), "x🦊".repeat(50_000), bytes(), { deep: [bytes(8)] }]);
  client.once("question", (value, ...rest) => rest.findLast((one) => typeof one === "function")(value, bytes(9)));
  client.emit("ask me", 10000);
  const answered = await client.inbox.take(({ name }) => name === "answered", 15000);
  assert.deepEqual(answered.values[0].slice(0, 1), [1]);
}

for (const [how, over] of Object.entries(transports)) {
  test(`back on another node with ${how}, it is the same socket, and has all that was said meanwhile`, { skip }, withCluster(nodes, async (cluster, t) => {
    const client = await traveller(t, cluster, { user: "ada", transports: over });
    const { emitter, end } = await emitters[0].open(cluster.redis);
    t.after(end);
    const [[, id]] = client.returns;
    await tell(cluster, "ada", 0, 5);
    await heardAll(client, counts, 0, 5);

    const recovered = await moves(cluster, client, 1, async () => {
      await tell(cluster, "ada", 5, 15);
      for (const n of range(10)) emitter.to("user:ada").emit("count of an emitter", n);
      const grace = await login(cluster.nodes[2], { user: "grace", transports: ["websocket"] });
      assert.equal((await emit(cluster.nodes[1], "ada", "job_completed", { jobId: "job", result: 1 })).status, 202);
      grace.disconnect();
    });
    assert.equal(recovered, true);
    assert.equal(client.id, id);
    await heardAll(client, counts, 5, 15);
    await heardAll(client, ["count of an emitter"], 0, 10);
    assert.equal((await client.heard("job_completed")).jobId, "job");
    assert.deepEqual(await client.heard("user_online"), { userId: "grace" });
    // For so long after their start nodes take nobody for gone.
    if (long) assert.deepEqual(await client.heard("user_offline", 90000), { userId: "grace" });

    if (over === undefined) await upgraded(client);
    await talks(client);
    await tell(cluster, "ada", 15, 30);
    await heardAll(client, counts, 15, 30);
    client.disconnect();
    // What it said last is heard: it is gone everywhere, and no longer waited for.
    await eventually(async () => (await emit(cluster.nodes[2], "ada", "note", 1)).body.online === 0);
  }));

  test(`from node to node and home again with ${how}, each time in the middle of events`, { skip }, withCluster(quiet, async (cluster, t) => {
    const client = await traveller(t, cluster, { user: "ada", transports: over });
    let told = 0;
    for (const index of [1, 2, 0, 2, 1, 0]) {
      const during = tell(cluster, "ada", told, told + 20);
      assert.equal(await moves(cluster, client, index), true, `to ${index}`);
      await during;
      await heardAll(client, counts, told, told + 20);
      told += 20;
      await talks(client);
    }
    assert.equal(new Set(client.returns.map(([, id]) => id)).size, 1);
  }));
}

test("while a default client upgrades, a relayed session loses nothing", { skip }, withCluster(quiet, async (cluster, t) => {
  const client = await traveller(t, cluster, { user: "ada" });
  for (const round of range(6)) {
    assert.equal(await moves(cluster, client, 1 + (round % 2)), true);
    const name = `round ${round}`;
    let n = 0, over = false;
    upgraded(client).then(() => (over = true));
    while (!over) await emit(cluster.nodes[round % 3], "ada", name, n++);
    await emit(cluster.nodes[round % 3], "ada", name, n++);
    await heardAll(client, [name], 0, n);
  }
}));

test("several namespaces of one client come back together", { skip }, withCluster(quiet, async (cluster, t) => {
  const client = await traveller(t, cluster, { user: "ada" });
  const other = client.io.socket("/elsewhere", { auth: { word: "sesame" } });
  t.after(() => other.disconnect());
  const back = [];
  other.on("connect", () => back.push([other.recovered, other.id]));
  await eventually(() => back.length === 1);
  assert.equal(await moves(cluster, client, 2), true);
  await eventually(() => back.length === 2);
  assert.deepEqual(back, [[false, other.id], [true, other.id]]);
  assert.equal((await other.timeout(5000).emitWithAck("whoami")).id, "ali");
  await talks(client);
}));

test("its node was killed: it is a new socket, and is told what the ledger has", { skip }, withCluster(quiet, async (cluster, t) => {
  const client = await traveller(t, cluster, { user: "ada" });
  const recovered = await moves(cluster, client, 1, async () => {
    await cluster.nodes[0].kill();
    assert.equal((await emit(cluster.nodes[2], "ada", "job_completed", { jobId: "job", result: 1 })).status, 202);
  });
  assert.equal(recovered, false);
  await client.heard("authenticated");
  assert.equal((await client.heard("job_completed")).jobId, "job");
  await talks(client);
}));

test("its node is killed while others relay: its clients are back as new sockets", { skip }, withCluster(quiet, async (cluster, t) => {
  const client = await traveller(t, cluster, { user: "ada", transports: ["websocket"] });
  assert.equal(await moves(cluster, client, 1), true);
  await cluster.nodes[0].kill();
  await eventually(() => client.returns.length === 3, 40000);
  assert.equal(client.returns[2][0], false);
  await talks(client);
}));

test("its node is frozen: it waits no longer than a moment, and is a new socket", { skip }, withCluster({ ...quiet, env: { ...quiet.env, NODE_LEASE_MS: "5000" } }, async (cluster, t) => {
  const client = await traveller(t, cluster, { user: "ada", transports: ["websocket"] });
  let begun;
  const recovered = await moves(cluster, client, 1, () => {
    cluster.nodes[0].freeze();
    begun = performance.now();
  });
  const took = performance.now() - begun;
  cluster.nodes[0].thaw();
  assert.equal(recovered, false);
  assert.ok(took >= 200 && took < 3000, `${took} ms`);
  await talks(client);
}));

test("the window is over: it is a new socket", { skip }, withCluster({ ...quiet, env: { ...quiet.env, RECOVERY_WINDOW_MS: "100" } }, async (cluster, t) => {
  const client = await traveller(t, cluster, { user: "ada" });
  const isAway = async () => (await emit(cluster.nodes[0], "ada", "note", 1)).body.online === 0;
  const recovered = await moves(cluster, client, 1, async () => {
    await eventually(isAway, 15000);
    await new Promise((over) => setTimeout(over, 500)); // the window, five times
  });
  assert.equal(recovered, false);
  await talks(client);
}));

test("another user who shows its pid gets a socket of his own", { skip }, withCluster(quiet, async (cluster, t) => {
  const client = await traveller(t, cluster, { user: "ada", transports: ["websocket"] });
  const thief = await traveller(t, cluster, { user: "eve", transports: ["websocket"] }, 1);
  thief._pid = client._pid;
  await emit(cluster.nodes[0], "ada", "secret", 1);
  await client.heard("secret");
  assert.notEqual(await moves(cluster, thief, 2), undefined);
  assert.notEqual(thief.id, client.id);
  assert.deepEqual(thief.inbox.all.filter(({ name }) => name === "secret"), []);
  await emit(cluster.nodes[2], "ada", "secret", 2);
  assert.equal(await client.heard("secret"), 2);
  assert.deepEqual(thief.inbox.all.filter(({ name }) => name === "secret"), []);
}));

test("SIGTERM of the node that relays: its clients come back to their sockets by another", { skip }, withCluster(programs, async (cluster, t) => {
  const clients = [];
  for (const n of range(20)) clients.push(await traveller(t, cluster, { user: `user${n}`, transports: n % 2 ? ["polling"] : ["websocket"] }));
  for (const client of clients) assert.equal(await moves(cluster, client, 1), true);
  cluster.proxy.chooses = () => 2;
  await cluster.nodes[1].stop();
  assert.match(cluster.nodes[1].said, /clients_relayed_to_other_nodes=20/);
  await eventually(() => clients.every(({ returns }) => returns.length >= 3), 30000);
  for (const [n, client] of clients.entries()) {
    assert.equal(client.returns.at(-1)[0], true, `client ${n}: ${client.returns}`);
    assert.equal(client.id, client.returns[0][1]);
    assert.equal((await emit(cluster.nodes[2], `user${n}`, "note", n)).status, 202);
    assert.equal(await client.heard("note"), n);
  }
}));

test("SIGTERM of their own node: relayed clients are new sockets elsewhere, soon", { skip }, withCluster(programs, async (cluster, t) => {
  const client = await traveller(t, cluster, { user: "ada", transports: ["websocket"] });
  assert.equal(await moves(cluster, client, 1), true);
  await cluster.nodes[0].stop();
  await eventually(() => client.connected && client.returns.length >= 3, 15000);
  assert.equal(client.returns.at(-1)[0], false);
  await tell(cluster, "ada", 0, 3);
  await heardAll(client, counts.slice(1), 0, 3);
}));

const crowd = long ? 500 : 100;
test(`${crowd} clients at once come back on other nodes, each whole`, { skip }, withCluster(quiet, async (cluster, t) => {
  cluster.nodes.forEach(({ server }) => server.child.stdout.resume()); // a full pipe would hold its shards up
  const users = range(crowd).map((n) => `user${n}`);
  cluster.proxy.chooses = () => 0;
  const line = await Line.to(cluster.proxy.port);
  t.after(() => line.close());
  const clients = users.map((user, n) => connect(line, { reconnection: true, timeout: 30000, user, transports: n % 3 ? ["websocket"] : ["polling"] }));
  t.after(() => clients.forEach((client) => client.disconnect()));
  await Promise.all(clients.map((client) => client.heard("authenticated", 60000)));
  const returns = clients.map(() => []);
  clients.forEach((client, n) => client.on("connect", () => returns[n].push(client.recovered)));
  const ids = clients.map(({ id }) => id);
  await Promise.all(users.map((user) => emit(cluster.nodes[0], user, "note", 0)));
  await Promise.all(clients.map((client) => client.heard("note", 30000)));
  let next = 0;
  cluster.proxy.chooses = ({ url }) => (/[?&]sid=/.test(url) ? undefined : 1 + (next++ % 2));
  line.down();
  await eventually(() => clients.every(({ connected }) => !connected), 30000);
  await Promise.all(users.map((user, n) => emit(cluster.nodes[n % 3], user, "note", 1)));
  line.up();
  await eventually(() => returns.every((all) => all.length > 0), 60000);
  await Promise.all(clients.map(async (client) => assert.equal(await client.heard("note", 60000), 1)));
  assert.deepEqual(returns.filter((all) => !all.at(-1)), []);
  assert.deepEqual(clients.map(({ id }) => id), ids);
  await Promise.all(clients.map((client, n) => client.timeout(60000).emitWithAck("ask", n).then((answer) => assert.equal(answer, n))));
}));
