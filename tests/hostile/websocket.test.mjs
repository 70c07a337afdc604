// Each rule of RFC 6455 for a client's frames broken once: before login, after it, and on a WebSocket that is upgrading.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";

import { pause } from "../support/server.mjs";
import { frame, text, Ws, Raw } from "./raw.mjs";
import { attack, crowd, login, loginPacket, openPolling, Town } from "./town.mjs";

describe("WebSocket", () => {
  let town;
  before(async () => (town = await Town.build()));
  after(() => town.leave());
  const where = () => town;

  const upgrading = async (port) => {
    const raw = await Raw.open(port);
    const { target } = await openPolling(raw);
    raw.close();
    return Ws.open(port, { target: target.replace("polling", "websocket") });
  };
  const stages = {
    "before login": (port) => Ws.open(port),
    "after login": (port) => login(port, "mean"),
    upgrading: (port) => upgrading(port),
    "upgrading, past the probe": async (port) => {
      const ws = await upgrading(port);
      assert.equal(await ws.send("2probe").message(), "3probe");
      return ws;
    },
    upgraded: async (port) => {
      const ws = await upgrading(port);
      assert.equal(await ws.send("2probe").message(), "3probe");
      return ws.send("5");
    },
  };
  const broken = {
    "a frame without a mask": [frame(1, "4", { masked: false }), 1002],
    "reserved bits": [frame(1, "4", { reserved: 4 }), 1002],
    "a reserved opcode": [frame(3, ""), 1002],
    "a reserved control opcode": [frame(11, ""), 1002],
    "a control frame in parts": [frame(9, "", { fin: false }), 1002],
    "a control frame of 126 bytes": [frame(9, "x".repeat(126)), 1002],
    "a continuation of nothing": [frame(0, "x"), 1002],
    "a message within a message": [Buffer.concat([frame(1, "4", { fin: false }), frame(1, "4")]), 1002],
    "a length that could be shorter, in two bytes": [frame(1, "4", { lengthBytes: 2 }), 1002],
    "a length that could be shorter, in eight bytes": [frame(1, "4", { lengthBytes: 8 }), 1002],
    "a length with its highest bit set": [Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]), 1002],
    "a length of 2^62": [Buffer.from([0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]), 1009],
    "text that is not UTF-8": [frame(1, Buffer.from([0x34, 0xc0, 0x80])), 1007],
    "text that ends within a character": [frame(1, Buffer.from([0x34, 0xe2, 0x82])), 1007],
    "a close frame of one byte": [frame(8, "x"), 1002],
    "a close code that is none": [frame(8, Buffer.from([0x03, 0xe7])), 1002],
    "a close code that may not be sent": [frame(8, Buffer.from([0x03, 0xed])), 1002],
    "a close reason that is not UTF-8": [frame(8, Buffer.from([0x03, 0xe8, 0xff])), 1007],
  };
  attack("a client that does not wait for the answer to its upgrade is read all the same", { where }, async ({ port }) => {
    const ws = await Ws.open(port, { more: frame(1, loginPacket("hasty")) });
    for (const begins of ["0{", "40{"]) assert.ok((await ws.message()).startsWith(begins));
    ws.close();
  });

  for (const [stage, open] of Object.entries(stages)) {
    attack(`each rule broken ${stage}: closed with its code`, { where }, async ({ port }) => {
      for (const [name, [bytes, code]] of Object.entries(broken)) assert.equal(await (await open(port)).write(bytes).closeCode(), code, name);
    });
  }

  attack("frames behind a close frame are not read, and a close frame is answered once", { where }, async ({ port }) => {
    const ws = await login(port, "leaves");
    ws.write(Buffer.concat([frame(8, Buffer.from([0x03, 0xe8])), frame(9, "no"), text('42["x"]'), frame(8, "")]));
    const answer = await ws.frame();
    assert.deepEqual([answer.opcode, answer.payload.readUInt16BE(0)], [8, 1000]);
    await ws.ended();
    assert.equal(ws.got.length, 0);
  });

  attack("two million empty fragments, with and without pings between: 1008 long before", { where, cpuMs: 1500, memoryMb: 8 }, async ({ port }) => {
    for (const between of [Buffer.alloc(0), frame(9, "p")]) {
      const ws = await login(port, "fragments");
      const piece = Buffer.concat(Array(2000).fill(Buffer.concat([frame(0, "", { fin: false }), between])));
      ws.write(frame(1, "4", { fin: false }));
      for (let i = 0; i < 1000 && !ws.over; ++i) {
        ws.write(piece);
        if (i % 10 === 0) await pause(0);
      }
      assert.ok([1008, 0].includes(await ws.closeCode()));
    }
  });

  attack("frames in single bytes on 200 connections", { where, cpuMs: 4000, memoryMb: 24 }, async ({ port }) => {
    const all = await crowd(200, 50, (i) => login(port, `slow ${i}`));
    const bytes = Buffer.concat([frame(1, '42["x', { fin: false }), frame(9, "between"), frame(0, '"]')]);
    for (const byte of bytes) {
      for (const ws of all) ws.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    for (const ws of all) assert.equal((await ws.frame()).opcode, 10);
    all.forEach((ws) => ws.close());
  });

  attack("a peer that does not answer our close frame is gone after two seconds", { where }, async ({ port }) => {
    const ws = await login(port, "silent");
    ws.send("rubbish");
    assert.equal((await ws.frame()).opcode, 8);
    const start = performance.now();
    await ws.ended(4000);
    assert.ok(performance.now() - start > 1000);
  });
});
