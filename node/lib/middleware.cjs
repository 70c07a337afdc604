"use strict";

/**
 * Asks one middleware after the other about a socket. Resolves with the error that one gave to next(), or with nothing
 * when all have let it in; rejects with what one threw. One that takes no `next` lets the socket in by returning.
 */
async function ask(chain, socket) {
  for (const middleware of chain) {
    const refusal = await new Promise((resolve, reject) => {
      const returned = middleware(socket, resolve);
      const waits = typeof returned?.then === "function";
      if (waits) returned.then(() => middleware.length < 2 && resolve(), reject);
      else if (middleware.length < 2) resolve();
    });
    if (refusal) return refusal;
  }
}

module.exports = { ask };
