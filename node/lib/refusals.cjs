"use strict";
const { EmitError } = require("./errors.cjs");

const interval = 1000;

/** Says at most once a second which emits were refused: their callers need not look. */
class Refusals {
  #refused = new Map();  // how many, and why the newest, by code
  #timer;
  total = 0;

  constructor(log = (line) => console.warn(line)) {
    this.log = log;
  }

  note(code, why = new EmitError(code).message) {
    this.total += 1;
    this.#refused.set(code, { count: (this.#refused.get(code)?.count ?? 0) + 1, why });
    if (this.#timer) return;
    this.#tell();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#refused.size > 0) this.#tell();
    }, interval).unref();
  }

  #tell() {
    for (const [code, { count, why }] of this.#refused)
      this.log(`signalbox: ${count === 1 ? "an emit was" : `${count} emits were`} refused (${code}): ${why}`);
    this.#refused.clear();
  }
}

module.exports = { Refusals };
