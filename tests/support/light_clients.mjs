// Clients that cost little: WebSockets of thousands of users in one process, which log in, answer heartbeats and count.
import { connect } from "node:net";

import { token } from "../e2e/support.mjs";
import { pause } from "./server.mjs";

const tokens = new Map(); // a token costs more than the rest of a login
const tokenOf = (user) => tokens.get(user) ?? tokens.set(user, token({ id: user, email: `${user}@example.com` })).get(user);

const head = (port) =>
  `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** Masked with zeros, which change nothing. */
function frame(text) {
  const payload = Buffer.from(text), long = payload.length > 125;
  const bytes = Buffer.alloc((long ? 8 : 6) + payload.length);
  bytes[0] = 0x81;
  bytes[1] = 0x80 | (long ? 126 : payload.length);
  if (long) bytes.writeUInt16BE(payload.length, 2);
  payload.copy(bytes, bytes.length - payload.length);
  return bytes;
}

export class Client {
  #rest = Buffer.alloc(0);
  #opened = false;
  events = 0; // of jobs, heard
  onEvent = () => {};
  onHeard = () => {};
  onAnswer = () => {};

  /** Logged in. */
  static login(port, user) {
    const client = new Client();
    client.user = user;
    client.socket = connect(port, "127.0.0.1").setNoDelay(true);
    client.closed = new Promise((done) => client.socket.on("close", done));
    client.socket.write(head(port));
    client.socket.on("data", (bytes) => client.#take(bytes)).on("error", () => {});
    return new Promise((done, fail) => {
      client.onLogin = () => done(client);
      client.closed.then(() => fail(new Error(`${user} was not logged in`)));
    });
  }
  send(text) {
    this.socket.write(frame(text));
  }
  close() {
    this.socket.destroy();
  }

  #take(bytes) {
    if (this.#rest.length > 0) bytes = Buffer.concat([this.#rest, bytes]);
    let at = 0;
    if (!this.#opened) {
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0) return void (this.#rest = bytes);
      this.#opened = true;
      at = end + 4;
    }
    while (bytes.length - at >= 2) {
      let length = bytes[at + 1], start = at + 2;
      if (length === 126) {
        if (bytes.length - at < 4) break;
        length = bytes.readUInt16BE(at + 2);
        start = at + 4;
      } else if (length === 127) throw new Error("a larger frame than there is here");
      if (bytes.length - start < length) break;
      this.#message(bytes.subarray(start, start + length));
      at = start + length;
    }
    this.#rest = bytes.subarray(at);
  }
  #message(bytes) {
    const type = bytes[0], kind = bytes[1];
    if (type === 0x32) return this.send("3");
    if (type === 0x30) return this.send(`40${JSON.stringify({ token: tokenOf(this.user) })}`);
    if (type !== 0x34) return;
    if (kind === 0x33) return this.onAnswer(bytes.toString());
    if (kind !== 0x32) return;
    if (bytes[4] === 0x6a) return ++this.events, this.onEvent(bytes), this.onHeard(); // 42["job_…
    if (bytes.indexOf("authenticated") === 4) this.onLogin();
  }
}

/** So many users, `atOnce` at a time; `port(i)` is where each goes. */
export async function logins(count, port, atOnce = 256) {
  const clients = [];
  for (let i = 0; i < count; i += atOnce) {
    const part = Array.from({ length: Math.min(atOnce, count - i) }, (_, n) => Client.login(port(i + n), `user-${i + n}`));
    clients.push(...(await Promise.all(part)));
  }
  return clients;
}
/** As socket.io-client does: after a second, half more or less, then after twice as long, up to five. */
export async function comeBack(user, port) {
  for (let delay = 1000; ; delay = Math.min(5000, 2 * delay)) {
    await pause(delay * (0.5 + Math.random()));
    const client = await Client.login(port, user).catch(() => undefined);
    if (client) return client;
  }
}

export const prepareTokens = (count) => Array.from({ length: count }, (_, i) => tokenOf(`user-${i}`));

/** Resolves when all of them together have heard so many events. */
export function heard(clients, count) {
  let left = clients.reduce((sum, { events }) => sum - events, count);
  return new Promise((done, fail) => {
    const late = setTimeout(() => fail(new Error(`of ${count} events ${left} have not come within a minute`)), 60_000);
    const looks = () => left > 0 || (clearTimeout(late), done());
    for (const client of clients) client.onHeard = () => (--left, looks());
    looks();
  });
}
