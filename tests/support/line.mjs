// A TCP line to a server on which things go wrong when a test wants it.
import { once } from "node:events";
import { connect, createServer } from "node:net";

/** With RST. Node cannot do so while a socket connects or shuts down, and would leave it open for ever. */
const reset = (socket) => (socket.connecting || socket.writableEnded ? socket.destroy() : socket.resetAndDestroy());

export class Line {
  #connections = new Set();
  #down = false;
  #bytesPerSecond = Infinity;
  #lateness = 0;
  /** Looks at bytes on their way to the client, and how many this connection has had; a number: so many of them pass yet, and the line is cut. */
  lastBytes = () => undefined;

  /** A line to what listens on `port`, whether it does so now or later. */
  static async to(port) {
    const line = new Line();
    line.listener = createServer((near) => line.#accept(near, port)).listen(0, "127.0.0.1");
    await once(line.listener, "listening");
    line.url = `http://127.0.0.1:${line.listener.address().port}`;
    return line;
  }

  #accept(near, port) {
    if (this.#down) return reset(near);
    // From another address: where nobody listens for a while, a connection could else come to be with itself.
    const far = connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" });
    const cut = () => {
      reset(near);
      reset(far);
      this.#connections.delete(cut);
    };
    let vanished = false, passed = 0;
    const late = []; // in their order, also when the line is not late any more
    cut.near = () => {
      vanished = true;
      reset(near);
    };
    this.#connections.add(cut);
    far.setNoDelay(true).on("error", cut).on("close", cut);
    near.setNoDelay(true).on("error", () => vanished || cut()).on("close", () => vanished || cut());
    near.on("data", (bytes) => far.write(bytes));
    far.on("data", (bytes) => {
      const left = this.lastBytes(bytes, passed);
      if (left !== undefined) return near.write(bytes.subarray(0, left), () => this.cut());
      passed += bytes.length;
      if (vanished) return;
      if (this.#lateness > 0 || late.length > 0) late.push(bytes), setTimeout(() => near.write(late.shift()), this.#lateness);
      else near.write(bytes);
      if (this.#bytesPerSecond === Infinity) return;
      far.pause();
      setTimeout(() => far.resume(), (1000 * bytes.length) / this.#bytesPerSecond);
    });
  }

  /** Resets every connection: what is on its way is lost, and nobody says goodbye. */
  cut() {
    for (const cut of [...this.#connections]) cut();
  }
  /** The client's ends are reset, while the server hears nothing of it: half-open. */
  vanish() {
    for (const cut of [...this.#connections]) cut.near();
  }
  /** Cuts, and lets nobody through until up(). */
  down() {
    this.#down = true;
    this.cut();
  }
  up() {
    this.#down = false;
  }
  /** So fast does the client read from now on. */
  slow(bytesPerSecond) {
    this.#bytesPerSecond = bytesPerSecond;
  }
  /** What the server says arrives so many milliseconds later, from now on. */
  late(ms) {
    this.#lateness = ms;
  }
  get state() {
    return `${this.#down ? "down" : "up"}, ${this.#connections.size} connections`;
  }
  close() {
    this.listener.close();
    this.cut();
  }
}
