"use strict";

/** What a program's handler throws or rejects with is its mistake, and ends nothing of ours. */
function guarded(name, handler, args, self) {
  const tell = (error) => console.error(`signalbox: a handler of '${name}' failed:`, error);
  try {
    const returned = handler.apply(self, args);
    if (typeof returned?.then === "function") returned.then(undefined, tell);
  } catch (error) {
    tell(error);
  }
}

module.exports = { guarded };
