// Engine.IO 4 as its protocol document tells it, against a server that sends back what it gets: handshake, messages, heartbeat, close, upgrade.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";

import { pause } from "../support/server.mjs";
import { packetsOf, payloadOf, Polling, request, Wire, within } from "./wire.mjs";

/** Text or a Buffer as the packets that carry it: a message of Engine.IO, or an event of Socket.IO. */
const message = (value) => [typeof value === "string" ? `4${value}` : value];
const event = (name) => (value) =>
  typeof value === "string" ? [`42${JSON.stringify([name, value])}`] : [`451-["${name}",{"_placeholder":true,"num":0}]`, value];

/** A server that sends back every message. */
const echo = { path: "/engine.io/", greeting: 0, say: message, back: message };
/** One of Socket.IO's, which answers the login with so many packets, and sends back the event `message`. */
export const socketIoEcho = (greeting) => ({ path: "/socket.io/", login: "40", greeting, say: event("message"), back: event("message-back") });

/** The suite, test after test, for the server that `start` starts. */
export function describeEngineIo(where, start, { path, login, greeting, say, back } = echo) {
  describe(`Engine.IO ${where}`, { concurrency: 1 }, () => {
    let server, address;
    const at = (query) => `${address}?${query}`;
    before(async () => {
      server = await start();
      address = server.url + path;
    });
    after(() => server.stop());

    const openPolling = async () => {
      const polling = await Polling.open(address);
      if (login) await polling.post(login);
      await polling.take(greeting);
      return polling;
    };
    const sendAll = (wire, ...values) => values.flatMap(say).forEach((packet) => wire.send(packet));
    const assertNext = async (wire, ...values) => {
      for (const packet of values.flatMap(back)) assert.deepEqual(await wire.nextPacket(), packet);
    };
    /** What is posted in one payload comes back in order, in however many answers. */
    const assertPolled = async (polling, ...values) => {
      await polling.post(payloadOf(values.flatMap(say)));
      const packets = packetsOf(payloadOf(values.flatMap(back)));
      assert.deepEqual(await polling.take(packets.length), packets);
    };

    const assertGone = async (polling) => {
      const { status, body } = await polling.get();
      assert.deepEqual([status, body], [400, '{"code":1,"message":"Session ID unknown"}']);
    };
    const openWire = async () => {
      const wire = await Wire.open(at("EIO=4&transport=websocket"));
      await wire.next();
      if (login) wire.send(login);
      for (let i = 0; i < greeting; ++i) await wire.nextPacket();
      return wire;
    };
    /** A session upgraded by the book: probe answered, poll ended, then `5`. */
    const upgraded = async () => {
      const polling = await openPolling();
      const wire = await Wire.open(at(`EIO=4&transport=websocket&sid=${polling.sid}`));
      wire.send("2probe");
      assert.equal(await wire.next(), "3probe");
      wire.send("5");
      sendAll(wire, "up");
      await assertNext(wire, "up");
      return { polling, wire };
    };

    describe("handshake", () => {
      test("polling opens with five keys, the settings and an upgrade on offer", async () => {
        const { status, type, body } = await request(at("EIO=4&transport=polling"));
        assert.equal(status, 200);
        assert.equal(type.toLowerCase(), "text/plain; charset=utf-8");
        assert.equal(body[0], "0");
        const { sid, ...rest } = JSON.parse(body.slice(1));
        assert.ok(sid.length >= 20);
        assert.deepEqual(rest, { upgrades: ["websocket"], pingInterval: 300, pingTimeout: 200, maxPayload: 1000000 });
      });

      test("WebSocket opens with no upgrade on offer", async () => {
        const wire = await Wire.open(at("EIO=4&transport=websocket"));
        const { sid, ...rest } = JSON.parse((await wire.next()).slice(1));
        assert.ok(sid.length >= 20);
        assert.deepEqual(rest, { upgrades: [], pingInterval: 300, pingTimeout: 200, maxPayload: 1000000 });
        wire.close();
      });

      const transport = '{"code":0,"message":"Transport unknown"}', sid = '{"code":1,"message":"Session ID unknown"}';
      const method = '{"code":2,"message":"Bad handshake method"}', bad = '{"code":3,"message":"Bad request"}';
      const version = '{"code":5,"message":"Unsupported protocol version"}';
      for (const [query, verb, body] of [
        ["transport=polling", "GET", version], ["EIO=abc&transport=polling", "GET", version], ["EIO=3&transport=polling", "GET", version],
        ["EIO=4", "GET", transport], ["EIO=4&transport=abc", "GET", transport], ["EIO=4&transport=", "GET", transport],
        ["EIO=4&transport=polling", "POST", method], ["EIO=4&transport=polling", "PUT", method],
        ["EIO=4&transport=websocket", "GET", bad], ["EIO=4&transport=polling&sid=nobody", "GET", sid],
        ["EIO=4&transport=polling&sid=nobody", "POST", sid], ["EIO=3&transport=abc", "GET", transport],
      ]) {
        test(`${verb} ?${query} is refused with ${body}`, async () => {
          const answer = await request(at(query), { method: verb });
          assert.deepEqual([answer.status, answer.type, answer.body], [400, "application/json", body]);
          assert.equal(answer.headers.get("access-control-allow-origin"), "*", "CORS stands on errors as well");
        });
      }

      test("a repeated parameter is a 400; an empty sid counts as none; order and encoding are free", async () => {
        assert.equal((await request(at("EIO=4&EIO=4&transport=polling"))).status, 400);
        assert.equal((await request(at("sid=&transport=polling&t=x&EIO=4"))).status, 200);
        assert.equal((await request(at("%45IO=%34&transport=p%6flling"))).status, 200);
      });

      for (const query of ["transport=websocket", "EIO=3&transport=websocket", "EIO=4&transport=abc", "EIO=4", "EIO=4&transport=websocket&sid=nobody"]) {
        test(`a WebSocket for ?${query} does not open`, async () => {
          const wire = new Wire(at(query));
          await wire.closedWithin(2000);
          assert.deepEqual(wire.messages, []);
        });
      }
    });

    describe("messages", () => {
      test("polling takes one packet and brings it back", async () => {
        const polling = await openPolling();
        const posted = await polling.post(payloadOf(say("hello")));
        assert.deepEqual([posted.status, posted.type, posted.body], [200, "text/html", "ok"]);
        assert.deepEqual(await polling.packets(), back("hello"));
      });

      test("polling takes several packets and brings them back in order, counted in bytes", async () => {
        const polling = await openPolling();
        await assertPolled(polling, "one", "deux €", "три", "😀", "");
      });

      test("polling takes text and binary mixed", async () => {
        const polling = await openPolling();
        await assertPolled(polling, "text", Buffer.from([1, 2, 3, 4]), "more");
      });

      test("an answer holds at most sixteen packets, and the rest follow", async () => {
        const polling = await openPolling();
        const values = Array.from({ length: 40 }, (_, i) => `${i}`);
        await polling.post(payloadOf(values.flatMap(say)));
        const got = [];
        while (got.length < 40) {
          const some = packetsOf((await polling.get()).body);
          assert.ok(some.length <= 16, `${some.length} packets in one answer`);
          got.push(...some.filter((packet) => packet !== "2"));
        }
        assert.deepEqual(got, values.flatMap(back));
      });

      test("an answer is not to be stored", async () => {
        const polling = await openPolling();
        await polling.post(payloadOf(say("x")));
        assert.equal((await polling.get()).headers.get("cache-control"), "no-store");
      });

      for (const payload of ["abc", "", payloadOf([...say("ok"), ""]), "9", payloadOf([...say("ok"), "x"])]) {
        test(`polling: the payload ${JSON.stringify(payload)} ends the session`, async () => {
          const polling = await openPolling();
          assert.equal((await polling.post(payload)).status, 400);
          await assertGone(polling);
        });
      }

      test("polling: octet-stream is refused and ends the session", async () => {
        const polling = await openPolling();
        assert.equal((await polling.post("4x", "application/octet-stream")).status, 400);
        await assertGone(polling);
      });

      test("polling: a body over maxPayload is refused with 413", async () => {
        const polling = await openPolling();
        assert.equal((await polling.post("4" + "x".repeat(1000000))).status, 413);
      });

      test("a second GET while one waits gets 400 and ends the session", async () => {
        const polling = await openPolling();
        const both = await Promise.all([polling.get(), polling.get()]); // whichever of them comes second
        assert.deepEqual(both.map(({ status, body }) => `${status} ${body}`).sort(), ["200 1", '400 {"code":3,"message":"Bad request"}']);
        await assertGone(polling);
      });

      test("a client that drops its waiting GET has ended the session", async () => {
        const polling = await openPolling();
        const { hostname, port, pathname, search } = new URL(polling.address);
        const connection = connect(Number(port), hostname);
        await new Promise((sent) => connection.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: x\r\n\r\n`, sent));
        connection.destroy(); // the server reads the request, and then its end
        while ((await polling.post("3")).status === 200);
        await assertGone(polling);
      });

      test("WebSocket brings text back as text and binary as binary", async () => {
        const wire = await openWire();
        for (const value of ["hello €", Buffer.from([0, 255, 4, 128])]) {
          sendAll(wire, value);
          await assertNext(wire, value);
        }
        wire.close();
      });

      for (const packet of ["abc", "", "2", "8", "5"]) {
        test(`WebSocket: the packet ${JSON.stringify(packet)} ends the session`, async () => {
          const wire = await openWire();
          wire.send(packet);
          await wire.closedWithin(1000);
        });
      }
    });

    describe("heartbeat", () => {
      test("polling: the server pings, the client answers, three times", async () => {
        const polling = await openPolling();
        for (let i = 0; i < 3; ++i) {
          assert.equal((await polling.get()).body, "2");
          assert.equal((await polling.post("3")).body, "ok");
        }
      });

      test("polling: without an answer the session ends", async () => {
        const polling = await openPolling();
        assert.equal((await polling.get()).body, "2");
        await pause(350); // pingTimeout and a little: the server's clock is what is tested
        await assertGone(polling);
      });

      test("WebSocket: the server pings, the client answers, three times", async () => {
        const wire = await openWire();
        for (let i = 0; i < 3; ++i) {
          assert.equal(await wire.next(), "2");
          wire.send("3");
        }
        wire.close();
      });

      test("WebSocket: without an answer the session ends, not before its time", async () => {
        const wire = await openWire();
        const start = performance.now();
        await wire.closedWithin(2000);
        assert.ok(performance.now() - start > 400);
        assert.deepEqual(wire.messages, ["2"]);
      });
    });

    describe("close", () => {
      test("polling: the waiting GET is released with a noop, then the sid is unknown", async () => {
        let released;
        do {
          const polling = await openPolling();
          const [waiting, closing] = await Promise.all([polling.get(), polling.post("1")]);
          assert.equal(closing.status, 200);
          await assertGone(polling);
          released = waiting;
        } while (released.status === 400); // then the POST was there first
        assert.equal(released.body, "6");
      });

      test("WebSocket: a close packet closes it", async () => {
        const wire = await openWire();
        wire.send("1");
        assert.ok([1000, 1005].includes(await wire.closedWithin(1000)), "TCP too, once both close frames are there");
      });
    });

    describe("upgrade", () => {
      test("a probe is answered, a waiting GET released, and messages go on over the WebSocket", async () => {
        const polling = await openPolling();
        const waiting = polling.get();
        const wire = await Wire.open(at(`EIO=4&transport=websocket&sid=${polling.sid}`));
        wire.send("2probe");
        assert.equal(await wire.next(), "3probe");
        assert.equal((await within(1000, waiting, "the waiting GET")).body, "6");
        wire.send("5");
        sendAll(wire, "hello");
        await assertNext(wire, "hello");
        wire.close();
      });

      test("probe and upgrade in one go are taken in their order", async () => {
        const polling = await openPolling();
        const wire = await Wire.open(at(`EIO=4&transport=websocket&sid=${polling.sid}`));
        for (const packet of ["2probe", "5", ...say("hello")]) wire.send(packet);
        assert.equal(await wire.next(), "3probe");
        await assertNext(wire, "hello");
        wire.close();
      });

      test("what no poll has taken comes over the WebSocket, in order, none twice", async () => {
        const polling = await openPolling();
        const wire = await Wire.open(at(`EIO=4&transport=websocket&sid=${polling.sid}`));
        const values = Array.from({ length: 30 }, (_, i) => `${i}`);
        wire.send("2probe");
        assert.equal(await wire.next(), "3probe");
        await polling.post(payloadOf(values.flatMap(say)));
        const taken = packetsOf((await polling.get()).body).filter((packet) => packet !== "6" && packet !== "2");
        wire.send("5");
        sendAll(wire, "last");
        const packets = [...values, "last"].flatMap(back);
        const rest = [];
        while (taken.length + rest.length < packets.length) rest.push(await wire.nextPacket());
        assert.deepEqual([...taken, ...rest], packets);
        wire.close();
      });

      test("after it, requests with the sid are bad requests", async () => {
        const { polling, wire } = await upgraded();
        const { status, body } = await polling.get();
        assert.deepEqual([status, body], [400, '{"code":3,"message":"Bad request"}']);
        wire.close();
      });

      test("after it, a second WebSocket with the sid is closed and the first lives", async () => {
        const { polling, wire } = await upgraded();
        const second = new Wire(at(`EIO=4&transport=websocket&sid=${polling.sid}`));
        await second.closedWithin(1000);
        sendAll(wire, "still here");
        await assertNext(wire, "still here");
        wire.close();
      });

      test("of two WebSockets the one opened first wins, whatever the second says", async () => {
        const polling = await openPolling();
        const url = at(`EIO=4&transport=websocket&sid=${polling.sid}`);
        const first = await Wire.open(url);
        const second = new Wire(url);
        await second.closedWithin(1000);
        first.send("2probe");
        assert.equal(await first.next(), "3probe");
        first.close();
      });

      test("a WebSocket that says something else is closed, and polling goes on", async () => {
        const polling = await openPolling();
        const wire = await Wire.open(at(`EIO=4&transport=websocket&sid=${polling.sid}`));
        wire.send("4too early");
        await wire.closedWithin(1000);
        await assertPolled(polling, "hello");
      });
    });

    test("CORS: a preflight is answered as the cors package does", async () => {
      const { status, headers } = await request(address, {
        method: "OPTIONS", headers: { Origin: "http://a.example", "Access-Control-Request-Headers": "x-test", "Access-Control-Request-Method": "POST" },
      });
      assert.equal(status, 204);
      assert.equal(headers.get("access-control-allow-methods"), "GET,HEAD,PUT,PATCH,POST,DELETE");
      assert.equal(headers.get("access-control-allow-headers"), "x-test");
    });
  });
}
