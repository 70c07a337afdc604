// Clients made of bare requests and bare WebSockets, so that a test says what stands on the wire.
import { createRequire } from "node:module";

const WebSocket = createRequire(new URL("../e2e/package.json", import.meta.url))("ws");

/** Rejects after `ms`, so that a server that says nothing fails the test and not the run. */
export function within(ms, promise, what) {
  let timer;
  const late = new Promise((_, fail) => (timer = setTimeout(() => fail(new Error(`nothing within ${ms} ms: ${what}`)), ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export async function request(address, options = {}) {
  const response = await fetch(address, options);
  return { status: response.status, type: response.headers.get("content-type"), headers: response.headers, body: await response.text() };
}

const separator = "\x1e";
/** Packets, text or Buffers, as a payload of polling. */
export const payloadOf = (packets) => packets.map((packet) => (typeof packet === "string" ? packet : `b${packet.toString("base64")}`)).join(separator);
export const packetsOf = (payload) => payload.split(separator);

/** One polling session at an Engine.IO address such as http://127.0.0.1:1/engine.io/. */
export class Polling {
  static async open(address, query = "") {
    const polling = new Polling();
    polling.address = `${address}?EIO=4&transport=polling${query}`;
    const answer = await request(polling.address);
    if (answer.status !== 200) throw new Error(`handshake: ${answer.status} ${answer.body}`);
    polling.handshake = JSON.parse(packetsOf(answer.body)[0].slice(1));
    polling.sid = polling.handshake.sid;
    polling.address += `&sid=${encodeURIComponent(polling.sid)}`;
    return polling;
  }
  get(options) {
    return request(this.address, options);
  }
  post(body, type = "text/plain;charset=UTF-8") {
    return request(this.address, { method: "POST", body, headers: { "Content-Type": type } });
  }
  /** The next packets, pings set aside. */
  async packets() {
    for (;;) {
      const packets = packetsOf((await this.get()).body).filter((packet) => packet !== "2");
      if (packets.length > 0) return packets;
    }
  }
  /** So many packets, of however many answers; what comes with the last is there too. */
  async take(count) {
    const packets = [];
    while (packets.length < count) packets.push(...(await this.packets()));
    return packets;
  }
}

/** One WebSocket whose messages are taken one by one: text as a string, binary as a Buffer. */
export class Wire {
  constructor(url, options) {
    this.messages = [];
    this.waiting = [];
    this.socket = new WebSocket(url.replace(/^http/, "ws"), options);
    this.socket.on("message", (data, binary) => this.#take(binary ? data : data.toString()));
    this.socket.on("error", () => {});
    this.closed = new Promise((done) => this.socket.on("close", (code) => done(code)));
    this.opened = new Promise((done) => this.socket.on("open", () => done(true)).on("error", () => done(false)));
    this.closed.then(() => this.waiting.splice(0).forEach((wait) => wait(undefined)));
  }
  static async open(url, options) {
    const wire = new Wire(url, options);
    await wire.opened;
    return wire;
  }
  #take(message) {
    const next = this.waiting.shift();
    if (next) next(message);
    else this.messages.push(message);
  }
  /** The next message; undefined once the WebSocket is closed. */
  next() {
    if (this.messages.length > 0) return Promise.resolve(this.messages.shift());
    if (this.socket.readyState >= 2) return Promise.resolve(undefined);
    return within(3000, new Promise((done) => this.waiting.push(done)), "message");
  }
  /** The next message that is no ping; pings are answered on the way. */
  async nextPacket() {
    for (;;) {
      const message = await this.next();
      if (message !== "2") return message;
      this.send("3");
    }
  }
  send(data) {
    this.socket.send(data);
  }
  close() {
    this.socket.close();
  }
  /** Resolves when the server has closed it; answers pings until then. */
  async closedWithin(ms) {
    return within(ms, this.closed, "close");
  }
}

/** A Socket.IO client over a WebSocket, after the open packet. */
export async function openSocketIo(address, query = "") {
  const wire = await Wire.open(`${address}/socket.io/?EIO=4&transport=websocket${query}`);
  wire.open = JSON.parse((await wire.next()).slice(1));
  return wire;
}

/** The same, joined to a namespace; with what the server emitted at its connect still to be read. */
export async function joinNamespace(address, packet = "40", query = "") {
  const wire = await openSocketIo(address, query);
  wire.send(packet);
  wire.answer = await wire.nextPacket();
  return wire;
}
