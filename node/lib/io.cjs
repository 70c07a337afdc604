"use strict";
const { Emission } = require("./emission.cjs");
const { EmitError } = require("./errors.cjs");
const { textOf } = require("./json.cjs");
const { each, forbid, listening, rooms, sending } = require("./not_here.cjs");
const { Refusals } = require("./refusals.cjs");
const { FoundSocket } = require("./socket.cjs");

const prefix = "user:";

/** What io.to(…) has not. */
const toUser = forbid({}, 'io.to("user:ID")', { ...sending, ...each(["to", "in", "rooms"], "emit to each user for itself"), adapter: "there are no adapters" });

function userOf(user) {
  if (typeof user === "string") return user;
  if (Number.isSafeInteger(user) || typeof user === "bigint") return String(user);
  throw new TypeError(`signalbox: a user's id is text or an integer, and not ${user === null ? "null" : typeof user}`);
}

/** What is there in a process with an engine as well as in a worker's: events to users, and who is online. */
class UserIo {
  #refusals;

  constructor(refusals) {
    this.#refusals = refusals;
  }
  get refused() {
    return this.#refusals.total;
  }

  emitToUser(userId, event, data) {
    if (typeof event !== "string") throw new TypeError("signalbox: an event's name is text");
    const emission = this._emit(userOf(userId), event, data);
    return typeof emission === "string" ? this._refuse(emission) : emission;
  }
  to(room) {
    if (typeof room !== "string" || !room.startsWith(prefix) || room.length === prefix.length)
      throw new Error(`signalbox has no room ${JSON.stringify(room)}: ${rooms}, and io.to("user:ID") is the same`);
    const emit = (event, ...args) => {
      if (args.length > 1) throw new TypeError("signalbox: an event to a user has one argument; put what belongs together into an object");
      return this.emitToUser(room.slice(prefix.length), event, args[0]);
    };
    return { __proto__: toUser, emit };
  }
  in(room) {
    return this.to(room);
  }

  _note(code, why) {
    this.#refusals.note(code, why);
  }
  _refuse(code) {
    this._note(code);
    return Emission.refused(code);
  }
}

/** What there is of Engine.IO's server. */
class EngineIo {
  #engine;

  constructor(engine) {
    this.#engine = engine;
  }
  get clientsCount() {
    return this.#engine.clients();
  }
}
forbid(EngineIo.prototype, "io.engine", {
  ...each(listening, 'io.on("connection") hears of clients, and the program\'s own server of requests'),
  clients: "io.fetchSockets() finds the clients",
  opts: "settings are options of websocketService.initialize",
  use: "io.use sees every client before it is let in, and the program's own server every other request",
  handshake: "io.use sees every client before it is let in",
  generateId: "ids are random, and the engine's own",
  handleRequest: "websocketService.initialize(server) does that",
  handleUpgrade: "websocketService.initialize(server) does that",
  attach: "websocketService.initialize(server) does that",
  close: "websocketService.close() does that",
  ws: "WebSockets are the engine's own",
});

/** The running engine as programs see it: what `getIO()` gives. */
class Io extends UserIo {
  #engine;
  #service;

  constructor(engine, service) {
    super(engine.refusals);
    this.#engine = engine;
    this.#service = service;
    this.engine = Object.freeze(new EngineIo(engine));
  }

  on(event, handler) {
    if (event !== "connection" && event !== "connect")
      throw new Error(`signalbox has no io.on("${String(event)}"): "connection" is there, and websocketService.on hears what clients send`);
    if (typeof handler !== "function") throw new TypeError("signalbox: io.on wants a function (socket) => …");
    this.#service._hear({ connection: handler });
    return this;
  }
  use(middleware) {
    if (typeof middleware !== "function") throw new TypeError("signalbox: io.use wants a function (socket, next) => …");
    this.#service._hear({ middleware });
    return this;
  }
  /** Tells everybody who is connected. */
  emit(event, ...args) {
    if (args.length > 1) throw new TypeError("signalbox: io.emit sends one argument; put what belongs together into an object");
    const code = this.#engine.emitAll(event, textOf(event, args[0]));
    if (code) this._refuse(code);
    return true;
  }
  async fetchSockets() {
    const found = await this.#engine.list();
    return found.map((one) => new FoundSocket(this.#engine, one, this.#service._socket(one.id)));
  }
  close() {
    return this.#service.close();
  }

  isUserOnline(userId) {
    return this.#engine.isOnline(userOf(userId));
  }
  getOnlineUsers() {
    return this.#engine.online();
  }
  getOnlineUsersCount() {
    return this.#engine.onlineCount();
  }

  _emit(user, event, data) {
    const { sockets, code, outcome } = this.#engine.emit(user, event, data);
    if (code) return code;
    if (!outcome) return Emission.queued(sockets);
    return new Emission(sockets, async () => {
      if (!(await this.#engine.durable(outcome))) throw new EmitError("not_durable");
    });
  }
}

/** The server in another process as a worker sees it. */
class WorkerIo extends UserIo {
  #remote;
  #service;

  constructor(remote, service) {
    super(new Refusals());
    this.#remote = remote;
    this.#service = service;
  }
  close() {
    return this.#service.close();
  }

  isUserOnline(userId) {
    return this.#remote.isUserOnline(userOf(userId));
  }
  getOnlineUsers() {
    return this.#remote.onlineUsers();
  }
  getOnlineUsersCount() {
    return this.#remote.onlineCount();
  }

  _emit(user, event, data) {
    const { sockets, settled } = this.#remote.emit(user, event, textOf(event, data));
    settled.catch(({ code, message }) => this._note(code, message));
    return new Emission(sockets, () => settled);
  }
}

const elsewhere = "this process is a worker's, and the server is in another one";
forbid(WorkerIo.prototype, "io", {
  on: elsewhere,
  use: elsewhere,
  emit: `${elsewhere}; io.to("user:ID").emit reaches a user`,
  fetchSockets: elsewhere,
  engine: elsewhere,
});
const kept = 'io.on("connection") and io.use keep what they were given until close()';

for (const io of [Io, WorkerIo]) {
  forbid(io.prototype, "io", {
    ...each(listening, kept),
    ...sending,
    of: "there is the main namespace alone",
    name: "there is the main namespace alone",
    server: "io itself is the server",
    opts: "settings are options of websocketService.initialize",
    sockets: "io itself is the main namespace; io.fetchSockets() finds its sockets",
    adapter: "there are no adapters",
    serverSideEmit: "servers have no events of their own",
    serverSideEmitWithAck: "servers have no events of their own",
    send: 'io.emit("message", …) does that',
    write: 'io.emit("message", …) does that',
    attach: "websocketService.initialize(server) does that",
    attachApp: "websocketService.initialize(server) does that",
    listen: "websocketService.initialize(port) does that",
    bind: "websocketService.initialize(server) does that",
    connectTimeout: "the option connectTimeoutMs of websocketService.initialize is the place for it",
    path: "the option socketPath of websocketService.initialize is the place for it",
    serveClient: "the option serveClient of websocketService.initialize is the place for it",
    httpServer: "it is the server that websocketService.initialize was given",
  });
}

module.exports = { Io, WorkerIo };
