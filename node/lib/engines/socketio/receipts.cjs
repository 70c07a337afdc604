"use strict";

/** A page that is being closed answers pings too: an answer counts when the socket is still there a second later. */
const settleMs = 1000;

/**
 * Learns what a client has received without its help: behind an outcome it is pinged early, and as pongs come in the
 * order of their pings, a pong says that all before its ping has arrived. `confirm(number)` hears of it.
 */
class Receipts {
  #conn;
  #confirm;
  #pings = 0;
  #pongs = 0;
  #newest = 0;  // the outcome that a ping is to go behind; 0: none
  #waiting = [];  // { ping, number }
  #timers = new Set();

  constructor(conn, confirm) {
    this.#conn = conn;
    this.#confirm = confirm;
    conn.on("packetCreate", ({ type }) => (this.#pings += type === "ping" ? 1 : 0));
    conn.on("packet", ({ type }) => type === "pong" && this.#answered());
  }

  /** What was sent until now, the outcome with this number included, is to be confirmed. */
  ask(number) {
    if (this.#newest === 0) setImmediate(() => this.#ping());
    this.#newest = Math.max(this.#newest, number);
  }
  end() {
    this.#timers.forEach(clearTimeout);
    this.#conn = undefined;
  }

  #ping() {
    if (this.#conn?.readyState !== "open") return;
    this.#conn.sendPacket("ping");
    this.#waiting.push({ ping: this.#pings, number: this.#newest });
    this.#newest = 0;
  }
  #answered() {
    this.#pongs += 1;
    while (this.#waiting.length > 0 && this.#waiting[0].ping <= this.#pongs) {
      const { number } = this.#waiting.shift();
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.#confirm(number);
      }, settleMs).unref();
      this.#timers.add(timer);
    }
  }
}

module.exports = { Receipts };
