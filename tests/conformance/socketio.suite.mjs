// Socket.IO 5 as its protocol document tells it: connect, disconnect, events, acknowledgements, binary, and what closes a connection.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { joinNamespace, openSocketIo, payloadOf, Polling, Wire } from "./wire.mjs";

/**
 * The suite, test after test, for the server that `start` starts. `greeting`: patterns of what that server tells at a connect before the
 * event `auth`. `lacks`: why it has no other `namespaces`, keeps no `digits`, or lets nobody in at once (`loginsAtOnce`).
 */
export function describeSocketIo(where, start, { greeting = [], lacks = {} } = {}) {
  describe(`Socket.IO ${where}`, { concurrency: 1 }, () => {
    let server;
    before(async () => (server = await start()));
    after(() => server.stop());

    /** Joined, and greeted; the event `auth` is to come. */
    const greeted = async (packet) => {
      const wire = await joinNamespace(server.url, packet);
      for (const pattern of greeting) assert.match(await wire.nextPacket(), pattern);
      return wire;
    };
    /** Joined to `/`, with its `auth` event read. */
    const joined = async () => {
      const wire = await greeted();
      await wire.nextPacket();
      return wire;
    };
    const dialogue = async (wire, packets, answers) => {
      for (const packet of packets) wire.send(packet);
      for (const answer of answers) assert.deepEqual(await wire.nextPacket(), answer);
    };

    describe("connect", () => {
      for (const [packet, nsp, payload] of [
        ["40", "", "{}"], ['40{"token":"123"}', "", '{"token":"123"}'], ["40/custom,", "/custom,", "{}"],
        ['40/custom,{"token":"abc"}', "/custom,", '{"token":"abc"}'], ["40/custom", "/custom,", "{}"],
      ]) {
        test(`${packet} is accepted with a sid and nothing else, and its payload is seen`, { skip: nsp !== "" && lacks.namespaces }, async () => {
          const wire = await greeted(packet);
          assert.ok(wire.answer.startsWith(`40${nsp}{`), wire.answer);
          const answer = JSON.parse(wire.answer.slice(2 + nsp.length));
          assert.deepEqual(Object.keys(answer), ["sid"]);
          assert.notEqual(answer.sid, wire.open.sid, "the socket's id is another than the session's");
          assert.equal(await wire.nextPacket(), `42${nsp}["auth",${payload}]`);
          wire.close();
        });
      }

      test("both namespaces are joined on one connection, with a sid each", { skip: lacks.namespaces }, async () => {
        const wire = await joined();
        wire.send("40/custom,");
        const answer = await wire.nextPacket();
        assert.ok(answer.startsWith('40/custom,{"sid":"'));
        assert.ok(!answer.includes(JSON.parse(wire.answer.slice(2)).sid));
        assert.equal(await wire.nextPacket(), '42/custom,["auth",{}]');
        await dialogue(wire, ['42["message",1]'], ['42["message-back",1]']);
        wire.close();
      });

      test("an unknown namespace is refused, and the connection stays", async () => {
        const wire = await joinNamespace(server.url, "40/random");
        assert.equal(wire.answer, '44/random,{"message":"Invalid namespace"}');
        wire.send("40");
        assert.ok((await wire.nextPacket()).startsWith('40{"sid":'));
        wire.close();
      });

      test("it goes by polling alone as well", async () => {
        const polling = await Polling.open(`${server.url}/socket.io/`);
        await polling.post('40{"token":"p"}');
        const got = await polling.take(2 + greeting.length);
        assert.ok(got[0].startsWith('40{"sid":'));
        assert.equal(got.at(-1), '42["auth",{"token":"p"}]');
      });
    });

    describe("what is no handshake closes the connection", () => {
      for (const packet of ["4abc", '42["message",1]', "40[]", '40"text"', "40null", "40{", "41", "43[]", "4", '40/custom,5', "47"]) {
        test(packet, async () => {
          const wire = await openSocketIo(server.url);
          wire.send(packet);
          await wire.closedWithin(400);
        });
      }

      test("no handshake at all, within the connect time-out", async () => {
        const wire = await openSocketIo(server.url);
        const start = performance.now();
        assert.equal(await wire.nextPacket(), undefined);
        const ms = performance.now() - start;
        assert.ok(ms > 900 && ms < 2000, `${ms}`);
      });
    });

    describe("disconnect", () => {
      test("leaving / leaves the connection open", async () => {
        const wire = await joined();
        wire.send("41");
        assert.equal(await wire.next(), "2");
        wire.send("3");
        wire.send("40");
        assert.ok((await wire.nextPacket()).startsWith('40{"sid":'));
        wire.close();
      });

      test("leaving /custom leaves / working", { skip: lacks.namespaces }, async () => {
        const wire = await joined();
        wire.send("40/custom,");
        await wire.nextPacket();
        await wire.nextPacket();
        await dialogue(wire, ["41/custom,", '42["message","still"]'], ['42["message-back","still"]']);
        wire.close();
      });

      test("a session without a namespace is closed after the connect time-out, or lives on when it joins one", { skip: lacks.namespaces }, async () => {
        const wire = await joined();
        wire.send("41");
        wire.send("40/custom");
        assert.ok((await wire.nextPacket()).startsWith("40/custom,"));
        wire.close();
      });
    });

    describe("events", () => {
      const placeholder = (num) => `{"_placeholder":true,"num":${num}}`;
      for (const [name, packets, answers, skip] of [
        ["plain arguments come back as they were", ['42["message",1,"2",{"3":[true]}]'], ['42["message-back",1,"2",{"3":[true]}]']],
        ["numbers keep their digits", ['42["message",1.50,1e2,12345678901234567890]'], ['42["message-back",1.50,1e2,12345678901234567890]'], lacks.digits],
        ["no argument is no argument", ['42["message"]'], ['42["message-back"]']],
        ["text of every kind", ['42["message","Ä😀\\u0000\\n"]'], ['42["message-back","Ä😀\\u0000\\n"]']],
        ["an acknowledgement carries the id and the arguments", ['42456["message-with-ack",1,"2",{"3":[false]}]'], ['43456[1,"2",{"3":[false]}]']],
        ["an acknowledgement with the id 0", ['420["message-with-ack"]'], ["430[]"]],
        ["two attachments", [`452-["message",${placeholder(0)},${placeholder(1)}]`, Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])],
          [`452-["message-back",${placeholder(0)},${placeholder(1)}]`, Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])]],
        ["an acknowledgement with two attachments", [`452-789["message-with-ack",${placeholder(0)},${placeholder(1)}]`, Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])],
          [`462-789[${placeholder(0)},${placeholder(1)}]`, Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])]],
        ["an empty attachment", [`451-["message",${placeholder(0)}]`, Buffer.alloc(0)], [`451-["message-back",${placeholder(0)}]`, Buffer.alloc(0)]],
        ["an unknown event is ignored", ['42["nobody knows",1]', '42["message",2]'], ['42["message-back",2]']],
        ["an acknowledgement that nobody waits for is ignored", ['4399["x"]', '42["message",3]'], ['42["message-back",3]']],
      ]) {
        test(name, { skip }, async () => {
          const wire = await joined();
          await dialogue(wire, packets, answers);
          wire.close();
        });
      }

      test("a thousand events come back in order", async () => {
        const wire = await joined();
        for (let i = 0; i < 1000; ++i) wire.send(`42["message",${i}]`);
        for (let i = 0; i < 1000; ++i) assert.equal(await wire.nextPacket(), `42["message-back",${i}]`);
        wire.close();
      });

      for (const [when, first, then] of [["after its probe", "probe", "login"], ["before its probe", "login", "probe"]]) {
        test(`a large message is taken over a WebSocket that was opened before the login, ${when}`, async () => {
          const polling = await Polling.open(`${server.url}/socket.io/`);
          const wire = await Wire.open(`${server.url}/socket.io/?EIO=4&transport=websocket&sid=${polling.sid}`);
          const steps = { login: () => polling.post("40"), probe: async () => (wire.send("2probe"), assert.equal(await wire.next(), "3probe")) };
          await steps[first]();
          await steps[then]();
          wire.send("5");
          const text = "x".repeat(500000);
          wire.send(`42["message","${text}"]`);
          const got = [];
          while (got.length < 3 + greeting.length) got.push(await wire.nextPacket());
          assert.ok(got[0].startsWith('40{"sid":'));
          assert.equal(got.at(-1), `42["message-back","${text}"]`);
          wire.close();
        });
      }

      test("binary goes by polling as base64", async () => {
        const polling = await Polling.open(`${server.url}/socket.io/`);
        await polling.post("40");
        await polling.take(2 + greeting.length);
        await polling.post(payloadOf([`451-["message",${placeholder(0)}]`, Buffer.from([1, 2, 3, 4])]));
        assert.deepEqual(await polling.take(2), [`451-["message-back",${placeholder(0)}]`, "bAQIDBA=="]);
      });

      test("an event may come with the login, in one payload", { skip: lacks.loginsAtOnce }, async () => {
        const polling = await Polling.open(`${server.url}/socket.io/`);
        await polling.post(payloadOf(["40", '42["message",1]']));
        assert.equal((await polling.take(3 + greeting.length)).at(-1), '42["message-back",1]');
      });
    });

    describe("what closes the connection", () => {
      const placeholder = (num) => `451-["message",{"_placeholder":true,"num":${num}}]`;
      for (const packets of [
        ["4abc"], ["47"], ["42{}"], ["42"], ["43"], ['42"text"'], ["42[]"], ["42[{}]"], ["42[null]"], ['42abc["message-with-ack",1]'], ["43{}"], ['42["message"'],
        ['42["message",1e400]'], ['41{"a":1}'], ["40"], ['42/custom,["message"]'], ["43/custom,1[]"], ["45-[\"message\"]"], ['450-["message"]'],
        ['4511-["message"]'], ["451.5-[\"message\"]"], ['45999999999999999999999-["message"]'], [placeholder(0), '42["message"]'], [Buffer.from([1])],
        [placeholder(1), Buffer.from([1])], [placeholder(-1), Buffer.from([1])], [placeholder("0.5"), Buffer.from([1])], [placeholder('"0"'), Buffer.from([1])],
        ['42["connect"]'], ['42["connect_error"]'], ['42["disconnect"]'], ['42["disconnecting"]'], ['42["newListener"]'], ['42["removeListener"]'],
        [`42["message",${"[".repeat(1000)}${"]".repeat(1000)}]`],
      ]) {
        test(packets.map((packet) => String(packet).slice(0, 60)).join(" then "), async () => {
          const wire = await joined();
          for (const packet of packets) wire.send(packet);
          await wire.closedWithin(400);
          assert.deepEqual(wire.messages.filter((packet) => packet !== "2"), []);
        });
      }
    });
  });
}
