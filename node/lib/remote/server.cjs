"use strict";

const http = require("node:http");
const https = require("node:https");

/** Where a server is, and the key for it; makes requests to it. */
class Server {
  #module;
  #agent;
  #options;

  /** `url` may have a path, which stands before /api: http://host:3000/signalbox. Throws a TypeError that says what is wrong. */
  constructor({ url, apiKey }, sockets) {
    const base = checkedUrl(url);
    if (typeof apiKey !== "string" || !/^[\x20-\x7e]*[\x21-\x7e]$/.test(apiKey)) throw new TypeError("SIGNALBOX_API_KEY (apiKey): give the API_KEY that the server has.");
    this.#module = base.protocol === "https:" ? https : http;
    // Shorter than the server's IDLE_TIMEOUT_MS, so that a request rarely goes out on a connection that is being closed.
    this.#agent = new this.#module.Agent({ keepAlive: true, maxSockets: sockets, timeout: 15_000 });
    this.#options = { host: base.hostname.replace(/^\[|\]$/g, ""), port: base.port || undefined, headers: { Authorization: `Bearer ${apiKey}` } };
    this.path = base.pathname.replace(/\/+$/, "");
    this.url = base.origin + this.path;
  }

  /** A request, which is not sent yet. `alone`: on a connection of its own. */
  request(method, path, { headers, timeout, alone = false }) {
    return this.#module.request({
      ...this.#options,
      headers: { ...this.#options.headers, ...headers },
      method,
      path: this.path + path,
      timeout,
      agent: alone ? false : this.#agent,
    });
  }
  close() {
    this.#agent.destroy();
  }
}

function checkedUrl(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    // Told below.
  }
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username || url.password)
    throw new TypeError(`SIGNALBOX_URL (url): give the server's address, as http://host:3000 or https://host/path, not ${JSON.stringify(text)}.`);
  return url;
}

module.exports = { Server };
