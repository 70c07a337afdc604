"use strict";
const { EventEmitter } = require("node:events");
const { encodeArguments } = require("./json.cjs");
const { EmitError } = require("./errors.cjs");
const { guarded } = require("./guarded.cjs");
const { each, forbid, listening, rooms } = require("./not_here.cjs");

const reserved = new Set(["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]);

/** Why a client did not acknowledge an event. */
const ackErrors = {
  timeout: "the client did not acknowledge the event in time",
  disconnected: "the socket was disconnected before the client acknowledged the event",
  too_many_pending: "MAX_PENDING_ACKS acknowledgements of this client are waited for already",
};
function ackError(code) {
  return Object.assign(new Error(`signalbox: ${ackErrors[code] ?? new EmitError(code).message}`), { code });
}

/** One client: what `io.use`, `io.on("connection")` and `websocketService.on` give to their handlers. */
class Socket extends EventEmitter {
  #engine;
  #handle;

  constructor(engine, { id, handshake, user }) {
    super();
    this.#engine = engine;
    this.id = id;
    this.handshake = handshake;
    this.user = user;
    this.data = {};
    this.recovered = false;
    this.connected = false;
  }
  get disconnected() {
    return !this.connected;
  }

  /** The engine names it by `handle` from now on. Its id is another than at the login where it has been recovered. */
  open(id, handle, recovered) {
    this.id = id;
    this.#handle = handle;
    this.recovered = recovered;
    this.connected = true;
  }
  /** It has gone: its listeners hear why. */
  end(reason, call) {
    call(this, "disconnecting", [reason]);
    this.connected = false;
    call(this, "disconnect", [reason]);
  }

  /** Sends an event to this client. A last argument that is a function gets the client's acknowledgement. */
  emit(event, ...args) {
    this.#send(event, args, 0, false);
    return true;
  }
  /** The same, as a promise of what the client acknowledges. */
  emitWithAck(event, ...args) {
    return this.#ask(event, args, 0);
  }
  /** For the emit that follows: how many milliseconds the client has to acknowledge it. */
  timeout(milliseconds) {
    if (!Number.isInteger(milliseconds) || milliseconds < 1) throw new TypeError("signalbox: timeout() takes a whole number of milliseconds, 1 or more");
    return {
      __proto__: timed,
      emit: (event, ...args) => this.#send(event, args, milliseconds, true),
      emitWithAck: (event, ...args) => this.#ask(event, args, milliseconds),
    };
  }
  /** Sends the client away, which does not come back by itself. `close` ends its whole connection. */
  disconnect(close = false) {
    if (this.#handle !== undefined) this.#engine.disconnect(this.#handle, close);
    return this;
  }

  #send(event, args, milliseconds, errorFirst) {
    if (typeof args[args.length - 1] !== "function") {
      this.#check(event);
      const { text, attachments } = encodeArguments(event, args);
      return this.#engine.socketEmit(this.#handle, event, text, attachments);
    }
    const done = args.pop();
    this.#ask(event, args, milliseconds).then(
      (answer) => guarded(event, done, errorFirst ? [null, answer] : [answer]),
      (error) => errorFirst && guarded(event, done, [error]),
    );
  }
  #ask(event, args, milliseconds) {
    this.#check(event);
    const { text, attachments } = encodeArguments(event, args);
    return this.#engine.socketAsk(this.#handle, event, text, attachments, milliseconds).then(
      (answer) => answer[0],
      (code) => Promise.reject(ackError(code)),
    );
  }
  #check(event) {
    if (typeof event !== "string") throw new TypeError("signalbox: an event's name is text");
    if (reserved.has(event)) throw new Error(`signalbox: "${event}" is a reserved event name`);
    if (this.#handle === undefined) throw new Error("signalbox: the socket is not connected yet: emit to it from io.on('connection') on");
  }
}

/** What a socket of Socket.IO has, and one here has not. */
const notHere = {
  join: rooms,
  leave: rooms,
  rooms,
  to: `${rooms}; io.to("user:ID") is the same`,
  in: rooms,
  except: rooms,
  server: "websocketService.getIO() gives it",
  broadcast: "io.emit tells everybody",
  local: "io.emit tells everybody",
  volatile: "a newer progress of a job takes the place of one that has not been read, by itself",
  compress: "messages are not compressed",
  nsp: "there is the main namespace alone",
  adapter: "there are no adapters",
  conn: "what is known of the connection is in socket.handshake",
  request: "what is known of the request is in socket.handshake",
  client: "what is known of the connection is in socket.handshake",
  use: "io.use sees every client before it is let in",
  onAny: "name the event with socket.on or websocketService.on",
  prependAny: "name the event with socket.on or websocketService.on",
  offAny: "name the event with socket.off",
  listenersAny: "name the event with socket.listeners",
  onAnyOutgoing: "what is sent is not passed on",
  prependAnyOutgoing: "what is sent is not passed on",
  offAnyOutgoing: "what is sent is not passed on",
  listenersAnyOutgoing: "what is sent is not passed on",
  send: 'socket.emit("message", …) does that',
  write: 'socket.emit("message", …) does that',
};
forbid(Socket.prototype, "socket", notHere);
/** What socket.timeout(…) has not. */
const timed = forbid({}, "socket.timeout(…)", {
  ...notHere,
  ...each([...listening, "id", "user", "data", "handshake", "connected", "disconnected", "recovered", "disconnect", "timeout"], "the time is for emit and emitWithAck alone"),
});

/** One client as `io.fetchSockets` finds it. */
class FoundSocket {
  #engine;
  #handle;

  constructor(engine, { id, userId, handle }, known) {
    this.#engine = engine;
    this.#handle = handle;
    this.id = id;
    this.user = known?.user ?? { id: userId };
    this.data = known?.data ?? {};
  }
  emit(event, ...args) {
    const { text, attachments } = encodeArguments(event, args);
    this.#engine.socketEmit(this.#handle, event, text, attachments);
    return true;
  }
  disconnect(close = false) {
    this.#engine.disconnect(this.#handle, close);
    return this;
  }
}

forbid(FoundSocket.prototype, "socket", {
  ...notHere,
  ...each([...listening, "handshake", "connected", "disconnected", "recovered", "timeout", "emitWithAck"], 'io.on("connection", (socket) => …) gives the socket that has it'),
});

module.exports = { FoundSocket, Socket };
