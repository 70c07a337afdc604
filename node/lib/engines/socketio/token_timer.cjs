"use strict";
const { noticeBefore } = require("./tokens.cjs");

const longest = 2 ** 31 - 1;  // of a timer in Node

/** Says when a token is about to end, and when it has ended. */
class TokenTimer {
  #timer;
  #soon;
  #ended;

  /** `soon(milliseconds)` and `ended()` are called once for each token. */
  constructor(soon, ended) {
    this.#soon = soon;
    this.#ended = ended;
  }

  /** The token that counts from now on. */
  set(token) {
    this.stop();
    if (token.expiresAt === undefined) return;
    this.#at(token.expiresAt - noticeBefore(token, Date.now()), () => {
      this.#at(token.expiresAt, this.#ended);
      this.#soon(Math.max(0, Math.ceil(token.expiresAt - Date.now())));
    });
  }
  stop() {
    clearTimeout(this.#timer);
  }

  #at(time, call) {
    const wait = time - Date.now();
    this.#timer = wait > longest ? setTimeout(() => this.#at(time, call), longest) : setTimeout(call, Math.max(0, wait));
    this.#timer.unref();
  }
}

module.exports = { TokenTimer };
