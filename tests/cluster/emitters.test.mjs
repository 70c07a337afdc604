// Workers' redis-emitter reaches our clients without a change: all that a client of a Socket.IO server with the classic
// adapter gets for a call, a client of ours gets for the same call, on whichever node it is.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Redis } from "ioredis";

import { emit, eventually, login } from "../e2e/support.mjs";
import { Cluster, skip, withCluster } from "./cluster.mjs";
import { emitters, targets, values } from "./emitters.mjs";
import { startSocketIo } from "./socketio_node.mjs";

const quiet = { PRESENCE_EVENTS: "off" };

/** Of a test, at whose end it goes. */
function publisherTo(redis, t) {
  const publisher = new Redis(redis.port);
  t.after(() => publisher.disconnect());
  return publisher;
}
async function someEmitter(town, t) {
  const { emitter, end } = await emitters[0].open(town.cluster.redis);
  t.after(end);
  return emitter;
}

/** Two nodes of ours and a server of Socket.IO, which see the same Redis; on each, user 42 has two sockets and user 7 one. */
class Town {
  static async build(env = {}) {
    const town = new Town();
    try {
      town.cluster = await Cluster.start({ nodes: 2, program: "e2e_server", env: { ...quiet, ...env } });
      town.oracle = await startSocketIo(town.cluster.redis);
      town.places = [...town.cluster.nodes, town.oracle];
      await town.enter();
    } catch (error) {
      await town.leave();
      throw error;
    }
    return town;
  }
  get nodes() {
    return this.cluster.nodes;
  }
  /** Everybody logs in, also who was disconnected. */
  async enter() {
    this.clients.forEach((client) => client.disconnect());
    this.clients = await Promise.all(this.places.flatMap((place) => ["42", "42", "7"].map((user) => login(place, { user, transports: ["websocket"] }))));
    this.clients.forEach((client, i) => {
      client.place = this.places[Math.floor(i / 3)];
      client.which = i % 3;
      client.inbox.clear();
    });
  }
  clients = [];
  of(user) {
    return this.clients.filter(({ which }) => user === (which < 2 ? "42" : "7"));
  }
  /** Of the first socket of user 42 at each place. */
  get ids() {
    return this.clients.filter(({ which }) => which === 0).map(({ id }) => id);
  }
  /** Does something with the emitter, and takes what each client is told by it. */
  async told(emitter, act) {
    await act(emitter, this.ids);
    // What is for a user, what is for all and what has bytes each come in order: behind these ends nothing is missing.
    for (const user of ["42", "7"]) emitter.to(`user:${user}`).emit("end");
    emitter.to(["user:42", "user:7"]).emit("end", Buffer.from("end"));
    emitter.emit("end");
    for (const client of this.clients) {
      for (let i = 0; i < 3; ++i) await client.inbox.take(({ name }) => name === "end");
      client.told = client.inbox.all;
      client.inbox.clear();
    }
  }
  /** All of ours are told what Socket.IO's are. How many events one place was told. */
  async compare(emitter, act) {
    await this.told(emitter, act);
    const theirs = this.clients.filter(({ place }) => place === this.oracle).map(({ told }) => told);
    for (const node of this.nodes) assert.deepEqual(this.clients.filter(({ place }) => place === node).map(({ told }) => told), theirs);
    return theirs.flat().length;
  }
  async leave() {
    this.clients.forEach((client) => client.disconnect());
    await this.oracle?.stop();
    await this.cluster?.stop();
  }
}

const forNobody = ["to a room that nobody is in", "to a room that is a number", "of another namespace", "to every server"];

describe("redis-emitter", { skip, concurrency: 1 }, () => {
  let town;
  before(async () => (town = await Town.build()));
  after(() => town?.leave());

  for (const { name, open } of emitters) {
    describe(name, () => {
      let emitter, end;
      before(async () => ({ emitter, end } = await open(town.cluster.redis)));
      after(() => end?.());

      for (const [what, act] of Object.entries(targets)) {
        test(what, async () => {
          const count = await town.compare(emitter, act);
          assert.equal(count === 0, forNobody.includes(what), `${count} events came`);
        });
      }

      for (const [what, make] of Object.entries(values)) {
        test(`${what}, to one room, to several and to everybody`, async () => {
          const count = await town.compare(emitter, (to) => {
            for (const rooms of ["user:42", ["user:42", "user:7"], []]) to.to(rooms).emit(...make());
          });
          assert.equal(count, 2 + 3 + 3);
        });
      }

      for (const close of [false, true]) {
        test(`disconnectSockets(${close}) disconnects a user's sockets on every node, and nobody else's`, async () => {
          await emitter.in("user:42").disconnectSockets(close);
          const reasons = await Promise.all(town.of("42").map((client) => client.heard("disconnect")));
          assert.deepEqual(reasons, reasons.map(() => "io server disconnect"));
          assert.ok(town.of("7").every(({ connected }) => connected));
          await town.enter();
        });
      }

      test("what is for a user comes in order, whatever it carries and however the user is named", async () => {
        const names = ["user:42", ["user:42", "user:nobody"], ["user:7", "user:42"]];
        const count = await town.compare(emitter, () => {
          for (let n = 0; n < 100; ++n) emitter.to(names[n % 3]).emit("count", n, ...(n % 2 ? [Buffer.from([n])] : []));
        });
        assert.equal(count, 100 + 100 + 33);
      });

      test("what the emitter itself refuses breaks nothing", async () => {
        for (const act of [() => emitter.emit("disconnect"), () => emitter.emit("note", 1n)]) assert.throws(act);
        assert.equal(await town.compare(emitter, () => {}), 0);
      });
    });
  }

  test("disconnectSockets() of everybody except a user", async (t) => {
    const emitter = await someEmitter(town, t);
    await emitter.except("user:7").disconnectSockets(true);
    await Promise.all(town.of("42").map((client) => client.heard("disconnect")));
    assert.ok(town.of("7").every(({ connected }) => connected));
    await town.enter();
  });

  test("socketsJoin and socketsLeave are ignored, and each node says so once", async (t) => {
    const emitter = await someEmitter(town, t);
    for (let i = 0; i < 20; ++i) {
      await emitter.in("user:42").socketsJoin("room");
      await emitter.in("user:42").socketsLeave("user:42");
    }
    // Socket.IO's own socket has left its room now; ours have not.
    for (const user of ["42", "7"]) emitter.to(`user:${user}`).emit("end");
    await Promise.all(town.of("42").filter(({ place }) => place !== town.oracle).map((client) => client.heard("end")));
    for (const node of town.nodes) {
      await node.logged(/socketsJoin|socketsLeave/);
      assert.equal(node.said.split("\n").filter((line) => /socketsJoin|socketsLeave/.test(line)).length, 1, node.said);
    }
    await town.enter();
  });
});

test("with REDIS_SUBSCRIBE=all an emitter reaches a socket by its own id", { skip }, async (t) => {
  const town = await Town.build({ REDIS_SUBSCRIBE: "all" });
  try {
    const emitter = await someEmitter(town, t);
    const count = await town.compare(emitter, async (to, ids) => ids.forEach((id) => to.to(id).emit("note", 1)));
    assert.equal(count, 1);
    for (const act of Object.values(targets)) await town.compare(emitter, act);
  } finally {
    await town.leave();
  }
});

test("with another REDIS_KEY nothing of it comes", { skip }, withCluster({ nodes: 1, env: { ...quiet, REDIS_KEY: "other" } }, async ({ nodes, redis }, t) => {
  const client = await login(nodes[0], { user: "42" });
  const publisher = publisherTo(redis, t);
  assert.deepEqual(await publisher.pubsub("CHANNELS", "socket.io#/#user:42#"), []);
  assert.deepEqual(await publisher.pubsub("CHANNELS", "other#/#user:42#"), ["other#/#user:42#"]);
  client.disconnect();
}));

// What somebody writes who means harm, or who errs.
const array = (...parts) => Buffer.concat([Buffer.from([0x90 | parts.length]), ...parts]);
const str = (text) => Buffer.concat([Buffer.from([0xa0 | text.length]), Buffer.from(text)]);
const map = (...pairs) => Buffer.concat([Buffer.from([0x80 | (pairs.length / 2)]), ...pairs]);
const packet = (data) => map(str("type"), Buffer.from([2]), str("data"), data, str("nsp"), str("/"));
const options = map(str("rooms"), Buffer.from([0x90]), str("flags"), Buffer.from([0x80]), str("except"), Buffer.from([0x90]));
const message = (data) => array(str("emitter"), packet(data), options);
const hostile = {
  "nothing": Buffer.alloc(0),
  "no MessagePack": Buffer.from([0xc1]),
  "text": Buffer.from("hello"),
  "JSON that ends early": Buffer.from('["emitter",{"type":2,"data":["note"'),
  "JSON that is no message": Buffer.from("[[[[]]]]"),
  "an array of five, three there": Buffer.from([0x95, 1, 2, 3]),
  "an array of four billion": Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
  "a map of four billion": Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff]),
  "text of four billion": Buffer.from([0xdb, 0xff, 0xff, 0xff, 0xff, 0x61]),
  "bytes of four billion": message(Buffer.from([0x91, 0xc6, 0xff, 0xff, 0xff, 0xff])),
  "arrays in arrays, 100,000 deep": Buffer.alloc(100_000, 0x91),
  "data 10,000 deep": message(Buffer.concat([Buffer.from([0x92]), str("note"), Buffer.alloc(10_000, 0x91), Buffer.from([0x90])])),
  "a packet without data": array(str("emitter"), map(str("type"), Buffer.from([2]), str("nsp"), str("/")), options),
  "data that is no array": message(str("note")),
  "data without a name": message(Buffer.from([0x90])),
  "a name that is a number": message(Buffer.from([0x91, 42])),
  "a name that Socket.IO reserves": message(Buffer.concat([Buffer.from([0x91]), str("disconnect")])),
  "a packet that is a disconnect": array(str("emitter"), map(str("type"), Buffer.from([1]), str("nsp"), str("/")), options),
  "something behind the message": Buffer.concat([message(Buffer.concat([Buffer.from([0x91]), str("note")])), Buffer.from([0xc0])]),
  "random bytes": Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919 + (i >> 3)) & 255)),
};

test("what a client could not read is refused and counted, and the server lives", { skip, concurrency: 1 }, withCluster({ nodes: 1, env: quiet }, async ({ nodes: [node], redis }, t) => {
  const client = await login(node, { user: "42" });
  const publisher = publisherTo(redis, t);
  client.inbox.clear();
  const lived = async () => {
    assert.equal((await emit(node, "42", "end", null)).status, 202);
    await publisher.publish("socket.io#/#user:42#", message(Buffer.concat([Buffer.from([0x91]), str("end2")])));
    for (const name of ["end", "end2"]) await client.inbox.take((item) => item.name === name);
  };
  for (const [what, bytes] of Object.entries(hostile)) {
    await t.test(what, async () => {
      for (const channel of ["socket.io#/#user:42#", "socket.io#/#", "socket.io-request#/#"]) await publisher.publish(channel, bytes);
      await lived();
      assert.deepEqual(client.inbox.all, []);
      assert.ok(client.connected);
    });
  }
  client.disconnect();
  await node.stop();
  assert.match(node.said, /counted since the start.*redis_messages_unreadable=\d\d redis_events_refused=\d/);
}));

describe("beside a Node server with the classic adapter", { skip, concurrency: 1 }, () => {
  let town;
  before(async () => (town = await Town.build()));
  after(() => town?.leave());

  test("what it emits reaches our client", async () => {
    town.oracle.io.to("user:42").emit("note", { from: "node" });
    for (const client of town.of("42")) assert.deepEqual(await client.heard("note"), { from: "node" });
    town.oracle.io.emit("note", "all");
    for (const client of town.clients) assert.equal(await client.heard("note"), "all");
  });

  test("what a worker posts to one of ours reaches its client", async () => {
    // It may take a second until a node has seen that there is another kind of server.
    await eventually(async () => {
      assert.equal((await emit(town.nodes[0], "42", "note", { from: "signalbox" })).status, 202);
      return town.of("42").at(-1).inbox.all.some(({ name }) => name === "note");
    });
    for (const client of town.of("42")) assert.deepEqual(await client.heard("note"), { from: "signalbox" });
    await town.enter();
  });

  test("its clients get each event of ours once, in order", async () => {
    for (let n = 0; n < 50; ++n) await emit(town.nodes[0], "42", "count", n);
    for (const client of town.of("42")) {
      for (let n = 0; n < 50; ++n) assert.equal(await client.heard("count"), n);
      assert.deepEqual(client.inbox.all, []);
    }
  });

  // Where they count us among those who answer they fail, after five seconds.
  test("its fetchSockets() and serverSideEmitWithAck() do not wait for us", async () => {
    const sockets = await town.oracle.io.in("user:42").fetchSockets();
    const theirs = town.of("42").filter(({ place }) => place === town.oracle);
    assert.deepEqual(sockets.map(({ id }) => id).sort(), theirs.map(({ id }) => id).sort());
    assert.deepEqual(await town.oracle.io.serverSideEmitWithAck("hello", 1), []);
  });

  test("what it asks of everybody's sockets is done by ours", async () => {
    town.oracle.io.in("user:42").disconnectSockets(true);
    for (const client of town.of("42")) assert.equal(await client.heard("disconnect"), "io server disconnect");
    assert.ok(town.of("7").every(({ connected }) => connected));
  });
});
