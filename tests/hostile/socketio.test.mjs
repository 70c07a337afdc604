// Each rule of Socket.IO broken once, at every stage of a connection, against handlers that send back what they get; and
// what looks broken and is not.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";

import { frame, get, post, Raw, Ws } from "./raw.mjs";
import { attack, crowd, login, loginByPolling, loginPacket, Town } from "./town.mjs";

const unknownSid = '{"code":1,"message":"Session ID unknown"}';
const deep = (levels) => "[".repeat(levels) + "]".repeat(levels);

const broken = ["4", "42", "43", "47", "4x", "42{}", '42"a"', "42[]", "42[{}]", "42[null]", "42[true]", '42[["a"]]', '42["a"', '42["a"]x', '42["a",]', '42["a",01]', '42["a",1e400]', '42["a","\\ud800"]', `42["a",${deep(200)}]`, '42["connect"]', '42["connect_error"]', '42["disconnect"]', '42["disconnecting"]', '42["newListener"]', '42["removeListener"]', '42["conn\\u0065ct"]', '42/nope,["a"]', "42/", "42/1", '43{"a":1}', "431", "431{}", '43-1["a"]', "40", '40{"a":1}', "40[]", '44{"message":"no"}', '45["a"]', '450-["a"]', '45-1-["a"]', '451.5-["a"]', '455999999999999-["a"]', '4511-["a"]', '451-["a",{"_placeholder":true,"num":1}]', '451-["a",{"_placeholder":true,"num":-1}]', '451-["a",{"_placeholder":true,"num":1.5}]', '451-["a",{"_placeholder":true,"num":"splice"}]', '451-["a",{"_placeholder":true,"num":9007199254740992}]', '451-["a",{"_placeholder":true,"num":"__proto__"}]', '451-["a",{"_placeholder":true}]', '461-1', '42[{"toString":"a"}]', `42["${"n".repeat(257)}"]`, '42123456789012345678901["message"]'];
/** The same packets for another namespace, where they have an address. */
const addressed = broken.filter((packet) => !packet.includes("/") && /^4(2[[{"\d]|3[[{]|45\d+-)/.test(packet)).map((packet) => packet.replace(/^(42|43|45\d+-)/, "$1/1,"));

describe("Socket.IO", () => {
  let town;
  before(async () => (town = await Town.build()));
  after(() => town.leave());
  const where = () => town;

  /** Over each WebSocket that `open` gives, one packet; the server closes it with 1002. */
  const eachCloses = async (packets, open) => {
    for (const packet of packets) assert.equal(await (await open()).send(packet).closeCode(), 1002, packet.slice(0, 80));
  };

  attack("each rule broken before CONNECT closes the session", { where, cpuMs: 600 }, async ({ port }) => {
    const wrong = [...broken.filter((packet) => !/^40({|$)/.test(packet)), '42["message"]', "41", "431[]", "44", "abc"];
    await eachCloses(wrong, () => Ws.open(port));
  });

  attack("each rule broken after login closes the session", { where, cpuMs: 1000 }, async ({ port }) => {
    await eachCloses(broken, () => login(port, "mean"));
  });

  attack("each rule broken in a second namespace closes the session", { where, cpuMs: 1000 }, async ({ port }) => {
    assert.ok(addressed.length > 20);
    await eachCloses(addressed, async () => {
      const ws = (await login(port, "mean")).send("40/1,");
      assert.match(await ws.message(), /^40\/1,{"sid"/);
      return ws;
    });
  });

  attack("each rule broken by polling ends the session", { where, cpuMs: 1000 }, async ({ port }) => {
    for (const packet of broken) {
      const raw = await Raw.open(port);
      const { target } = await loginByPolling(raw, "mean");
      await raw.write(post(target, packet)).answer();
      assert.equal((await raw.write(get(target)).answer()).body, unknownSid, packet.slice(0, 80));
      raw.close();
    }
  });

  attack("text while attachments are due, a binary frame when none is due", { where }, async ({ port }) => {
    const promise = '452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]';
    for (const packet of ['42["a"]', "40/1,", "41", promise]) {
      assert.equal(await (await login(port, "mean")).send(promise).send(packet).closeCode(), 1002, packet);
      assert.equal(await (await login(port, "mean")).send(promise).write(frame(2, "one")).send(packet).closeCode(), 1002, packet);
    }
    for (const open of [Ws.open(port), login(port, "mean")]) assert.equal(await (await open).write(frame(2, "x")).closeCode(), 1002);
  });

  attack("an event whose name is an attachment", { where }, async ({ port }) => {
    const ws = (await login(port, "mean")).send('451-[{"_placeholder":true,"num":0}]').write(frame(2, "message"));
    assert.equal(await ws.closeCode(), 1002);
  });

  const legal = {
    '42["error",1]': undefined,
    '42["toString"]': undefined,
    '42["hasOwnProperty"]': undefined,
    '42["constructor"]': undefined,
    '42["__proto__",{"__proto__":{"polluted":true}}]': undefined,
    '42[1,"an event whose name is a number"]': undefined,
    '439999999999999999999[1]': undefined,
    "437[]": undefined,
    '42["message",{"__proto__":{"a":1},"constructor":{}}]': '42["message-back",{"__proto__":{"a":1},"constructor":{}}]',
    [`42["message",${deep(50)}]`]: `42["message-back",${deep(50)}]`,
    '42["message",9007199254740993,1.0,-0,1e2]': '42["message-back",9007199254740993,1.0,-0,1e2]',
    '4212345678901234567890["question",1]': '4312345678901234567890[1]',
  };
  attack("what looks broken and is not is taken, and comes back byte for byte", { where }, async ({ port }) => {
    const ws = await login(port, "odd");
    for (const [packet, answer] of Object.entries(legal)) {
      ws.send(packet);
      if (!answer) ws.send('42["message"]');
      assert.equal(await ws.message(), answer ?? '42["message-back"]', packet);
    }
    ws.close();
  });

  attack("a placeholder 50 levels deep is found", { where }, async ({ port }) => {
    const ws = await login(port, "digger");
    const place = "[".repeat(50) + '{"_placeholder":true,"num":0}' + "]".repeat(50);
    ws.send(`451-["message",${place}]`).write(frame(2, "bytes"));
    assert.equal(await ws.message(), `451-["message-back",${place}]`);
    assert.equal((await ws.frame()).payload.toString(), "bytes");
    ws.close();
  });

  attack("a connection reset at every byte of an event with an attachment", { where, cpuMs: 1000 }, async ({ port }) => {
    const bytes = Buffer.concat([frame(1, '451-["message",{"_placeholder":true,"num":0}]'), frame(2, "bytes")]);
    await crowd(bytes.length, 20, async (i) => {
      const ws = await login(port, `cut ${i}`);
      ws.write(bytes.subarray(0, i + 1));
      await new Promise((sent) => ws.socket.write("", sent));
      ws.reset();
    });
  });

  attack("packets with an attachment in single bytes on 200 connections", { where, cpuMs: 6000, memoryMb: 24 }, async ({ port }) => {
    const all = await crowd(200, 50, (i) => login(port, `slow ${i}`));
    const bytes = Buffer.concat([frame(1, '451-["message",{"_placeholder":true,"num":0}]'), frame(2, "bytes")]);
    for (const byte of bytes) {
      for (const ws of all) ws.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    for (const ws of all) {
      assert.equal(await ws.message(), '451-["message-back",{"_placeholder":true,"num":0}]');
      assert.equal((await ws.frame()).payload.toString(), "bytes");
      ws.close();
    }
  });

  attack("the login of one who has none, sent again and again, is refused each time", { where, cpuMs: 1000 }, async ({ port }) => {
    const ws = await login(port, "again");
    assert.equal(await ws.send(loginPacket("somebody else")).closeCode(), 1002);
    for (let i = 0; i < 50; ++i) {
      const refused = (await Ws.open(port)).send('40{"token":"none"}');
      const said = [];
      for (let message; (message = await refused.message()) !== undefined; ) said.push(message);
      assert.equal(said.at(-1), "41");
    }
  });
});

attack("packets of a megabyte, 126 levels deep, that promise attachments: the cost of a byte is that of any other", { memoryMb: 32, cpuMs: 1500 }, async ({ port }) => {
  const ws = await login(port, "digger");
  const levels = 123;
  const packet = `451-["x",${"[".repeat(levels)}${"1,".repeat(450_000)}1${"]".repeat(levels)}]`;
  for (let i = 0; i < 10; ++i) ws.send(packet).write(frame(2, "x"));
  ws.send('42["job_status","none"]');
  ws.send('427["job_status","none"]');
  for (;;) if ((await ws.message(10_000)).startsWith("437[")) break;
  ws.close();
});

attack("a new token among a megabyte of members of that name: the cost of a byte is that of any other", { memoryMb: 32, cpuMs: 1500 }, async ({ port }) => {
  const ws = await login(port, "many");
  const member = String.raw`"\u0074oken":"ttttttttttttt"`;
  ws.send(`421["authenticate",{${Array(32_000).fill(member)}}]`);
  assert.match(await ws.message(10_000), /^431\[{.*"ok":false/);
  ws.close();
});

attack("ten megabytes of numbers between two doubles: the cost of a byte is that of any other", { memoryMb: 32, cpuMs: 1500 }, async ({ port }) => {
  const ws = await login(port, "precise");
  const numbers = Array(36_000).fill("8.98846567431157954072e307");
  for (let i = 0; i < 10; ++i) ws.send(`421["authenticate",{"token":"","numbers":[${numbers}]}]`);
  for (let i = 0; i < 10; ++i) assert.match(await ws.message(10_000), /^431\[{.*"ok":false/);
  ws.close();
});
