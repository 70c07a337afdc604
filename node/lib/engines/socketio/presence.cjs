"use strict";

/** Who is online: users with a socket, and for a grace after the last has gone. `tell(user, online, but)` hears of changes. */
class Presence {
  #users = new Map();  // { sockets, timer } by the user's id
  #graceMs;
  #tell;

  constructor(graceMs, tell) {
    this.#graceMs = graceMs;
    this.#tell = tell;
  }

  join(user, socket) {
    let found = this.#users.get(user);
    const came = !found;
    if (came) this.#users.set(user, (found = { sockets: new Set(), timer: undefined }));
    clearTimeout(found.timer);
    found.sockets.add(socket);
    if (came) this.#tell(user, true, socket);
  }
  leave(user, socket) {
    const found = this.#users.get(user);
    if (!found?.sockets.delete(socket) || found.sockets.size > 0) return;
    found.timer = setTimeout(() => {
      this.#users.delete(user);
      this.#tell(user, false);
    }, this.#graceMs).unref();
  }
  /** Nobody is said to go any more. */
  stop() {
    for (const { timer } of this.#users.values()) clearTimeout(timer);
    this.#tell = () => {};
  }

  sockets(user) {
    return this.#users.get(user)?.sockets ?? new Set();
  }
  has(user) {
    return this.#users.has(user);
  }
  get count() {
    return this.#users.size;
  }
  /** Sorted by the bytes of the ids, as everywhere. */
  users() {
    return [...this.#users.keys()].map((id) => Buffer.from(id)).sort(Buffer.compare).map(String);
  }
}

module.exports = { Presence };
