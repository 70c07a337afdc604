"use strict";
const { blindness, loadEngine, runningEngine } = require("./engines.cjs");
const { Io, WorkerIo } = require("./io.cjs");
const { readSettings, environment } = require("./settings.cjs");
const { Sockets } = require("./sockets.cjs");

const isServer = (target) => typeof target?.listen === "function" && typeof target?.address === "function";

/** How to come by the server of an application that was given in its place. */
function serverOf(app) {
  if (isServer(app.server)) return "websocketService.initialize(app.server)";  // Fastify
  if (typeof app.getHttpServer === "function") return "websocketService.initialize(app.getHttpServer())";  // Nest
  const listener = typeof app.callback === "function" ? "app.callback()" : "app";  // Koa; Express
  return `const server = http.createServer(${listener}); websocketService.initialize(server), and server.listen in place of app.listen`;
}

/** The original's WebSocketService: an engine in this process, or the way to the one that another process has. */
class WebSocketService {
  #run;  // { engine, io, sockets, closing } of this process
  #worker;  // { remote, io, closing } of a worker's process
  #workers = new Set();  // that one, and those that connect() has replaced until they have sent what waits
  #events = new Map();  // handlers of on(), by event; they outlive a close()

  /**
   * Starts the engine: on the port of `target` (an http.Server of the program's), or on one of its own (a port, or options
   * with one). Throws where a setting is wrong, the port is in use, or an engine runs already.
   */
  initialize(...args) {
    const [target, options] = args;
    if (args.length > 0) this.#checkTarget(target);
    const server = isServer(target) ? target : undefined;
    const given = { ...(typeof target === "object" && !server ? target : {}), ...options };
    if (typeof target === "number" || typeof target === "string") given.port = target;
    if (this.#run) throw new Error("Signalbox runs already in this process: await close() first, or use getIO().");
    this.#check(server, given);
    const values = readSettings(given);
    if (server) values.push({ name: "LISTEN", value: "off", from: "initialize(server)" });
    this.#begin(loadEngine({ log: given.log }), (engine) => engine.start({ values, jwt: given.jwt !== false, server, apiPath: given.apiPath }));
    setImmediate((run) => run.engine.open(), this.#run);
    return this;
  }
  init(...args) {
    return this.initialize(...args);
  }
  attach(...args) {
    return this.initialize(...args);
  }

  /** The engine of this process, or else the one that SIGNALBOX_URL (or connect()) names. */
  getIO() {
    if (this.#run) return this.#run.io;
    const engine = runningEngine();  // another thread of this process, or another copy of this module, started it
    if (engine) {
      this.#begin(engine, () => {});
      return this.#run.io;
    }
    if (!this.#worker) this.#connectByEnvironment();
    return this.#worker.io;
  }
  /** For a worker's process: the server that its events go to. */
  connect({ url, apiKey }) {
    if (!url || !apiKey) throw new TypeError("signalbox: connect() wants { url, apiKey }: where the server is, and its API_KEY");
    const { RemoteIo } = require("./remote.cjs");
    const remote = new RemoteIo({ url, apiKey, log: (level, line) => console[level](`signalbox: ${line}`) });
    const before = this.#worker;
    this.#worker = { remote, io: new WorkerIo(remote, this) };
    this.#workers.add(this.#worker);
    if (before) void this.#disconnect(before);
    remote.start();
    return this;
  }
  /** Resolves when what a worker emitted has reached the server. */
  async flush() {
    await Promise.all([...this.#workers].map(({ remote }) => remote.flush()));
  }

  /** Hears what clients send: `handler(socket, ...args)`, with a function as last argument where one wants an answer. */
  on(event, handler) {
    if (typeof event !== "string") throw new TypeError("signalbox: an event's name is text");
    if (typeof handler !== "function") throw new TypeError("signalbox: websocketService.on wants a function (socket, ...args) => …");
    this.#events.set(event, [...(this.#events.get(event) ?? []), handler]);
    this.#wish();
    return this;
  }

  /**
   * Lets clients go in good order (SHUTDOWN_DELAY_MS, DRAIN_MS) and ends; after it initialize() works again. In a worker's
   * process it sends what waits, for ten seconds at most, and lets go of the server.
   */
  async close() {
    const run = this.#run;
    await Promise.all([run && (run.closing ??= this.#close(run)), ...[...this.#workers].map((worker) => this.#disconnect(worker))]);
  }
  async #close(run) {
    await run.engine.close();
    if (this.#run === run) this.#run = undefined;
  }
  #disconnect(worker) {
    return (worker.closing ??= worker.remote.close().then(() => {
      this.#workers.delete(worker);
      if (this.#worker === worker) this.#worker = undefined;
    }));
  }

  // Else an engine would listen at port 3000, where nobody looks for it.
  #checkTarget(target) {
    if (!isServer(target) && typeof target?.listen === "function")
      throw new TypeError(`signalbox: initialize() wants a server, and not an application: ${serverOf(target)}`);
    if (!["number", "string"].includes(typeof target) && (typeof target !== "object" || target === null))
      throw new TypeError(`signalbox: initialize() wants an http.Server, a port or options, and was given ${target === null || target === undefined ? target : `a ${typeof target}`}`);
  }
  #check(server, given) {
    for (const option of ["port", "host"]) {
      if (server && given[option] !== undefined)
        throw new TypeError(`signalbox: the option ${option} is for initialize(port); with a server it is the server's: server.listen(port, host)`);
    }
    if (!server && given.apiPath !== undefined)
      throw new TypeError("signalbox: the option apiPath is for initialize(server); with a port of its own the interface is at /api");
    if (given.apiPath !== undefined && !/^(\/[^/?#]+)+$/.test(given.apiPath))
      throw new TypeError('signalbox: the option apiPath is a path such as "/signalbox"');
  }
  #begin(engine, start) {
    const sockets = engine.sockets ?? new Sockets(engine);
    sockets.hear(this.#events);
    engine.tell(sockets);
    start(engine);
    this.#run = { engine, sockets, io: new Io(engine, this) };
    this.#wish();
  }
  #connectByEnvironment() {
    const variable = environment();
    const url = variable("SIGNALBOX_URL")?.value, apiKey = variable("SIGNALBOX_API_KEY")?.value;
    if (!url || !apiKey) {
      throw new Error(
        "Signalbox does not run in this process. In the server call websocketService.initialize(server) before getIO(); " +
          "in a worker's process set SIGNALBOX_URL and SIGNALBOX_API_KEY, or call websocketService.connect({ url, apiKey })." +
          (blindness() ? ` If it does run in this process: ${blindness()}` : ""),
      );
    }
    this.connect({ url, apiKey });
  }

  // For Io.

  _hear({ connection, middleware }) {
    const { sockets } = this.#run;
    if (connection) sockets.connection.push(connection);
    if (middleware) sockets.middleware.push(middleware);
    this.#wish();
  }
  _socket(id) {
    return this.#run?.sockets.find(id);
  }
  /** The engine tells no more than what somebody listens to. */
  #wish() {
    if (!this.#run) return;
    const { engine, sockets } = this.#run;
    engine.wish(sockets.wishes());
  }
}

module.exports = { WebSocketService };
