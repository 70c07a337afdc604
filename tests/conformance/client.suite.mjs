// The server that the JavaScript client's own tests expect, seen on the wire: its namespaces, refusals and events.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { joinNamespace, openSocketIo } from "./wire.mjs";

/** The next packet; of an event without the offset that recovery adds, which is there for all that wants no acknowledgement. */
async function next(wire) {
  const packet = await wire.nextPacket();
  if (!/^4[25]\D/.test(packet) && !/^451-\[/.test(packet)) return packet;
  assert.match(packet, offset);
  return packet.replace(offset, "]");
}
const offset = /,"[\w-]{8}\.\d+\.\d+"\]$/;
const isoDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The suite, test after test, for the server that `start` starts. */
export function describeClient(where, start) {
  describe(`The client's server ${where}`, () => {
    let server;
    before(async () => (server = await start()));
    after(() => server.stop());

    const sidOf = (wire) => JSON.parse(wire.answer.slice(wire.answer.indexOf("{"))).sid;
    const ask = async (packet) => {
      const wire = await joinNamespace(server.url);
      wire.send(packet);
      const answer = await next(wire);
      wire.close();
      return answer;
    };

    for (const nsp of ["/foo", "/timeout_socket", "/valid", "/asd", "/abc"]) {
      test(`${nsp} is open to all`, async () => {
        const wire = await joinNamespace(server.url, `40${nsp},`);
        assert.ok(wire.answer.startsWith(`40${nsp},{"sid":`), wire.answer);
        wire.close();
      });
    }

    test("refusals of the middleware reach the client", async () => {
      const main = await joinNamespace(server.url, "40", "&fail=true");
      assert.equal(main.answer, '44{"message":"Auth failed (main namespace)"}');
      main.close();
      const custom = await joinNamespace(server.url, "40/no,");
      assert.equal(custom.answer, '44/no,{"message":"Auth failed (custom namespace)"}');
      custom.close();
    });

    test("getId acknowledges with the socket's id, in / and /foo", async () => {
      const wire = await joinNamespace(server.url);
      wire.send('420["getId"]');
      assert.equal(await next(wire), `430["${sidOf(wire)}"]`);
      const foo = await joinNamespace(server.url, "40/foo,");
      foo.send('42/foo,7["getId"]');
      assert.equal(await foo.nextPacket(), `43/foo,7["${sidOf(foo)}"]`);
      for (const each of [wire, foo]) each.close();
    });

    for (const [packet, answer] of [
      ['42["hi"]', '42["hi"]'], ['421["echo",{"a":[1.5]}]', '431[{"a":[1.5]}]'], ['42["false"]', '42["false",false]'],
      ['42["doge"]', '451-["doge",{"_placeholder":true,"num":0}]'], ['42["abuff2"]', '42["abuff2-ack"]'],
    ]) {
      test(`${packet} is answered with ${answer}`, async () => assert.equal(await ask(packet), answer));
    }

    test("dates are ISO 8601", async () => {
      assert.match(JSON.parse((await ask('422["getAckDate"]')).slice(3))[0], isoDate);
      assert.match(JSON.parse((await ask('42["getDate"]')).slice(2))[1], isoDate);
      assert.match(JSON.parse((await ask('42["getDateObj"]')).slice(2))[1].date, isoDate);
    });

    test("text of many scripts comes whole and in order", async () => {
      const wire = await joinNamespace(server.url);
      wire.send('42["getUtf8"]');
      for (const text of ["てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"])
        assert.equal(await next(wire), `42["takeUtf8","${text}"]`);
      wire.close();
    });

    test("the server asks for an acknowledgement and knows the right one", async () => {
      const wire = await joinNamespace(server.url);
      wire.send('42["ack"]');
      const [, id] = (await next(wire)).match(/^42(\d+)\["ack"\]$/);
      wire.send(`43${id}[5,{"test":true}]`);
      assert.equal(await next(wire), '42["got it"]');
      wire.close();
    });

    test("binary arrives, alone and inside an object", async () => {
      const wire = await joinNamespace(server.url);
      wire.send('451-["buffa",{"_placeholder":true,"num":0}]');
      wire.send(Buffer.from("abc"));
      assert.equal(await next(wire), '42["buffack"]');
      wire.send('451-["jsonbuff",{"hello":"lol","message":{"_placeholder":true,"num":0},"goodbye":"gotcha"}]');
      wire.send(Buffer.from("abc"));
      assert.equal(await next(wire), '42["jsonbuff-ack"]');
      wire.send('42["doge"]');
      await next(wire);
      assert.deepEqual(await next(wire), Buffer.from("asdfasdf"));
      wire.close();
    });

    test("a handler whose client wants no acknowledgement sends none", async () => {
      const wire = await joinNamespace(server.url);
      for (const packet of ['42["getId"]', '42["echo",1]', '42["hi"]']) wire.send(packet);
      assert.equal(await next(wire), '42["hi"]');
      wire.close();
    });

    test("the handshake object tells of the request and the payload", async () => {
      const wire = await openSocketIo(server.url, "&a=b%20c&n=5");
      wire.send('40{"token":"x"}');
      await next(wire);
      wire.send('421["getHandshake"]');
      const [handshake] = JSON.parse((await next(wire)).slice(3));
      assert.deepEqual(Object.keys(handshake).sort(), ["address", "auth", "headers", "issued", "query", "secure", "time", "url", "xdomain"]);
      assert.deepEqual(handshake.query, { EIO: "4", transport: "websocket", a: "b c", n: "5" });
      assert.deepEqual([handshake.auth, handshake.address, handshake.secure, handshake.xdomain], [{ token: "x" }, "127.0.0.1", false, false]);
      assert.ok(handshake.url.startsWith("/socket.io/?EIO=4"));
      assert.equal(handshake.headers.upgrade, "websocket");
      assert.ok(Math.abs(handshake.issued - Date.now()) < 60000);
      wire.close();
    });
  });
}
