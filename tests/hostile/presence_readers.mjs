// Many clients that read, in a thread of their own (presence.test.mjs). Told `{hear, of}` they say when each has heard that event of so
// many users, of none twice, and how many connections were lost.
import { parentPort, workerData } from "node:worker_threads";

import { text } from "./raw.mjs";
import { crowd, login } from "./town.mjs";

const { port, readers } = workerData;
let lost = 0, heard = 0;
let hear = "", of = 0;

class Reader {
  #rest = Buffer.alloc(0);
  constructor(ws) {
    this.ws = ws;
    ws.socket.removeAllListeners("data");
    ws.socket.on("data", (data) => this.#take(data));
    for (const end of ["end", "error"]) ws.socket.once(end, () => (++lost, parentPort.postMessage({ heard, lost })));
    this.#take(ws.got);
  }
  begin() {
    this.users = new Set();
  }
  #take(data) {
    let bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    for (let size; (size = sizeOf(bytes)) !== undefined; bytes = bytes.subarray(size)) this.#message(bytes.toString("latin1", bytes[1] < 126 ? 2 : 4, size));
    this.#rest = Buffer.from(bytes);
  }
  #message(message) {
    if (message === "2") return this.ws.write(text("3"));
    if (!hear || !message.startsWith(`42["${hear}"`)) return;
    const user = message.split(" ")[1]; // "guest <number> …"
    if (this.users.has(user)) throw new Error(`twice: ${message}`);
    if (this.users.add(user).size === of) ++heard, tell();
  }
}
/** Of a whole frame from the front, shorter than 64 KB; undefined: it is not whole. */
function sizeOf(bytes) {
  if (bytes.length < 4) return undefined;
  const size = bytes[1] < 126 ? 2 + bytes[1] : 4 + bytes.readUInt16BE(2);
  return bytes.length >= size ? size : undefined;
}
const tell = () => heard === readers && parentPort.postMessage({ heard, lost });

const all = (await crowd(readers, 50, (i) => login(port, `reader ${i}`))).map((ws) => new Reader(ws));
parentPort.on("message", (order) => {
  heard = 0;
  for (const reader of all) reader.begin();
  ({ hear, of } = order);
});
parentPort.postMessage({ ready: readers, lost });
