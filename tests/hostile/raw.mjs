// Clients made of nothing but a TCP socket, so that a test may say what no decent client would.
import { once } from "node:events";
import { connect } from "node:net";

/** Bytes in and out. What has come is kept until it is taken. */
export class Raw {
  constructor(port, host = "127.0.0.1", localAddress = undefined) {
    this.got = Buffer.alloc(0);
    this.over = false; // the server has ended it, or the connection broke
    this.waiting = [];
    this.socket = connect({ port, host, localAddress, allowHalfOpen: true, noDelay: true });
    this.socket.on("data", (data) => {
      this.got = this.got.length === 0 ? data : Buffer.concat([this.got, data]);
      this.#wake();
    });
    for (const end of ["end", "close", "error"]) this.socket.on(end, () => ((this.over = true), this.#wake()));
  }
  static async open(port, host, localAddress) {
    const raw = new Raw(port, host, localAddress);
    await once(raw.socket, "connect");
    return raw;
  }
  #wake() {
    this.waiting.splice(0).forEach((wake) => wake());
  }
  /** Resolves with what `find(got)` gives, once it gives something; with undefined if the server ended before. */
  async until(find, what, ms = 3000) {
    for (const late = Date.now() + ms; ; ) {
      const found = find(this.got);
      if (found !== undefined && found !== false) return found;
      if (this.over) return undefined;
      const left = late - Date.now();
      if (left <= 0) throw new Error(`not within ${ms} ms: ${what}; there is ${JSON.stringify(this.got.toString("latin1").slice(0, 200))}`);
      await new Promise((wake) => {
        const timer = setTimeout(wake, left);
        this.waiting.push(() => (clearTimeout(timer), wake()));
      });
    }
  }
  write(bytes) {
    if (!this.socket.destroyed) this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
    return this;
  }
  take(count) {
    const out = this.got.subarray(0, count);
    this.got = this.got.subarray(count);
    return out;
  }
  /** The next HTTP answer; undefined if the server ended without one. */
  async answer(ms) {
    const end = await this.until((got) => got.indexOf("\r\n\r\n") + 1 || undefined, "an answer's head", ms);
    if (end === undefined) return undefined;
    const [line, ...fields] = this.take(end + 3).toString("latin1").slice(0, -4).split("\r\n");
    const headers = Object.fromEntries(fields.map((field) => [field.slice(0, field.indexOf(":")).toLowerCase(), field.slice(field.indexOf(":") + 1).trim()]));
    const size = Number(headers["content-length"] ?? 0);
    await this.until((got) => got.length >= size, "an answer's body", ms);
    return { status: Number(line.split(" ")[1]), headers, body: this.take(size).toString() };
  }
  /** Resolves once the server has ended the connection. */
  async ended(ms) {
    await this.until(() => undefined, "the server's end of the connection", ms);
    this.socket.destroy();
  }
  pause() {
    this.socket.pause();
    return this;
  }
  close() {
    this.socket.destroy();
  }
  reset() {
    this.socket.resetAndDestroy();
  }
}

export const get = (target, fields = "") => `GET ${target} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`;
export const post = (target, body, fields = "") => `POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${fields}\r\n${body}`;
export const polling = "/socket.io/?EIO=4&transport=polling";
export const webSocket = "/socket.io/?EIO=4&transport=websocket";
export const upgradeFields = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
export const upgrade = (target = webSocket, fields = "") => get(target, upgradeFields + fields);

/** One frame of a client; every rule of it may be broken. */
export function frame(opcode, payload = "", { fin = true, masked = true, reserved = 0, lengthBytes } = {}) {
  const data = Buffer.from(payload);
  const form = lengthBytes ?? (data.length < 126 ? 0 : data.length < 65536 ? 2 : 8);
  const head = Buffer.alloc(2 + form + (masked ? 4 : 0));
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (form === 0 ? data.length : form === 2 ? 126 : 127);
  if (form === 2) head.writeUInt16BE(data.length, 2);
  if (form === 8) head.writeBigUInt64BE(BigInt(data.length), 2);
  return Buffer.concat([head, data]); // the key is four zeros: masked bytes are the bytes
}
export const text = (message) => frame(1, message);

/** A WebSocket past its handshake. */
export class Ws extends Raw {
  static async open(port, { target = webSocket, fields = "", more = "", from = undefined } = {}) {
    const ws = new Ws(port, undefined, from);
    await once(ws.socket, "connect");
    ws.write(Buffer.concat([Buffer.from(upgrade(target, fields)), Buffer.from(more)]));
    const answer = await ws.answer();
    if (answer?.status !== 101) throw new Error(`no WebSocket: ${JSON.stringify(answer)}`);
    return ws;
  }
  /** The next frame as `{opcode, payload}`; undefined once the connection is over. */
  async frame(ms) {
    const whole = (got) => {
      if (got.length < 2) return undefined;
      const form = got[1] & 127;
      const head = form === 126 ? 4 : form === 127 ? 10 : 2;
      if (got.length < head) return undefined;
      const size = form === 126 ? got.readUInt16BE(2) : form === 127 ? Number(got.readBigUInt64BE(2)) : form;
      return got.length >= head + size ? { head, size } : undefined;
    };
    const found = await this.until(whole, "a frame", ms);
    if (!found) return undefined;
    const bytes = this.take(found.head + found.size);
    return { opcode: bytes[0] & 15, payload: bytes.subarray(found.head) };
  }
  send(message) {
    return this.write(text(message));
  }
  /** The next text message, pings answered on the way; undefined once it is closed. */
  async message(ms) {
    for (;;) {
      const next = await this.frame(ms);
      if (!next || next.opcode === 8) return undefined;
      if (next.opcode !== 1) continue;
      const message = next.payload.toString();
      if (message !== "2") return message;
      this.send("3");
    }
  }
  /** The code that the server closes with: 0 if it ends without one. */
  async closeCode(ms = 3000) {
    for (;;) {
      const next = await this.frame(ms);
      if (!next) return 0;
      if (next.opcode !== 8) continue;
      this.close();
      return next.payload.length < 2 ? 1005 : next.payload.readUInt16BE(0);
    }
  }
}
