"use strict";
const { EmitError } = require("./errors.cjs");
const { Seldom } = require("./seldom.cjs");

/** Says at most once a second which emits were refused: their callers need not look. */
class Refusals {
  #refused = new Map();  // how many, and why the newest, by code
  #seldom = new Seldom(() => this.#tell());
  total = 0;

  constructor(log = (line) => console.warn(line)) {
    this.log = log;
  }

  note(code, why = new EmitError(code).message) {
    this.total += 1;
    this.#refused.set(code, { count: (this.#refused.get(code)?.count ?? 0) + 1, why });
    this.#seldom.note();
  }

  #tell() {
    for (const [code, { count, why }] of this.#refused)
      this.log(`signalbox: ${count === 1 ? "an emit was" : `${count} emits were`} refused (${code}): ${why}`);
    this.#refused.clear();
  }
}

module.exports = { Refusals };
