"use strict";

/** Gives `target` a getter for each of these names, which throws what is to be used in its place. */
function forbid(target, whose, names) {
  for (const [name, instead] of Object.entries(names)) {
    Object.defineProperty(target, name, {
      configurable: true,
      get() {
        throw new Error(`signalbox has no ${whose}.${name}: ${instead}`);
      },
    });
  }
}

const rooms = "there are no rooms; emitToUser reaches a user on all devices";

module.exports = { forbid, rooms };
