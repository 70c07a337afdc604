// Engine.IO 4 as its protocol document tells it, against an echo server: handshake, messages, heartbeat, close, upgrade.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";

import { pause, startServer } from "../support/server.mjs";
import { Polling, request, Wire, within } from "./wire.mjs";

const separator = "\x1e";

for (const threads of [2, 3]) {
  describe(`Engine.IO on ${threads} threads`, () => {
    let server, address;
    const at = (query) => `${address}?${query}`;
    before(async () => {
      server = await startServer("conformance_server", ["--suite", "engineio"], { THREADS: String(threads) });
      address = `${server.url}/engine.io/`;
    });
    after(() => server.stop());

    const assertGone = async (polling) => {
      const { status, body } = await polling.get();
      assert.deepEqual([status, body], [400, '{"code":1,"message":"Session ID unknown"}']);
    };
    const openWire = async () => {
      const wire = await Wire.open(at("EIO=4&transport=websocket"));
      await wire.next();
      return wire;
    };
    /** A session upgraded by the book: probe answered, poll ended, then `5`. */
    const upgraded = async () => {
      const polling = await Polling.open(address);
      const wire = await Wire.open(at(`EIO=4&transport=websocket&sid=${polling.sid}`));
      wire.send("2probe");
      assert.equal(await wire.next(), "3probe");
      wire.send("5");
      wire.send("4up");
      assert.equal(await wire.nextPacket(), "4up");
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
        const polling = await Polling.open(address);
        const posted = await polling.post("4hello");
        assert.deepEqual([posted.status, posted.type, posted.body], [200, "text/html", "ok"]);
        assert.deepEqual(await polling.packets(), ["4hello"]);
      });

      test("polling takes several packets and brings them back in order, counted in bytes", async () => {
        const polling = await Polling.open(address);
        const packets = ["4one", "4deux €", "4три", "4😀", "4"];
        await polling.post(packets.join(separator));
        const got = [];
        while (got.length < packets.length) got.push(...(await polling.packets()));
        assert.deepEqual(got, packets);
      });

      test("polling takes text and binary mixed", async () => {
        const polling = await Polling.open(address);
        await polling.post(["4text", "bAQIDBA==", "4more"].join(separator));
        const got = [];
        while (got.length < 3) got.push(...(await polling.packets()));
        assert.deepEqual(got, ["4text", "bAQIDBA==", "4more"]);
      });

      test("an answer holds at most sixteen packets, and the rest follow", async () => {
        const polling = await Polling.open(address);
        const packets = Array.from({ length: 40 }, (_, i) => `4${i}`);
        await polling.post(packets.join(separator));
        const got = [];
        while (got.length < 40) {
          const some = (await polling.get()).body.split(separator);
          assert.ok(some.length <= 16, `${some.length} packets in one answer`);
          got.push(...some.filter((packet) => packet !== "2"));
        }
        assert.deepEqual(got, packets);
      });

      test("an answer is not to be stored", async () => {
        const polling = await Polling.open(address);
        await polling.post("4x");
        assert.equal((await polling.get()).headers.get("cache-control"), "no-store");
      });

      for (const payload of ["abc", "", "4ok" + separator, "9", "4ok" + separator + "x"]) {
        test(`polling: the payload ${JSON.stringify(payload)} ends the session`, async () => {
          const polling = await Polling.open(address);
          assert.equal((await polling.post(payload)).status, 400);
          await assertGone(polling);
        });
      }

      test("polling: octet-stream is refused and ends the session", async () => {
        const polling = await Polling.open(address);
        assert.equal((await polling.post("4x", "application/octet-stream")).status, 400);
        await assertGone(polling);
      });

      test("polling: a body over maxPayload is refused with 413", async () => {
        const polling = await Polling.open(address);
        assert.equal((await polling.post("4" + "x".repeat(1000000))).status, 413);
      });

      test("a second GET while one waits gets 400 and ends the session", async () => {
        const polling = await Polling.open(address);
        const both = await Promise.all([polling.get(), polling.get()]); // whichever of them comes second
        assert.deepEqual(both.map(({ status, body }) => `${status} ${body}`).sort(), ["200 1", '400 {"code":3,"message":"Bad request"}']);
        await assertGone(polling);
      });

      test("a client that drops its waiting GET has ended the session", async () => {
        const polling = await Polling.open(address);
        const { hostname, port, pathname, search } = new URL(polling.address);
        const connection = connect(Number(port), hostname);
        await new Promise((sent) => connection.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: x\r\n\r\n`, sent));
        connection.destroy(); // the server reads the request, and then its end
        while ((await polling.post("3")).status === 200);
        await assertGone(polling);
      });

      test("WebSocket brings text back as text and binary as binary", async () => {
        const wire = await openWire();
        wire.send("4hello €");
        assert.equal(await wire.nextPacket(), "4hello €");
        wire.send(Buffer.from([0, 255, 4, 128]));
        assert.deepEqual(await wire.nextPacket(), Buffer.from([0, 255, 4, 128]));
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
        const polling = await Polling.open(address);
        for (let i = 0; i < 3; ++i) {
          assert.equal((await polling.get()).body, "2");
          assert.equal((await polling.post("3")).body, "ok");
        }
      });

      test("polling: without an answer the session ends", async () => {
        const polling = await Polling.open(address);
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
          const polling = await Polling.open(address);
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
        const polling = await Polling.open(address);
        const waiting = polling.get();
        const wire = await Wire.open(at(`EIO=4&transport=websocket&sid=${polling.sid}`));
        wire.send("2probe");
        assert.equal(await wire.next(), "3probe");
        assert.equal((await within(1000, waiting, "the waiting GET")).body, "6");
        wire.send("5");
        wire.send("4hello");
        assert.equal(await wire.nextPacket(), "4hello");
        wire.close();
      });

      test("probe and upgrade in one go are taken in their order", async () => {
        const polling = await Polling.open(address);
        const wire = await Wire.open(at(`EIO=4&transport=websocket&sid=${polling.sid}`));
        for (const packet of ["2probe", "5", "4hello"]) wire.send(packet);
        assert.equal(await wire.next(), "3probe");
        assert.equal(await wire.nextPacket(), "4hello");
        wire.close();
      });

      test("what no poll has taken comes over the WebSocket, in order, none twice", async () => {
        const polling = await Polling.open(address);
        const wire = await Wire.open(at(`EIO=4&transport=websocket&sid=${polling.sid}`));
        const packets = Array.from({ length: 30 }, (_, i) => `4${i}`);
        wire.send("2probe");
        assert.equal(await wire.next(), "3probe");
        await polling.post(packets.join(separator));
        const taken = (await polling.get()).body.split(separator).filter((packet) => packet !== "6" && packet !== "2");
        wire.send("5");
        wire.send("4last");
        const rest = [];
        while (rest.at(-1) !== "4last") rest.push(await wire.nextPacket());
        assert.deepEqual([...taken, ...rest], [...packets, "4last"]);
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
        wire.send("4still here");
        assert.equal(await wire.nextPacket(), "4still here");
        wire.close();
      });

      test("of two WebSockets the one opened first wins, whatever the second says", async () => {
        const polling = await Polling.open(address);
        const url = at(`EIO=4&transport=websocket&sid=${polling.sid}`);
        const first = await Wire.open(url);
        const second = new Wire(url);
        await second.closedWithin(1000);
        first.send("2probe");
        assert.equal(await first.next(), "3probe");
        first.close();
      });

      test("a WebSocket that says something else is closed, and polling goes on", async () => {
        const polling = await Polling.open(address);
        const wire = await Wire.open(at(`EIO=4&transport=websocket&sid=${polling.sid}`));
        wire.send("4too early");
        await wire.closedWithin(1000);
        await polling.post("4hello");
        assert.deepEqual(await polling.packets(), ["4hello"]);
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
