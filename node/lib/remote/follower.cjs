"use strict";

const { EmitError } = require("../errors.cjs");
const { backoff } = require("./backoff.cjs");
const { EventStream } = require("./event-stream.cjs");
const { Online } = require("./online.cjs");
const { verdictOf } = require("./verdict.cjs");

const silence = 40_000; // milliseconds: a comment comes every 15 s
const lasting = 5_000; // an answer that went on for so long was none of a row of failures

/** Knows who is online: follows GET /api/presence, and begins anew, after a growing pause, whenever that ends. It keeps
    no process alive, but for those who wait for ready(). */
class Follower {
  #server;
  #log;
  #online = new Online();
  #failures = 0;
  #request = undefined;
  #timer = undefined;
  #running = false;
  #waiters = new Set();
  #ready = false;
  #told = false; // that it does not follow at present

  constructor(server, { log }) {
    this.#server = server;
    this.#log = log;
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#follow();
  }
  stop(error = new EmitError("stopped", "Who is online is not followed any more.")) {
    this.#running = false;
    clearTimeout(this.#timer);
    this.#request?.destroy();
    this.#settle((waiter) => waiter.reject(error));
  }
  has(user) {
    return this.#online.has(user);
  }
  get users() {
    return this.#online.users;
  }
  get count() {
    return this.#online.count;
  }
  /** All who are online were named once. Rejects where the server refuses to say so. */
  ready() {
    if (this.#ready) return Promise.resolve();
    if (!this.#running) return Promise.reject(new EmitError("stopped", "Who is online is not followed: call start() first."));
    return new Promise((resolve, reject) => {
      this.#waiters.add({ resolve, reject });
      this.#hold();
    });
  }

  #follow() {
    const begun = performance.now();
    const request = this.#server.request("GET", "/api/presence", { headers: { Accept: "text/event-stream" }, timeout: silence, alone: true });
    this.#request = request;
    let over = false;
    const again = (why) => {
      if (over) return;
      over = true;
      request.destroy();
      if (this.#running) this.#again(why, performance.now() - begun);
    };
    request.on("socket", () => this.#hold());
    request.on("timeout", () => again("it has been silent for too long"));
    request.on("error", (error) => again(error.message || error.code));
    request.on("close", () => again("the connection is closed"));
    request.on("response", (answer) => {
      answer.on("error", () => again("the connection is lost"));
      answer.statusCode === 200 && answer.headers["content-type"]?.startsWith("text/event-stream") ? this.#read(answer, again) : this.#refused(answer, again);
    });
    request.end();
  }

  #read(answer, again) {
    answer.on("end", () => again("its answer has ended"));
    const stream = new EventStream();
    this.#online.begin();
    answer.on("data", (bytes) => {
      for (const event of stream.take(bytes)) if (this.#online.take(event)) this.#isReady();
    });
  }
  #isReady() {
    this.#ready = true;
    if (this.#told) this.#log("info", `${this.#server.url} says again who is online`);
    this.#told = false;
    this.#settle((waiter) => waiter.resolve());
    this.#hold();
  }
  #refused(answer, again) {
    let text = "";
    answer.setEncoding("utf8").on("data", (more) => (text += more));
    answer.on("end", () => {
      const status = answer.statusCode === 200 ? 404 : answer.statusCode; // a page of somebody else
      const verdict = verdictOf({ status, headers: answer.headers, text, url: this.#server.url });
      if (verdict.kind === "refused") this.#settle((waiter) => waiter.reject(new EmitError(verdict.code, verdict.text)));
      again(verdict.text ?? `it answers ${answer.statusCode}`);
    });
  }

  #again(why, lastedMs) {
    if (!this.#told) this.#log("warn", `who is online is not followed at present: ${this.#server.url}: ${why}`);
    this.#told = true;
    this.#failures = lastedMs > lasting ? 0 : this.#failures;
    this.#timer = setTimeout(() => this.#follow(), backoff(this.#failures++));
    this.#hold();
  }

  #settle(settle) {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    waiters.forEach(settle);
  }
  // Whoever waits for it keeps the process alive, and nothing else here does.
  #hold() {
    const what = this.#waiters.size === 0 ? "unref" : "ref";
    this.#timer?.[what]();
    this.#request?.socket?.[what]();
  }
}

module.exports = { Follower };
