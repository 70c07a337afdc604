"use strict";
const { EventEmitter } = require("node:events");

/** Gives `target` a getter for each of these names that it has not, which throws what is to be used in its place. */
function forbid(target, whose, names) {
  for (const [name, instead] of Object.entries(names)) {
    if (name in target) continue;
    Object.defineProperty(target, name, {
      configurable: true,
      get() {
        throw new Error(`signalbox has no ${whose}.${name}: ${instead}`);
      },
    });
  }
  return target;
}

/** All of these names, with one sentence. */
const each = (names, instead) => Object.fromEntries(names.map((name) => [name, instead]));
/** What an EventEmitter has. */
const listening = Object.keys(EventEmitter.prototype).filter((name) => !name.startsWith("_"));

const rooms = "there are no rooms; emitToUser reaches a user on all devices";

/** What io and io.to(…) of Socket.IO have in common. */
const sending = {
  except: rooms,
  socketsJoin: rooms,
  socketsLeave: rooms,
  local: "io.emit tells everybody",
  volatile: "a newer progress of a job takes the place of one that has not been read, by itself",
  compress: "messages are not compressed",
  timeout: "socket.timeout(…) asks one client",
  emitWithAck: "socket.emitWithAck asks one client",
  allSockets: "io.fetchSockets() finds them",
  fetchSockets: "io.fetchSockets() finds them, and socket.user says whose each is",
  disconnectSockets: "socket.disconnect() of those that io.fetchSockets() finds does that",
};

module.exports = { each, forbid, listening, rooms, sending };
