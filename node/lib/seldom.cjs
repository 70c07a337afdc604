"use strict";

const interval = 1000;

/** Calls `tell` at the first note, and then at most once a second, for all that was noted meanwhile. */
class Seldom {
  #tell;
  #more = false;
  #timer;

  constructor(tell) {
    this.#tell = tell;
  }

  note() {
    if (this.#timer) {
      this.#more = true;
      return;
    }
    this.#timer = setTimeout(() => this.#next(), interval).unref();
    this.#tell();
  }

  #next() {
    this.#timer = undefined;
    if (!this.#more) return;
    this.#more = false;
    this.note();
  }
}

module.exports = { Seldom };
