"use strict";
const { encodeArguments } = require("../../json.cjs");
const { checkEvent, userFault } = require("./checks.cjs");
const { Ledger } = require("./ledger.cjs");
const { Presence } = require("./presence.cjs");

const sweepMs = 60_000;

/** The clients, what is kept for them, and who of the program hears of them. */
class Hub {
  #sockets;
  #sweep;
  #broadcast;
  #followers = new Set();  // of who is online: { hear, end }
  wishes = { connections: false, middleware: false, events: [] };
  clients = new Map();  // by id
  draining = false;
  stopped = false;

  /** `sockets`: see lib/sockets.cjs; `broadcast(event, data, but)`: tells every client but that one. */
  constructor(config, { sockets, logins, broadcast }) {
    this.config = config;
    this.logins = logins;
    this.#broadcast = broadcast;
    this.#sockets = sockets;
    this.ledger = new Ledger({
      outcomeTtl: config.OUTCOME_TTL_MS,
      progressTtl: config.PROGRESS_TTL_MS,
      outcomeReplay: config.OUTCOME_REPLAY_MS,
      jobsPerUser: config.JOBS_PER_USER,
      unreadOutcomes: config.UNREAD_OUTCOMES_PER_USER,
      unreadTotalBytes: config.UNREAD_TOTAL_BYTES,
    });
    this.presence = new Presence(config.PRESENCE_GRACE_MS, (...change) => this.#tellPresence(...change));
    this.#sweep = setInterval(() => this.ledger.expire(this.now()), sweepMs).unref();
  }

  /** Milliseconds since 1970 by a clock that nobody sets. */
  now() {
    return performance.timeOrigin + performance.now();
  }

  /** An event for a user, with the text of its data: { sockets }, or { code }. */
  emit(user, event, text) {
    const checked = this.check(user, event, text);
    return checked.code ? checked : this.send(user, checked);
  }
  check(user, event, text) {
    if (this.stopped) return { code: "stopped" };
    const code = userFault(user);
    return code ? { code } : checkEvent(event, text, this.#limits());
  }
  send(user, checked) {
    const { code, number } = checked.jobId ? this.ledger.keep(user, checked, this.now()) : {};
    if (code) return { code };
    const clients = this.presence.sockets(user);
    for (const client of clients) client.tell({ ...checked, number });
    return { sockets: clients.size };
  }
  /** An event for everybody; the code of a refusal. */
  emitAll(event, text) {
    if (this.stopped) return "stopped";
    const { code, data } = checkEvent(event, text, this.#limits());
    if (code) return code;
    this.#broadcast(event, data);
    return undefined;
  }
  #limits() {
    return { maxPayload: this.config.MAX_PAYLOAD_BYTES, jsonDepth: this.config.JSON_DEPTH };
  }

  /** `hear(user, online)` is called at each change, and `end()` at the end, until the function that this returns is. */
  follow(hear, end) {
    const follower = { hear, end };
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** Ends what is left: nobody is told anything any more. */
  stop() {
    this.stopped = true;
    for (const { end } of this.#followers) end();
    clearInterval(this.#sweep);
  }
  /** Clients are let go: nobody is said to go offline for that. */
  drain() {
    this.draining = true;
    this.presence.stop();
  }

  // For a client

  join(client) {
    this.clients.set(client.id, client);
    this.presence.join(client.userId, client);
    const most = this.config.MAX_CONNECTIONS_PER_USER, all = this.presence.sockets(client.userId);
    if (most > 0 && all.size > most) all.values().next().value.disconnect(true);
  }
  leave(client, reason) {
    this.clients.delete(client.id);
    this.presence.leave(client.userId, client);
    if (client.introduced) this.#sockets.disconnected(client.id, reason);
  }
  replay(user) {
    return this.ledger.replay(user, this.now());
  }
  confirm(user, number) {
    this.ledger.confirm(user, number, this.now());
  }
  /** Tells the program of a client, once; who listens to events alone hears of it at the first of them. */
  introduce(client, connected) {
    if (client.introduced || (connected && !this.wishes.connections)) return;
    client.introduced = true;
    this.#sockets.introduced({
      id: client.id,
      handle: client,
      userId: client.userId,
      user: JSON.stringify(client.user),
      handshake: client.handshake,
      connected,
      recovered: false,
    });
  }
  hear(client, event, args, acknowledge) {
    if (!this.wishes.connections && !this.wishes.events.includes(event)) return;
    this.introduce(client, false);
    const { text, attachments } = encodeArguments(event, args);
    this.#sockets.event(client.id, event, text, attachments, acknowledge);
  }

  // A user's own first socket is told nothing of its coming.
  #tellPresence(userId, online, but) {
    for (const { hear } of this.#followers) hear(userId, online);
    if (this.config.PRESENCE_EVENTS) this.#broadcast(online ? "user_online" : "user_offline", { userId }, but);
  }
}

module.exports = { Hub };
