"use strict";
const { Failures } = require("./middleware.cjs");

const mostNames = 1000;
const failures = new Map();  // by the event's name

function tell(name, error) {
  if (!failures.has(name)) {
    if (failures.size === mostNames) failures.clear();
    failures.set(name, new Failures(`a handler of '${name}'`));
  }
  failures.get(name).note(error);
}

/** What a program's handler throws or rejects with is its mistake, and ends nothing of ours. */
function guarded(name, handler, args, self) {
  const failed = (error) => tell(name, error);
  try {
    const returned = handler.apply(self, args);
    if (typeof returned?.then === "function") returned.then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}

module.exports = { guarded };
