// Lines that drop for two seconds again and again under a stream of outcomes: what share arrives, from Signalbox, from Socket.IO on
// Node, and from that with its connection state recovery on.
//   node bench/dropped.mjs [USERS [SECONDS [OUTCOMES A SECOND]]]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";

import { secret } from "../tests/e2e/support.mjs";
import { dropAgainAndAgain } from "../tests/faults/dropped.mjs";
import { Place } from "../tests/faults/works.mjs";
import { freePort, pause } from "../tests/support/server.mjs";

const [users = 50, seconds = 60, rate = 200] = process.argv.slice(2).map(Number);

async function onSignalbox(measure) {
  const place = await Place.open();
  try {
    return await measure(place.server);
  } finally {
    await place.close();
  }
}

const onNode = (env) => async (measure) => {
  const port = await freePort();
  const program = fileURLToPath(new URL("peers/socketio/server.js", import.meta.url));
  const child = spawn("node", [program], { env: { PATH: process.env.PATH, PORT: port, JWT_SECRET: secret, PRESENCE_EVENTS: "off", ...env }, stdio: "inherit" });
  const ended = once(child, "exit");
  for (let listening = false; !listening; await pause(20)) {
    const socket = connect(port, "127.0.0.1");
    listening = await new Promise((done) => socket.once("connect", () => done(true)).once("error", () => done(false)));
    socket.destroy();
  }
  try {
    return await measure({ port, url: `http://127.0.0.1:${port}` });
  } finally {
    child.kill();
    await ended;
  }
};

console.log(`${users} users, each cut off for 2 s every 3 to 6 s, ${rate} outcomes a second for ${seconds} s\n`);
console.log("| server | accepted | delivered | share | heard again |\n|---|---|---|---|---|");
for (const [name, on] of [["Signalbox", onSignalbox], ["Socket.IO on Node", onNode({})], ["the same with connectionStateRecovery", onNode({ RECOVERY: "on" })]]) {
  const { accepted, delivered, again } = await on((server) => dropAgainAndAgain(server, { users, seconds, rate, seed: 1 }));
  console.log(`| ${name} | ${accepted} | ${delivered} | ${((100 * delivered) / accepted).toFixed(2)} % | ${again} |`);
}
