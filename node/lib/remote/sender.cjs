"use strict";

const { Outbox } = require("./outbox.cjs");
const { verdictOf } = require("./verdict.cjs");

const answerWithin = 30_000; // milliseconds; then it counts as lost

/** Sends what is emitted: all of one turn of the event loop in one request. It keeps the process alive while anything
    waits, and not longer. */
class Sender {
  #server;
  #outbox;
  #log;
  #turn = undefined; // the end of this turn is awaited
  #timer = undefined;
  #pending = new Set();
  #told = false; // that the server takes nothing
  #closed = undefined; // the error of what comes after the end

  constructor(server, { log, limits }) {
    this.#server = server;
    this.#outbox = new Outbox(limits);
    this.#log = log;
  }

  /** Resolves with "accepted" or "superseded", rejects with an EmitError. Nobody has to listen. */
  send(user, event, text) {
    const settled = new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#closed);
      this.#outbox.add(user, event, text, (error, how) => (error ? reject(error) : resolve(how)));
    });
    this.#pending.add(settled);
    const forget = () => this.#pending.delete(settled);
    settled.then(forget, forget);
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#pump();
      this.#outbox.endTurn();
    });
    return settled;
  }
  /** All that has been given up to now is settled, well or not. */
  async flush() {
    await Promise.allSettled(this.#pending);
  }
  get waiting() {
    return this.#outbox.waiting;
  }
  /** Takes nothing any more. What waits is sent for so many milliseconds at most; then it has this error. */
  async close(ms, error) {
    this.#closed = error;
    let late;
    await Promise.race([this.flush(), new Promise((resolve) => (late = setTimeout(resolve, ms)))]);
    clearTimeout(late);
    clearTimeout(this.#timer);
    this.#outbox.close(error);
  }

  #pump() {
    clearTimeout(this.#timer);
    const now = performance.now();
    for (let batch; (batch = this.#outbox.take(now)); ) this.#post(batch);
    const next = this.#outbox.next();
    if (next !== Infinity) this.#timer = setTimeout(() => this.#pump(), Math.max(1, next - now));
  }

  #post(batch) {
    const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(batch.body), "Idempotency-Key": batch.key };
    const request = this.#server.request("POST", "/api/emit", { headers, timeout: answerWithin });
    let reached = false; // from then on the server may have had it
    let over = false;
    const settle = (verdict, why) => {
      if (over) return;
      over = true;
      this.#tell(why, verdict);
      this.#outbox.settle(batch, verdict, performance.now());
      this.#pump();
    };
    const lost = (error) => settle({ kind: reached ? "repeat" : "unsent" }, error?.message || error?.code || "the answer was cut off");
    request.on("socket", (socket) => (socket.connecting ? socket.once("connect", () => (reached = true)) : (reached = true)));
    request.on("timeout", () => request.destroy(new Error(`no answer within ${answerWithin / 1000} s`)));
    request.on("error", lost);
    request.on("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (more) => (text += more));
      answer.on("error", lost).on("aborted", lost);
      answer.on("end", () => settle(verdictOf({ status: answer.statusCode, headers: answer.headers, text, url: this.#server.url }), `it answers ${answer.statusCode}`));
    });
    request.end(batch.body);
  }

  // Once, however long it lasts.
  #tell(why, { kind }) {
    const failed = kind === "repeat" || kind === "unsent";
    if (failed && !this.#told && !this.#outbox.closed) this.#log("warn", `${this.#server.url} takes no events at present (${why}): they wait and are sent again`);
    if (kind === "accepted" && this.#told) this.#log("info", `${this.#server.url} takes events again`);
    if (failed || kind === "accepted") this.#told = failed;
  }
}

module.exports = { Sender };
