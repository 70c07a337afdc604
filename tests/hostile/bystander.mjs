// Well-behaved clients in a thread of their own, so that they are served or not whatever the attacker's thread is busy with: told
// `{begin: port, newcomers}` it has one client logged in, which gets event after event, while others come and go; told `{end}` it says
// how slow the slowest was, or what went wrong.
import assert from "node:assert/strict";
import { parentPort } from "node:worker_threads";

import { pause } from "../support/server.mjs";
import { Raw } from "./raw.mjs";
import { emitRequest, login } from "./town.mjs";

let ending = false;

async function live({ begin: port, newcomers }) {
  const resident = await login(port, "resident");
  let worker = await Raw.open(port);
  const said = { rounds: 0, slowestEvent: 0, slowestLogin: 0 };
  parentPort.postMessage("begun");
  do {
    const start = performance.now();
    if (worker.over) worker = await Raw.open(port);
    assert.equal((await worker.write(emitRequest("resident", said.rounds)).answer(1000))?.status, 202, "an emit");
    assert.equal(await resident.message(1000), `42["note",${said.rounds}]`, "an event");
    said.slowestEvent = Math.max(said.slowestEvent, performance.now() - start);
    if (newcomers) {
      const from = performance.now();
      (await login(port, `newcomer ${said.rounds}`)).close();
      said.slowestLogin = Math.max(said.slowestLogin, performance.now() - from);
    }
    ++said.rounds;
    await pause(20);
  } while (!ending);
  resident.close();
  worker.close();
  return said;
}

parentPort.on("message", (message) => {
  ending = Boolean(message.end);
  if (message.begin) live(message).then((said) => parentPort.postMessage(said), (error) => parentPort.postMessage({ failure: String(error) }));
});
