// Tokens, servers and the real client, as the end-to-end tests want them.
import { createHmac } from "node:crypto";
import { createInterface } from "node:readline";

import { io } from "socket.io-client";

import { startServer } from "../support/server.mjs";

export const secret = "0123456789abcdef0123456789abcdef";
export const apiKey = "a key for workers";
export const transports = { "default transports": undefined, "polling only": ["polling"], "websocket only": ["websocket"] };

const base64url = (text) => Buffer.from(text).toString("base64url");
export const now = () => Math.floor(Date.now() / 1000);

/** A token of these claims: an object, or JSON text where the bytes matter. */
export function token(claims, { key = secret, header = { alg: "HS256", typ: "JWT" }, hash = "sha256" } = {}) {
  const text = `${base64url(JSON.stringify(header))}.${base64url(typeof claims === "string" ? claims : JSON.stringify(claims))}`;
  return `${text}.${createHmac(hash, key).update(text).digest("base64url")}`;
}

/** `signalbox serve`, as a user runs it. */
export const startProgram = (env = {}, port = undefined) =>
  startServer("signalbox", ["serve"], { JWT_SECRET: secret, API_KEY: apiKey, PRESENCE_GRACE_MS: "0", ...env }, port);

/** e2e_server: `order()` has it call the C++ API and tells what came back; `said` are its other lines. */
export async function startLibrary(env = {}) {
  const server = await startServer("e2e_server", [], { JWT_SECRET: secret, API_KEY: apiKey, PRESENCE_GRACE_MS: "0", ...env });
  const waiting = [];
  server.said = new Inbox();
  createInterface({ input: server.child.stdout }).on("line", (line) => {
    const said = JSON.parse(line);
    if ("answer" in said) waiting.shift()(said.answer);
    else server.said.put(said);
  });
  server.order = (what, rest = {}) => {
    server.child.stdin.write(JSON.stringify({ do: what, ...rest }) + "\n");
    return new Promise((done) => waiting.push(done));
  };
  return server;
}

/** What came, in order, taken one by one. */
export class Inbox {
  #items = [];
  #waiting = [];
  put(item) {
    this.#items.push(item);
    this.#waiting.splice(0).forEach((wake) => wake());
  }
  get all() {
    return [...this.#items];
  }
  clear() {
    this.#items = [];
  }
  /** Takes the first one that fits, now or later; fails after `ms`. */
  async take(fits = () => true, ms = 10000) {
    const end = Date.now() + ms;
    for (;;) {
      const at = this.#items.findIndex(fits);
      if (at >= 0) return this.#items.splice(at, 1)[0];
      if (Date.now() >= end) throw new Error(`nothing fitting came; there is ${JSON.stringify(this.#items).slice(0, 500)}`);
      await new Promise((wake) => {
        const timer = setTimeout(wake, end - Date.now());
        this.#waiting.push(() => (clearTimeout(timer), wake()));
      });
    }
  }
}

/** The real client. Every event and every end of it stands in `socket.inbox`; `heard(name)` takes the next one of a name. */
export function connect(server, options = {}) {
  const { user, nsp = "", ...rest } = options;
  const auth = user === undefined ? undefined : { token: token({ id: user, email: `${user}@example.com` }) };
  const socket = io(server.url + nsp, { forceNew: true, reconnection: false, auth, ...rest });
  socket.inbox = new Inbox();
  socket.onAny((name, ...values) => socket.inbox.put({ name, values }));
  for (const name of ["connect", "disconnect", "connect_error"]) socket.on(name, (...values) => socket.inbox.put({ name, values }));
  socket.heard = async (name, ms) => (await socket.inbox.take((item) => item.name === name, ms)).values[0];
  return socket;
}

/** A client that is logged in. */
export async function login(server, options) {
  const socket = connect(server, options);
  await socket.heard("authenticated");
  return socket;
}

/** Resolves when the socket has moved to WebSocket. */
export function upgraded(socket) {
  const engine = socket.io.engine;
  if (engine.transport.name === "websocket") return Promise.resolve();
  return new Promise((done) => engine.once("upgrade", done));
}

/** Waits until `check` gives something true: for what is to be seen from outside only. */
export async function eventually(check, ms = 5000) {
  for (const end = Date.now() + ms; ; await new Promise((wake) => setTimeout(wake, 5))) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${check}`);
  }
}

/** A request to the workers' HTTP interface. */
export async function api(server, method, path, body, headers = {}) {
  const json = body === undefined ? {} : { "Content-Type": "application/json" };
  const response = await fetch(server.url + path, {
    method,
    headers: { Authorization: `Bearer ${apiKey}`, ...json, ...headers },
    body: body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isText = response.headers.get("content-type")?.startsWith("text/plain");
  return { status: response.status, headers: response.headers, text, body: isText ? text : text ? JSON.parse(text) : undefined };
}

export const emit = (server, userId, event, data) => api(server, "POST", "/api/emit", { userId, event, data });
