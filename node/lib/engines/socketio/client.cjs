"use strict";
const questions = require("./questions.cjs");
const { deeperThan } = require("./checks.cjs");
const { Receipts } = require("./receipts.cjs");
const { TokenTimer } = require("./token_timer.cjs");

const otherUser = { ok: false, code: "token_invalid", message: "The token is of another user than this connection." };

/** One client with its login, until its socket has gone. */
class Client {
  #hub;
  #asks = new Set();  // acknowledgements that are waited for
  #receipts;
  #token;
  #broken = false;  // it has broken the protocol
  introduced = false;  // the program's handlers have heard of it

  /** `login`: what Logins says of it: { id, user, expiresAt, issuedAt, handshake }. */
  constructor(hub, socket, login) {
    this.#hub = hub;
    this.socket = socket;
    this.id = socket.id;
    this.userId = login.id;
    this.user = login.user;
    this.handshake = login.handshake;
    this.#receipts = new Receipts(socket.conn, (number) => hub.confirm(this.userId, number));
    this.#token = new TokenTimer((expiresInMs) => socket.emit("token_expiring", { expiresInMs }), () => this.#expire());
    this.#token.set(login);
  }

  welcome() {
    const { socket } = this;
    socket.onAny((event, ...args) => this.#hear(event, args));
    socket.on("error", () => (this.#broken = true));
    socket.on("disconnect", (reason) => this.#end(reason));
    this.#hub.join(this);
    socket.emit("authenticated", { user: this.user });
    for (const entry of this.#hub.replay(this.userId)) this.tell(entry);
    this.#hub.introduce(this, true);
  }

  /** Sends what was emitted to its user, and learns whether an outcome arrived. */
  tell({ event, data, kind, number, receivedAt }) {
    const asks = kind === "outcome" && number !== undefined && receivedAt === undefined;
    if (asks && this.#hub.config.OUTCOME_ACKS) this.socket.emit(event, data, () => this.#hub.confirm(this.userId, number));
    else this.socket.emit(event, data);
    if (asks) this.#receipts.ask(number);
  }
  /** A promise of the values that the client acknowledges with; rejects with a code. */
  ask(event, args, milliseconds) {
    if (!this.socket.connected) return Promise.reject("disconnected");
    if (this.#asks.size >= this.#hub.config.MAX_PENDING_ACKS) return Promise.reject("too_many_pending");
    return new Promise((resolve, reject) => {
      const settle = (how, value) => {
        clearTimeout(timer);
        this.#asks.delete(ended);
        how(value);
      };
      const ended = () => settle(reject, "disconnected");
      const timer = setTimeout(() => settle(reject, "timeout"), milliseconds || this.#hub.config.ACK_TIMEOUT_MS).unref();
      this.#asks.add(ended);
      this.socket.emit(event, ...args, (...answer) => settle(resolve, answer));
    });
  }
  disconnect(close) {
    this.socket.disconnect(close);
  }

  #hear(event, args) {
    const { config } = this.#hub;
    if (typeof event !== "string" || Buffer.byteLength(event) > config.MAX_EVENT_NAME_BYTES) return this.#fail();
    if (deeperThan(config.JSON_DEPTH, args)) return this.#fail();
    const acknowledge = typeof args[args.length - 1] === "function" ? args.pop() : undefined;
    const answer = this.#answer(event, args[0]);
    if (answer) return acknowledge?.(...answer);
    this.#hub.hear(this, event, args, acknowledge);
  }
  /** What the engine itself answers to that event; undefined: it is the program's. */
  #answer(event, argument) {
    const { config, ledger, presence, logins } = this.#hub;
    const now = this.#hub.now();
    if (event === "jobs") return questions.jobs(ledger, this.userId, argument, { now, maxBytes: config.SEND_QUEUE_BYTES });
    if (event === "job_status") return questions.jobStatus(ledger, this.userId, argument, now);
    if (event === "presence") return config.PRESENCE_EVENTS ? questions.whoIsOnline(presence, argument) : [questions.presenceOff];
    return event === "authenticate" && logins.jwt ? [this.#renew(argument?.token)] : undefined;
  }
  #renew(token) {
    const renewed = this.#hub.logins.verify(token);
    if (renewed.error) return { ok: false, ...renewed.error };
    if (renewed.id !== this.userId) return otherUser;
    this.#token.set(renewed);
    return { ok: true };
  }
  #expire() {
    this.#hub.logins.sendAway(this.socket, this.#hub.logins.expired);
  }
  #fail() {
    this.#broken = true;
    this.socket.conn.close();
  }
  #end(reason) {
    this.#receipts.end();
    this.#token.stop();
    for (const ended of [...this.#asks]) ended();
    this.#hub.leave(this, this.#reasonOf(reason));
  }
  // The names that the native engine has for the ways in which the package ends a connection.
  #reasonOf(reason) {
    if (reason === "forced server close") return "parse error";
    if (reason !== "forced close") return reason;
    return this.#broken ? "parse error" : this.#hub.draining ? "server shutting down" : reason;
  }
}

module.exports = { Client };
