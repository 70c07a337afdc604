// Each rule of Socket.IO broken once, against a server that sends back what it is sent; and what looks broken and is not.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startServer } from "../support/server.mjs";
import { frame, Ws } from "./raw.mjs";
import { attack, login } from "./town.mjs";

describe("Socket.IO", () => {
  let server, witness;
  const join = async () => {
    const ws = await Ws.open(server.port);
    ws.send("40");
    for (const begins of ["0{", "40{", '42["auth"']) assert.ok((await ws.message()).startsWith(begins));
    return ws;
  };
  before(async () => {
    server = await startServer("conformance_server", ["--suite", "socketio"]);
  });
  after(() => server.stop());

  const unharmed = async () => {
    witness = await join();
    witness.send('42["message","well"]');
    assert.equal(await witness.message(1000), '42["message-back","well"]');
    witness.close();
  };
  const deep = (levels) => "[".repeat(levels) + "]".repeat(levels);

  const broken = ["4", "42", "43", "47", "4x", "42{}", '42"a"', "42[]", "42[{}]", "42[null]", "42[true]", '42[["a"]]', '42["a"', '42["a"]x', '42["a",]', '42["a",01]', '42["a",1e400]', '42["a","\\ud800"]', `42["a",${deep(200)}]`, '42["connect"]', '42["connect_error"]', '42["disconnect"]', '42["disconnecting"]', '42["newListener"]', '42["removeListener"]', '42["conn\\u0065ct"]', '42/nope,["a"]', "43", '43{"a":1}', "431", "40", '40{"a":1}', "40[]", '45["a"]', '450-["a"]', '45-1-["a"]', '451.5-["a"]', '455999999999999-["a"]', '4511-["a"]', '451-["a",{"_placeholder":true,"num":1}]', '451-["a",{"_placeholder":true,"num":-1}]', '451-["a",{"_placeholder":true,"num":1.5}]', '451-["a",{"_placeholder":true,"num":"splice"}]', '451-["a",{"_placeholder":true,"num":9007199254740992}]', '451-["a",{"_placeholder":true}]', "42[{\"toString\":\"a\"}]", `42["${"n".repeat(257)}"]`, '42123456789012345678901["message"]'];
  for (const packet of broken)
    test(`${packet.length > 60 ? packet.slice(0, 60) + "…" : packet} closes the session`, async () => {
      const ws = await join();
      assert.equal(await ws.send(packet).closeCode(), 1002);
      await unharmed();
    });

  test("text while attachments are due, a binary frame when none is due", async () => {
    const ws = await join();
    assert.equal(await ws.send('451-["message",{"_placeholder":true,"num":0}]').send('42["a"]').closeCode(), 1002);
    const other = await join();
    assert.equal(await other.write(frame(2, "x")).closeCode(), 1002);
    await unharmed();
  });

  test("an event whose name is an attachment", async () => {
    const ws = await join();
    assert.equal(await ws.send('451-[{"_placeholder":true,"num":0}]').write(frame(2, "message")).closeCode(), 1002);
    await unharmed();
  });

  test("anything but CONNECT before CONNECT closes", async () => {
    for (const packet of ['42["message"]', "41", "431[]", "44", "abc"]) {
      const ws = await Ws.open(server.port);
      assert.equal(await ws.send(packet).closeCode(), 1002, packet);
    }
    await unharmed();
  });

  const legal = {
    '42["error",1]': undefined,
    '42["toString"]': undefined,
    '42["hasOwnProperty"]': undefined,
    '42["__proto__",{"__proto__":{"polluted":true}}]': undefined,
    '42[1,"an event whose name is a number"]': undefined,
    '439999999999999999999[1]': undefined,
    "437[]": undefined,
    '42["message",{"__proto__":{"a":1},"constructor":{}}]': '42["message-back",{"__proto__":{"a":1},"constructor":{}}]',
    [`42["message",${deep(50)}]`]: `42["message-back",${deep(50)}]`,
    '42["message",9007199254740993,1.0,-0,1e2]': '42["message-back",9007199254740993,1.0,-0,1e2]',
  };
  for (const [packet, answer] of Object.entries(legal))
    test(`${packet.slice(0, 60)} is taken${answer ? " and comes back byte for byte" : ""}`, async () => {
      const ws = await join();
      ws.send(packet);
      if (!answer) ws.send('42["message"]');
      assert.equal(await ws.message(), answer ?? '42["message-back"]');
      ws.close();
    });

  test("a placeholder 50 levels deep is found", async () => {
    const ws = await join();
    const place = "[".repeat(50) + '{"_placeholder":true,"num":0}' + "]".repeat(50);
    ws.send(`451-["message",${place}]`).write(frame(2, "bytes"));
    assert.equal(await ws.message(), `451-["message-back",${place}]`);
    assert.equal((await ws.frame()).payload.toString(), "bytes");
    ws.close();
  });

  test("a connection reset at every byte of an event with an attachment leaves nothing behind", async () => {
    const bytes = Buffer.concat([frame(1, '451-["message",{"_placeholder":true,"num":0}]'), frame(2, "bytes")]);
    for (let cut = 1; cut <= bytes.length; ++cut) {
      const ws = await join();
      ws.write(bytes.subarray(0, cut));
      await new Promise((sent) => ws.socket.write("", sent));
      ws.reset();
    }
    await unharmed();
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
