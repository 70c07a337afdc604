"use strict";

/** Takes the bytes of a stream of server-sent events apart, wherever they are cut. Pure.
    source  HTML Standard, "Server-sent events", without `id` and `retry`, which our server does not send. */
class EventStream {
  #decoder = new TextDecoder();
  #rest = "";
  #event = "";
  #data = [];

  /** The events that are whole by now: [{event, data}]. Comments are none. */
  take(bytes) {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    const events = [];
    for (const line of lines) {
      const one = this.#line(line);
      if (one) events.push(one);
    }
    return events;
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (field === "event") this.#event = value;
    if (field === "data") this.#data.push(value);
    return undefined;
  }

  #dispatch() {
    const one = { event: this.#event || "message", data: this.#data.join("\n") };
    const empty = this.#data.length === 0;
    this.#event = "";
    this.#data = [];
    return empty ? undefined : one;
  }
}

module.exports = { EventStream };
