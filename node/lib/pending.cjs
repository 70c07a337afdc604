"use strict";

const minute = 60_000;

/**
 * Logins that a middleware has let in and that are no sockets yet, with what it has set. A login whose client goes
 * meanwhile never becomes one, and nobody says so: each is forgotten after a minute (the engine gives it
 * CONNECT_TIMEOUT_MS), and where all together hold too much, those of the users who hold most. Pure.
 */
class Pending {
  #logins = new Map();  // by the id that the socket will have; oldest first
  #users = new Map();  // { bytes, ids } of each
  #bytes = 0;
  #most;

  constructor(most = 64 << 20) {
    this.#most = most;
  }

  /** `handshake`: its text; `bytes`: of what the socket keeps of its client. */
  add(id, { socket, user, handshake, bytes }, now = Date.now()) {
    this.#forget(now - minute);
    this.#logins.set(id, { socket, user, handshake, bytes, since: now });
    this.#count(user, id, bytes);
    if (this.#bytes > this.#most) this.#relieve();
  }
  /** The socket of that id, if it is here; from now on it is not. */
  take(id) {
    const login = this.#logins.get(id);
    if (!login) return undefined;
    this.#logins.delete(id);
    this.#discount(login.user, id, login.bytes);
    return login.socket;
  }

  /** The same for a client that came back (RECOVERY_WINDOW_MS), whose socket has the id that it had before. */
  takeRecovered(user, handshake) {
    for (const id of this.#users.get(user)?.ids ?? []) if (this.#logins.get(id).handshake === handshake) return this.take(id);
    return undefined;
  }

  #count(user, id, bytes) {
    if (!this.#users.has(user)) this.#users.set(user, { bytes: 0, ids: new Set() });
    const held = this.#users.get(user);
    held.bytes += bytes;
    held.ids.add(id);
    this.#bytes += bytes;
  }
  #discount(user, id, bytes) {
    const held = this.#users.get(user);
    held.bytes -= bytes;
    held.ids.delete(id);
    if (held.ids.size === 0) this.#users.delete(user);
    this.#bytes -= bytes;
  }
  #forget(before) {
    for (const [id, { since }] of this.#logins) {
      if (since > before) break;
      this.take(id);
    }
  }
  /** More than need be, so that it is seldom done. */
  #relieve() {
    const users = [...this.#users.values()].sort((a, b) => b.bytes - a.bytes);
    for (const { ids } of users) {
      for (const id of ids) {
        if (this.#bytes <= 0.75 * this.#most) return;
        this.take(id);
      }
    }
  }
}

module.exports = { Pending };
