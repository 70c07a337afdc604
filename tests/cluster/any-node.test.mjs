// Any node serves any request: behind a proxy that sends each request, and each upgrade, to the next node.
import assert from "node:assert/strict";
import { test } from "node:test";

import { payloadOf, Polling, request, Wire } from "../conformance/wire.mjs";
import { connect, emit, eventually, login, token, transports, upgraded } from "../e2e/support.mjs";
import { skip, withCluster } from "./cluster.mjs";

// A crowd of clients is one process: on a busy machine an upgrade waits for it longer than for any server.
const many = { program: "e2e_server", env: { PRESENCE_EVENTS: "off", UPGRADE_TIMEOUT_MS: "60000" } };
const crowd = /(asan|tsan)$/.test(process.env.SIGNALBOX_BUILD ?? "") ? 25 : 100;
const range = (count) => Array.from({ length: count }, (_, n) => n);

/** Handshakes go to the node of that index; all that has a sid goes to the next node, as ever. */
const handshakesAt = ({ proxy }, index) => (proxy.chooses = ({ url }) => (/[?&]sid=/.test(url) ? undefined : index));

/** Logs in, comes back by itself after an end, and goes with the test. */
async function loginPatiently(t, cluster, options) {
  const client = await login(cluster, { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200, ...options });
  t.after(() => client.disconnect());
  return client;
}

/** What it sends is answered, and what it is sent arrives once, whichever nodes are asked. */
async function works(cluster, client, user, count = 10) {
  const answers = range(count).map((n) => client.timeout(30000).emitWithAck("ask", n));
  for (const n of range(count)) assert.equal((await emit(cluster.nodes[n % cluster.nodes.length], user, `note ${n}`, n)).status, 202);
  assert.deepEqual((await Promise.all(answers)).flat(), range(count));
  for (const n of range(count)) assert.equal(await client.heard(`note ${n}`, 30000), n);
  assert.deepEqual(client.inbox.all.filter(({ name }) => name.startsWith("note")), []);
}

for (const [how, chosen, count] of [["default transports", transports["default transports"], crowd], ["polling only", ["polling"], 30], ["websocket only", ["websocket"], 30]]) {
  test(`${count} clients with ${how} connect, ask and are told, each request on another node`, { skip }, withCluster(many, async (cluster) => {
    const users = range(count).map((n) => `user${n}`);
    const clients = users.map((user) => connect(cluster, { user, transports: chosen }));
    await Promise.all(clients.map((client) => client.heard("authenticated", 30000)));
    await Promise.all(clients.map((client, n) => works(cluster, client, users[n])));
    if (how === "default transports") {
      await Promise.all(clients.map(upgraded));
      await Promise.all(clients.map((client, n) => works(cluster, client, users[n])));
    }
    assert.ok(clients.every(({ connected }) => connected));
    clients.forEach((client) => client.disconnect());
  }));
}

test("nothing is lost, doubled or out of order in the moment of an upgrade", { skip }, withCluster(many, async (cluster) => {
  for (const round of range(20)) {
    const user = `user${round}`, client = connect(cluster, { user });
    await client.heard("authenticated");
    let n = 0, over = false;
    upgraded(client).then(() => (over = true));
    while (!over) await emit(cluster.nodes[round % 3], user, "count", n++);
    await emit(cluster.nodes[round % 3], user, "end", null);
    await client.heard("end");
    assert.deepEqual(client.inbox.all.filter(({ name }) => name === "count").map(({ values: [value] }) => value), range(n));
    client.disconnect();
  }
}));

test("a session's requests are served in every order of nodes", { skip }, withCluster(many, async (cluster) => {
  for (const home of range(3)) {
    handshakesAt(cluster, home);
    const polling = await Polling.open(`${cluster.url}/socket.io/`);
    assert.equal((await polling.post(`40${JSON.stringify({ token: token({ id: `user${home}` }) })}`)).body, "ok");
    const [connected, authenticated] = await polling.take(2);
    assert.match(connected, /^40/);
    assert.match(authenticated, /^42\["authenticated"/);
    for (const n of range(6)) {
      assert.equal((await polling.post(payloadOf([`42${n}["ask",${n}]`]))).body, "ok");
      assert.deepEqual(await polling.take(1), [`43${n}[${n}]`]);
    }
    await polling.post("1");
  }
}));

test("a probe releases the GET that waits on another node", { skip }, withCluster(many, async (cluster) => {
  handshakesAt(cluster, 0);
  const polling = await Polling.open(`${cluster.url}/socket.io/`);
  await polling.post(`40${JSON.stringify({ token: token({ id: "ada" }) })}`);
  await polling.take(2);
  const waiting = polling.get();
  const wire = await Wire.open(`${polling.address.replace("polling", "websocket")}`);
  wire.send("2probe");
  assert.equal(await wire.nextPacket(), "3probe");
  assert.equal((await waiting).body, "6");
  wire.send("5");
  await emit(cluster.nodes[2], "ada", "note", 1);
  assert.equal(await wire.nextPacket(), '42["note",1]');
  // The session has left polling, for every node.
  for (const _ of range(3)) assert.equal((await polling.get()).status, 400);
  wire.close();
}));

test("a sid of no living node is unknown at once", { skip }, withCluster(many, async (cluster) => {
  const { sid } = await Polling.open(`${cluster.nodes[0].url}/socket.io/`);
  const forged = [`zzzzzz${sid.slice(6)}`, `${sid.slice(0, -4)}AAAA`, "nobody", "a".repeat(2000)];
  for (const other of forged) {
    const begun = performance.now();
    const { status, body } = await request(`${cluster.url}/socket.io/?EIO=4&transport=polling&sid=${other}`);
    assert.deepEqual([status, body], [400, '{"code":1,"message":"Session ID unknown"}'], other);
    assert.ok(performance.now() - begun < 500, `it took ${performance.now() - begun} ms`);
  }
  await cluster.nodes[0].kill();
  await eventually(async () => {
    const begun = performance.now();
    const { status } = await request(`${cluster.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`);
    return status === 400 && performance.now() - begun < 500;
  });
}));

test("a node that is killed takes its sessions along; their clients are back by themselves", { skip }, withCluster(many, async (cluster, t) => {
  const clients = [];
  for (const n of range(30)) {
    handshakesAt(cluster, n % 3);
    clients.push(await loginPatiently(t, cluster, { user: `user${n}`, transports: n % 2 ? ["polling"] : undefined }));
  }
  cluster.proxy.chooses = () => undefined;
  await cluster.nodes[0].kill();
  await eventually(() => clients.every(({ connected }) => connected) && clients[0].inbox.all.some(({ name }) => name === "connect"), 30000);
  await Promise.all(clients.map((client, n) => eventually(async () => {
    const answer = await emit(cluster.nodes[1], `user${n}`, "there", n);
    return answer.body.online === 1 && client.inbox.all.some(({ name }) => name === "there");
  }, 30000)));
  clients.forEach((client) => client.disconnect());
}));

test("SIGTERM of one node moves nobody else, though it passes on what others are asked", { skip }, withCluster({ env: { PRESENCE_EVENTS: "off", DRAIN_MS: "1000" } }, async (cluster, t) => {
  const clients = [];
  for (const n of range(45)) {
    handshakesAt(cluster, n % 3);
    const client = await loginPatiently(t, cluster, { user: `user${n}`, transports: n % 2 ? ["polling"] : ["websocket"] });
    client.home = n % 3;
    client.ends = 0;
    client.on("disconnect", () => ++client.ends);
    clients.push(client);
  }
  cluster.proxy.chooses = () => undefined;
  assert.equal((await cluster.nodes[0].stop()).code, 0);
  await eventually(() => clients.every(({ connected }) => connected), 30000);
  for (const [n, client] of clients.entries()) {
    await eventually(async () => (await emit(cluster.nodes[1], `user${n}`, "there", n)).body.online === 1 && client.inbox.all.some(({ name }) => name === "there"), 30000);
    if (client.home !== 0) assert.equal(client.ends, 0, `client ${n} of node ${client.home}`);
  }
  clients.forEach((client) => client.disconnect());
}));

test("an answer of many bytes comes through another node whole", { skip }, withCluster(many, async (cluster) => {
  handshakesAt(cluster, 0);
  const client = await login(cluster, { user: "ada", transports: ["polling"] });
  const text = "x🦊".repeat(150_000), question = "x🦊".repeat(60_000);
  for (const n of range(6)) {
    await emit(cluster.nodes[n % 3], "ada", "note", text);
    assert.ok((await client.heard("note")) === text);
    assert.ok((await client.timeout(10000).emitWithAck("ask", question)) === question);
  }
  client.disconnect();
}));
