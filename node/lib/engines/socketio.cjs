"use strict";
const { setTimeout: wait } = require("node:timers/promises");
const http = require("node:http");
const { EmitError } = require("../errors.cjs");
const { decodeArguments, textOf } = require("../json.cjs");
const { Refusals } = require("../refusals.cjs");
const { nameFault } = require("./socketio/checks.cjs");
const { Client } = require("./socketio/client.cjs");
const { ignored, readConfig } = require("./socketio/config.cjs");
const { Hub } = require("./socketio/hub.cjs");
const { Logins } = require("./socketio/logins.cjs");
const { load } = require("./socketio/package.cjs");
const { listen, makeIo, serve } = require("./socketio/server.cjs");
const { WorkersApi } = require("./socketio/workers_api.cjs");

const shortSecret = 32;
const everybody = "everybody";  // the room of all who are logged in
const apart = 5;  // milliseconds between the ends of two connections

/**
 * The same interface as NativeEngine on the socket.io package, for where there is no binary. What it has not is said in
 * the warning of lib/engines.cjs.
 */
class SocketIoEngine {
  #sockets;
  #hub;
  #logins;
  #io;
  #own;  // the server that listens for it
  #detach = () => {};
  #closing;
  refusals = new Refusals();

  tell(sockets) {
    this.#sockets = sockets;
  }
  start({ values, jwt, server, apiPath }) {
    const config = readConfig(values);
    if (jwt && config.JWT_SECRET === "")
      throw new Error("JWT_SECRET is not set: set it to the secret that signs your users' tokens, at least 32 random bytes.");
    this.#warn(config, values, jwt);
    const socketIo = load();
    if (!server) this.#own = listen(config);
    this.#logins = new Logins(config, {
      jwt,
      asks: () => this.#hub.wishes.middleware,
      ask: (login, asked) => this.#sockets.login(login, asked),
    });
    this.#hub = new Hub(config, { sockets: this.#sockets, logins: this.#logins, broadcast: (...event) => this.#broadcast(...event) });
    const inner = http.createServer();
    this.#io = makeIo(socketIo, config, inner);
    this.#io.use(this.#logins.middleware());
    this.#io.on("connection", (socket) => this.#connected(socket));
    const api = new WorkersApi(this.#hub, config);
    this.#detach = serve(server ?? this.#own, inner, { path: config.SOCKET_PATH, apiPath: server ? apiPath : "", maxBody: config.MAX_PAYLOAD_BYTES }, {
      refuses: () => this.#hub.draining,
      api: (request, response, target) => api.handle(request, response, target),
    });
  }
  open() {
    this.#logins.open();
  }
  close() {
    return (this.#closing ??= this.#close());
  }
  clients() {
    return this.#io.engine.clientsCount;
  }
  wish(wishes) {
    this.#hub.wishes = wishes;
  }

  emit(user, event, data) {
    const { code, sockets } = this.#hub.emit(user, event, textOf(event, data));
    return code ? { sockets: 0, code } : { sockets };
  }
  emitAll(event, text) {
    return this.#hub.emitAll(event, text);
  }
  async durable() {
    return true;
  }
  isOnline(user) {
    return this.#hub.presence.has(user);
  }
  online() {
    return this.#hub.presence.users();
  }
  onlineCount() {
    return this.#hub.presence.count;
  }
  async list() {
    return [...this.#hub.clients.values()].map((client) => ({ id: client.id, userId: client.userId, handle: client }));
  }

  socketEmit(client, event, text, attachments) {
    const code = nameFault(event);
    if (code) throw new EmitError(code);
    client.socket.emit(event, ...decodeArguments(text, attachments));
  }
  async socketAsk(client, event, text, attachments, milliseconds) {
    const code = nameFault(event);
    if (code) throw code;
    return client.ask(event, decodeArguments(text, attachments), milliseconds);
  }
  disconnect(client, close) {
    client.disconnect(close);
  }
  acknowledge(acknowledge, text, attachments) {
    acknowledge(...decodeArguments(text, attachments));
  }
  admit(login, userId, user) {
    this.#logins.admit(login, userId, user);
  }
  refuse(login, message, data) {
    this.#logins.refuse(login, message, data);
  }

  #connected(socket) {
    const { login, refused } = socket.data;
    if (refused) return this.#logins.sendAway(socket, refused);
    socket.join(everybody);
    new Client(this.#hub, socket, login).welcome();
  }
  #broadcast(event, data, but) {
    this.#io.to(everybody).except(but?.id ?? []).emit(event, data);
  }
  #warn(config, values, jwt) {
    if (config.LOG_LEVEL === "off" || config.LOG_LEVEL === "error") return;
    if (jwt && Buffer.byteLength(config.JWT_SECRET) < shortSecret)
      console.warn("signalbox: JWT_SECRET is shorter than 32 bytes: a short secret can be guessed from any token; use 32 random bytes or more");
    const names = ignored(values);
    if (names.length > 0) console.warn(`signalbox: on the socket.io package these settings change nothing: ${names.join(", ")}`);
  }

  // Clients take it for a lost connection and come back by themselves, spread like their ends.
  async #close() {
    const { SHUTDOWN_DELAY_MS: delay, DRAIN_MS: drain } = this.#hub.config;
    if (delay > 0) await wait(delay);
    this.#hub.drain();
    const connections = Object.values(this.#io.engine.clients);
    const gone = connections.map((connection) => new Promise((resolve) => connection.once("close", resolve)));
    const over = new AbortController();
    const late = wait(drain, undefined, { signal: over.signal }).catch(() => {});
    for (const connection of connections) {
      connection.close();
      if (drain > 0) await wait(Math.min(apart, drain / connections.length));
    }
    await Promise.race([Promise.all(gone), late]);
    over.abort();
    this.#stop();
  }
  #stop() {
    this.#hub.stop();
    this.#logins.open();  // who waits for it is let go
    this.#io.close();
    this.#detach();
    this.#own?.close();
    this.#own?.closeAllConnections?.();
  }
}

module.exports = { SocketIoEngine };
