// A client that sends more than CLIENT_EVENTS_PER_S is read more slowly. It loses nothing by that, and stays connected.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { login, startLibrary } from "./support.mjs";

const events = 1000;
let server;
before(async () => (server = await startLibrary({ CLIENT_EVENTS_PER_S: "100", PING_INTERVAL_MS: "1000", PING_TIMEOUT_MS: "1500", LOG_LEVEL: "off" })));
after(() => server.stop());

describe(`${events} events sent at once`, { concurrency: true }, () => {
  for (const transport of ["websocket", "polling"])
    test(`over ${transport} each is handled, and the client hears pings meanwhile`, { timeout: 60000 }, async () => {
      const socket = await login(server, { user: transport, transports: [transport] });
      let pings = 0;
      socket.io.on("ping", () => ++pings);
      const ends = [];
      socket.on("disconnect", (reason) => ends.push(reason));
      const answered = Array.from({ length: events }, (_, i) => socket.emitWithAck("ask", i));
      // Behind them, so that over polling as well it waits until the client is read again.
      const behind = new Promise((done) => socket.io.engine.once("drain", done)).then(() => socket.emitWithAck("ask", events));
      assert.deepEqual(await Promise.all([...answered, behind]), [...Array(events + 1).keys()]);
      assert.deepEqual(ends, []);
      assert.ok(pings >= 5, `${pings} pings in the eight seconds that it was held`);
      socket.disconnect();
    });
});
