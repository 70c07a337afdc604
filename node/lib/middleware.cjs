"use strict";
const { Seldom } = require("./seldom.cjs");

/** Whatever a program refuses a client with, as an Error. */
const refusalOf = (error) => (error instanceof Error ? error : new Error(String(error)));

/**
 * Asks one middleware after the other about a socket. Resolves with the Error that one gave to next(), or with nothing
 * when all have let it in; rejects with what one threw. `late(error)` hears what one throws that has answered before.
 */
async function ask(chain, socket, late) {
  for (const middleware of chain) {
    const refusal = await answerOf(middleware, socket, late);
    if (refusal) return refusal;
  }
}

/** One that returns has let nobody in: its next() may come later, and a wrapped function does not show that it takes one.
    An async function of one parameter answers by its promise, as it has no other way. */
function answerOf(middleware, socket, late) {
  return new Promise((resolve, reject) => {
    let answered = false;
    const next = (error) => {
      answered = true;
      resolve(error && refusalOf(error));
    };
    const failed = (error) => (answered ? late(error) : reject(error));
    try {
      const returned = middleware(socket, next);
      if (typeof returned?.then === "function") returned.then(() => middleware.length === 1 && next(), failed);
    } catch (error) {
      failed(error);
    }
  });
}

/** Says at most once a second that the program's code failed: clients could else have it write as many lines as they like. */
class Failures {
  #whose;
  #count = 0;
  #newest;
  #seldom = new Seldom(() => this.#tell());

  constructor(whose = "a middleware") {
    this.#whose = whose;
  }

  note(error) {
    this.#count += 1;
    this.#newest = error;
    this.#seldom.note();
  }

  #tell() {
    const times = this.#count === 1 ? "" : ` ${this.#count} times, at last so`;
    console.error(`signalbox: ${this.#whose} failed${times}:`, this.#newest);
    this.#count = 0;
  }
}

module.exports = { Failures, ask, refusalOf };
