"use strict";

const { EmitError } = require("./errors.cjs");
const { Follower } = require("./remote/follower.cjs");
const { Sender } = require("./remote/sender.cjs");
const { Server } = require("./remote/server.cjs");

const requestsAtOnce = 6;

/** A server in another process, as its workers see it: what is emitted here is sent to it over HTTP (docs/http-api.md), and
    who is online is followed.

    It keeps the process alive while an event waits or somebody waits for ready(), and not longer. */
class RemoteIo {
  #server;
  #sender;
  #follower;

  /** `url`: http://host:3000, with the path that stands before /api if there is one. `log(level, sentence)` hears "warn"
      and "info". `limits`: maxWaiting (10,000 events) and maxWaitingOfUser (1,000 of these), maxEvents (1,000)
      and maxBytes (1,000,000) of one request. Throws a TypeError that says what is wrong with url or apiKey. */
  constructor({ url, apiKey, log = () => {}, limits = {} }) {
    this.#server = new Server({ url, apiKey }, requestsAtOnce);
    this.#sender = new Sender(this.#server, { log, limits: { ...limits, maxUnderWay: requestsAtOnce } });
    this.#follower = new Follower(this.#server, { log });
  }

  get url() {
    return this.#server.url;
  }

  /** Sends an event to a user. `text` is its data, as JSON text. What is emitted in one turn of the event loop leaves in
      one request, and a user's events keep their order.
      Returns `sockets` (1 if the user is online, as far as the follower knows, else 0) and `settled`, a promise: it resolves
      with "accepted" when the server has taken the event (an outcome is on its disk then), or with "superseded" for progress
      that waited while newer events of its job came; it rejects with an EmitError. No unhandled rejection comes of it. */
  emit(user, event, text) {
    const id = String(user);
    return { sockets: this.isUserOnline(id) ? 1 : 0, settled: this.#sender.send(id, event, text) };
  }
  /** Events that are not settled. */
  get waiting() {
    return this.#sender.waiting;
  }
  /** Resolves when all that was emitted before is settled, whatever became of it. */
  flush() {
    return this.#sender.flush();
  }

  /** Begins to follow who is online. */
  start() {
    this.#follower.start();
  }
  /** Resolves when it is known who is online; rejects where the server refuses to tell. */
  ready() {
    return this.#follower.ready();
  }
  isUserOnline(user) {
    return this.#follower.has(String(user));
  }
  /** Sorted. */
  onlineUsers() {
    return this.#follower.users;
  }
  onlineCount() {
    return this.#follower.count;
  }

  /** Takes no event any more. What waits is sent for `ms` milliseconds at most, and then rejected as "stopped". */
  async close(ms = 10_000) {
    this.#follower.stop();
    await this.#sender.close(ms, new EmitError("stopped", "The connection to the server was closed by close()."));
    this.#server.close();
  }
}

module.exports = { RemoteIo };
