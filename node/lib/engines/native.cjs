"use strict";
const { isMainThread } = require("node:worker_threads");
const { EmitError } = require("../errors.cjs");
const { attach } = require("../http_server.cjs");
const { decodeArguments, textOf } = require("../json.cjs");
const { plainProgress } = require("../progress.cjs");
const { Refusals } = require("../refusals.cjs");
const { settingOf } = require("../settings.cjs");

// In the order of EmitError in C++, and of RecordKind in node/src/to_js.hpp.
const emitErrors = ["overloaded", "stopped", "invalid_json", "too_large", "invalid_event", "reserved_event", "invalid_user", "too_many_unread", "not_durable", "invalid_job", "unread_full", "store_full"];
const records = ["introduced", "event", "disconnected", "login", "acknowledged", "committed", "answered", "listed", "closed", "overrun"];

/** What calls hear that the engine's end left without an answer. */
const ended = Symbol("ended");

const codeOf = (number) => (number < 0 ? emitErrors[-1 - number] : undefined);

/** The engine in C++: the addon's functions, and what it tells. One in a thread; all of a process are the same engine. */
class NativeEngine {
  #addon;
  #sockets;
  #calls = new Map();  // what waits for its answer, by number
  #outcomes = new Map();  // outcomes that somebody awaits, by number
  #nextCall = 1;
  #outcome = new Float64Array(1);
  #detach = () => {};
  #listens = false;
  refusals = new Refusals();  // emits that were refused, in this thread

  constructor(addon) {
    this.#addon = addon;
    addon.dispatch((batch) => {
      for (const [kind, ...fields] of batch) this.#take(records[kind], fields);
    });
    // process.exit() in the main thread ends no environment of Node's: what was emitted before it would be lost.
    if (isMainThread) process.once("exit", () => addon.stop());
  }

  /** One record's fault is not the next one's. */
  #take(record, fields) {
    try {
      this[`_${record}`](...fields);
    } catch (error) {
      console.error(`signalbox: what the engine tells (${record}) failed:`, error);
    }
  }

  /** The one of this thread: copies of this module share it, as they share the addon. */
  static of(addon) {
    return (addon.engine ??= new NativeEngine(addon));
  }
  /** Who hears of sockets at present. */
  get sockets() {
    return this.#sockets;
  }
  /** Who hears of sockets: see Sockets. */
  tell(sockets) {
    this.#sockets = sockets;
  }
  start({ values, jwt, server, apiPath }) {
    this.refusals = new Refusals();
    this.#addon.start(values.flatMap(({ name, value, from }) => [name, value, from]), jwt);
    this.#listens = !server;
    if (this.#listens) this.#addon.hold();
    else this.#detach = attach(server, this, { path: settingOf(values, "SOCKET_PATH"), apiPath, maxBody: Number(settingOf(values, "MAX_PAYLOAD_BYTES")), totalBodies: Number(settingOf(values, "TOTAL_PARTIAL_BYTES")) });
  }
  open() {
    this.#addon.open();
  }
  /** Clients that poll are served until they have gone. */
  close() {
    return new Promise((resolve) => {
      const call = this.#call(() => {
        this.#detach();
        this.#release();
        this.#sockets = undefined;
        for (const waiting of [...this.#calls.keys()]) this.#answer(waiting, ended);
        resolve();
      });
      this.#addon.hold();
      if (!this.#addon.close(call)) this._closed(call);
    });
  }
  #release() {
    this.#addon.release();
    if (this.#listens) this.#addon.release();
    this.#listens = false;
  }
  clients() {
    return this.#addon.clients();
  }
  wish({ connections, middleware, events }) {
    this.#addon.wish(connections, middleware, events);
  }

  emit(user, event, data) {
    this.#outcome[0] = 0;
    const plain = event === "job_progress" ? plainProgress(data) : undefined;
    const sockets = plain
      ? this.#addon.progress(user, plain.jobId, plain.progress, plain.status)
      : this.#addon.emit(user, event, textOf(event, data), this.#outcome);
    return sockets < 0 ? { sockets: 0, code: codeOf(sockets) } : { sockets, outcome: this.#outcome[0] };
  }
  emitAll(event, text) {
    return codeOf(this.#addon.emitAll(event, text));
  }
  /** Is that outcome on the disk? A promise, which keeps the process. */
  async durable(outcome) {
    const known = this.#addon.durable(outcome);
    if (known !== undefined) return known;
    this.#addon.hold();
    return new Promise((resolve) => this.#outcomes.set(outcome, resolve)).finally(() => this.#addon.release());
  }
  isOnline(user) {
    return this.#addon.isOnline(user);
  }
  online() {
    return this.#addon.online();
  }
  onlineCount() {
    return this.#addon.onlineCount();
  }
  list() {
    return new Promise((resolve) => {
      const call = this.#call((found) => resolve(found === ended ? [] : found));
      if (!this.#addon.list(call)) this._listed(call, []);
    });
  }

  socketEmit(handle, event, text, attachments) {
    const code = codeOf(this.#addon.socketEmit(handle, event, text, attachments));
    if (code === "overloaded") return this.refusals.note(code);
    if (code !== undefined && code !== "stopped") throw new EmitError(code);
  }
  /** A promise of the client's answer; rejects with a code. */
  socketAsk(handle, event, text, attachments, milliseconds) {
    return new Promise((resolve, reject) => {
      const call = this.#call((code, answer) => (code ? reject(code === ended ? "disconnected" : code) : resolve(answer)));
      const code = codeOf(this.#addon.socketAsk(handle, event, text, attachments, milliseconds, call));
      if (code) this._acknowledged(call, code);
    });
  }
  disconnect(handle, close) {
    this.#addon.socketDisconnect(handle, close);
  }
  acknowledge(ack, text, attachments) {
    this.#addon.acknowledge(ack, text, attachments);
  }
  admit(login, userId, user) {
    this.#addon.admit(login, userId, user);
  }
  refuse(login, message, data) {
    this.#addon.refuse(login, message, data);
  }

  // For http_server.cjs

  /** Hands a connection over; a sentence if it is refused. */
  adopt(descriptor, head, rest, address) {
    return this.#addon.adopt(descriptor, head, rest, address);
  }
  pair() {
    return this.#addon.pair();
  }
  /** `answer(status, fields, body)` is called once, unless the asker goes; returns how to say that. */
  request({ method, target, fields, body, address }, answer) {
    const call = this.#call((status, ...rest) => (status === ended ? answer(503, [], Buffer.alloc(0)) : answer(status, ...rest)));
    if (!this.#addon.request(call, method, target, fields, body, address)) this._answered(call, 503, ["Retry-After", "1"], Buffer.alloc(0));
    return () => {
      this.#calls.delete(call);
      this.#addon.askerGone(call);
    };
  }

  #call(answer) {
    const call = this.#nextCall++;
    this.#calls.set(call, answer);
    return call;
  }
  #answer(call, ...values) {
    const answer = this.#calls.get(call);
    this.#calls.delete(call);
    answer?.(...values);
  }

  // What the addon tells, by the records' names

  _introduced(id, handle, userId, user, handshake, connected, recovered) {
    this.#sockets.introduced({ id, handle, userId, user, handshake, connected, recovered });
  }
  _event(id, name, text, attachments, ack) {
    this.#sockets.event(id, name, text, attachments, ack);
  }
  _disconnected(id, reason) {
    this.#sockets.disconnected(id, reason);
  }
  _login(login, id, handshake, userId, user) {
    this.#sockets.login(login, { id, handshake, userId, user });
  }
  _acknowledged(call, code, text, attachments) {
    this.#answer(call, code, code ? undefined : decodeArguments(text, attachments));
  }
  // Of those that somebody awaits, and of those that failed.
  _committed(outcome, durable) {
    if (!durable) this.refusals.note("not_durable");
    this.#outcomes.get(outcome)?.(durable);
    this.#outcomes.delete(outcome);
  }
  _answered(call, status, fields, body) {
    this.#answer(call, status, fields, body);
  }
  _listed(call, flat) {
    const found = [];
    for (let i = 0; i < flat.length; i += 3) found.push({ id: flat[i], userId: flat[i + 1], handle: flat[i + 2] });
    this.#answer(call, found);
  }
  _closed(call) {
    this.#answer(call);
  }
  _overrun(id) {
    console.warn(`signalbox: socket ${id} was disconnected: more events of clients wait for JavaScript than it takes (100,000, or 64 MB)`);
  }
}

module.exports = { NativeEngine };
