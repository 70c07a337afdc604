"use strict";
const { EmitError } = require("./errors.cjs");

const interval = 1000;

/** Says at most once a second which emits were refused: their callers need not look. */
class Refusals {
  #counts = new Map();
  #timer;
  total = 0;

  constructor(log = (line) => console.warn(line)) {
    this.log = log;
  }

  note(code) {
    this.total += 1;
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
    if (this.#timer) return;
    this.#tell();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#counts.size > 0) this.#tell();
    }, interval).unref();
  }

  #tell() {
    for (const [code, count] of this.#counts)
      this.log(`signalbox: ${count === 1 ? "an emit was" : `${count} emits were`} refused (${code}): ${new EmitError(code).message}`);
    this.#counts.clear();
  }
}

module.exports = { Refusals };
