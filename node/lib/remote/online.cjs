"use strict";

/** Who is online, as the events of GET /api/presence say. While a new answer names everybody anew, what the one before
    said stays: nobody flickers. Pure. */
class Online {
  #users = new Set();
  #named = new Set(); // by the answer that has not said `ready` yet

  /** A new answer begins. */
  begin() {
    this.#named = new Set();
  }
  /** Takes an event and says whether all who are online are known from here on. */
  take({ event, data }) {
    if (event === "snapshot") for (const user of JSON.parse(data).users) this.#named.add(user);
    if (event === "online") this.#users.add(JSON.parse(data).userId);
    if (event === "offline") this.#users.delete(JSON.parse(data).userId);
    if (event !== "ready") return false;
    this.#users = this.#named;
    this.#named = new Set();
    return true;
  }

  has(user) {
    return this.#users.has(user);
  }
  get users() {
    return [...this.#users].sort();
  }
  get count() {
    return this.#users.size;
  }
}

module.exports = { Online };
