"use strict";

/** Whatever a program refuses a client with, as an Error. */
const refusalOf = (error) => (error instanceof Error ? error : new Error(String(error)));

/**
 * Asks one middleware after the other about a socket. Resolves with the Error that one gave to next(), or with nothing
 * when all have let it in; rejects with what one threw. One that takes no `next` lets the socket in by returning.
 */
async function ask(chain, socket) {
  for (const middleware of chain) {
    const refusal = await new Promise((resolve, reject) => {
      const next = (error) => resolve(error && refusalOf(error));
      const returned = middleware(socket, next);
      const waits = typeof returned?.then === "function";
      if (waits) returned.then(() => middleware.length < 2 && next(), reject);
      else if (middleware.length < 2) next();
    });
    if (refusal) return refusal;
  }
}

module.exports = { ask, refusalOf };
