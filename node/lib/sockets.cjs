"use strict";
const { guarded } = require("./guarded.cjs");
const { decodeArguments, encodeArguments, textOf } = require("./json.cjs");
const { Failures, ask, refusalOf } = require("./middleware.cjs");
const { Pending } = require("./pending.cjs");
const { Socket } = require("./socket.cjs");

const failures = new Failures();

/** The sockets that this thread's handlers know, and the handlers themselves. */
class Sockets {
  #engine;
  #events = new Set();  // of each copy of this module that shares the engine
  #known = new Map();
  #pending = new Pending();
  connection = [];
  middleware = [];

  constructor(engine) {
    this.#engine = engine;
  }

  /** `events`: handlers of websocketService.on, by event, which may come later. */
  hear(events) {
    this.#events.add(events);
  }
  /** What the engine is to tell. Who came by a middleware is known from then on, with what that has set. */
  wishes() {
    const connections = this.connection.length > 0 || this.middleware.length > 0;
    return { connections, middleware: this.middleware.length > 0, events: [...this.#events].flatMap((events) => [...events.keys()]) };
  }

  find(id) {
    return this.#known.get(id);
  }

  // What the engine tells.

  login(login, { id, handshake, userId, user }) {
    const socket = new Socket(this.#engine, { id, handshake: JSON.parse(handshake), user: userId ? JSON.parse(user) : undefined });
    this.#decide(login, socket, userId, { handshake, bytes: 2 * handshake.length + user.length }).catch((error) => {
      console.error("signalbox: a client is refused for want of an answer:", error);
      this.#engine.refuse(login, "Internal server error");
    });
  }
  introduced({ id, handle, userId, user, handshake, connected, recovered }) {
    const pending = recovered ? this.#pending.takeRecovered(userId, handshake) : this.#pending.take(id);
    const socket = pending ?? new Socket(this.#engine, { id, handshake: JSON.parse(handshake), user: JSON.parse(user) });
    this.#known.set(id, socket);
    socket.open(id, handle, recovered);
    if (connected) for (const handler of this.connection) guarded("connection", handler, [socket]);
  }
  event(id, name, text, attachments, ack) {
    const socket = this.#known.get(id);
    if (!socket) return;
    const args = decodeArguments(text, attachments);
    if (ack !== undefined) args.push((...answer) => this.#acknowledge(ack, name, answer));
    call(socket, name, args);
    for (const events of this.#events) for (const handler of events.get(name) ?? []) guarded(name, handler, [socket, ...args]);
  }
  disconnected(id, reason) {
    const socket = this.#known.get(id);
    this.#known.delete(id);
    socket?.end(reason, call);
  }

  async #decide(login, socket, userId, kept) {
    const refusal = await ask(this.middleware, socket, (error) => failures.note(error)).catch(failed);
    if (refusal) return this.#refuse(login, refusal);
    this.#pending.add(socket.id, { socket, user: userId || String(socket.user?.id), ...kept });
    this.#admit(login, socket, userId);
  }
  #acknowledge(ack, name, answer) {
    const { text, attachments } = encodeArguments(name, answer);
    this.#engine.acknowledge(ack, text, attachments);
  }
  // Who the token's user is stays as it is; without tokens it is whoever the middleware says.
  #admit(login, socket, userId) {
    const id = userId ? undefined : socket.user?.id;
    const known = typeof id === "string" || Number.isSafeInteger(id) || typeof id === "bigint";
    if (known) this.#engine.admit(login, String(id), textOf("authenticated", { ...socket.user, id: typeof id === "bigint" ? String(id) : id }));
    else this.#engine.admit(login);
  }
  // Without a line in the log: whoever is refused would write it, as often as it comes.
  #refuse(login, error) {
    this.#engine.refuse(login, String(error.message), error.data === undefined ? undefined : textOf("connect_error", error.data));
  }
}

/** What a middleware throws is the program's mistake, and the client is refused. */
function failed(error) {
  failures.note(error);
  return refusalOf(error || "Internal server error");
}

/** A socket's own listeners. */
function call(socket, name, args) {
  for (const listener of socket.rawListeners(name)) guarded(name, listener, args, socket);
}

module.exports = { Sockets };
