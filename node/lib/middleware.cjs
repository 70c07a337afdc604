"use strict";

/**
 * Asks one middleware after the other about a socket. Resolves when all have let it in, rejects with the error that one
 * gave to next(), threw or rejected with. One that takes no `next` lets the socket in by returning.
 */
async function ask(chain, socket) {
  for (const middleware of chain) {
    await new Promise((resolve, reject) => {
      const next = (error) => (error ? reject(error) : resolve());
      const returned = middleware(socket, next);
      const waits = typeof returned?.then === "function";
      if (waits) returned.then(() => middleware.length < 2 && resolve(), reject);
      else if (middleware.length < 2) resolve();
    });
  }
}

module.exports = { ask };
