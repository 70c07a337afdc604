"use strict";
const { EmitError } = require("./errors.cjs");

/**
 * What an emit gives: for how many sockets it was queued, and a promise for who awaits it. It resolves when an outcome is
 * on the disk, and of other events when they are queued. Who does not await it hears of no rejection.
 */
class Emission {
  #settle;
  #promise;

  constructor(sockets, settle) {
    this.sockets = sockets;
    this.#settle = settle;
  }

  then(fulfilled, rejected) {
    this.#promise ??= this.#settle().then(() => ({ sockets: this.sockets }));
    return this.#promise.then(fulfilled, rejected);
  }
  catch(rejected) {
    return this.then(undefined, rejected);
  }
  finally(ended) {
    return this.then().finally(ended);
  }

  static queued(sockets) {
    return new Emission(sockets, () => Promise.resolve());
  }
  static refused(code) {
    return new Emission(0, () => Promise.reject(new EmitError(code)));
  }
}

module.exports = { Emission };
