// An HTTP proxy on whose way answers get lost. It repeats such a request by itself, as browsers and proxies do when a
// connection dies before the head of the answer has come: its client hears nothing of the loss.
import { once } from "node:events";
import { Agent, createServer, request as httpRequest } from "node:http";
import { connect } from "node:net";

export class RepeatingProxy {
  #connections = new Set();
  #waiting = new Set(); // repeats, each, a GET that has no answer yet
  // From another address: where nobody listens for a while, a connection could else come to be with itself.
  #agent = new Agent({ keepAlive: true, localAddress: "127.0.0.2" });
  #down = false;
  /** How often an answer was lost. */
  lost = 0;
  /** Asked for every answer of the server: is it lost, and how? "read": this side had it, and its client's connection
      died. "reset": the server's connection is reset, whatever of the answer was on its way. Else it arrives. */
  loses = () => undefined;

  /** A proxy to what listens on `port`, whether it does so now or later. */
  static async to(port) {
    const proxy = new RepeatingProxy();
    proxy.port = port;
    proxy.server = createServer((request, response) => proxy.#take(request, response)).listen(0, "127.0.0.1");
    proxy.server.on("connection", (socket) => {
      proxy.#connections.add(socket.on("error", () => {}).on("close", () => proxy.#connections.delete(socket)));
      if (proxy.#down) socket.resetAndDestroy();
    });
    proxy.server.on("upgrade", (request, socket, head) => proxy.#pass(request, socket, head));
    await once(proxy.server, "listening");
    proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
    return proxy;
  }

  async #take(request, response) {
    const parts = [];
    try {
      for await (const part of request) parts.push(part);
    } catch {
      return; // its client has gone
    }
    const asked = { method: request.method, target: request.url, headers: request.headers, body: Buffer.concat(parts), tries: 0 };
    this.#ask(asked, response);
  }

  #ask(asked, response) {
    const { method, target, headers, body } = asked;
    const tries = ++asked.tries;
    const current = () => asked.tries === tries;
    const upstream = httpRequest({ port: this.port, host: "127.0.0.1", method, path: target, headers, agent: this.#agent });
    const again = (most = Infinity) => response.destroyed || asked.tries >= most || this.#ask(asked, response); // the first is forgotten where it waits
    this.#waiting.delete(asked.again);
    if (method === "GET") this.#waiting.add((asked.again = again));
    const gone = () => upstream.destroy();
    response.on("close", gone);
    upstream.on("close", () => (this.#waiting.delete(again), response.off("close", gone)));
    upstream.on("error", () => current() && !response.destroyed && response.destroy());
    upstream.on("response", async (answer) => {
      this.#waiting.delete(again);
      const how = current() ? this.loses({ ...asked, status: answer.statusCode }) : "read";
      if (how === "reset") {
        this.lost++;
        asked.tries++; // nothing of this try counts any more
        answer.on("error", () => {});
        answer.socket.resetAndDestroy();
        return again();
      }
      const parts = [];
      try {
        for await (const part of answer) parts.push(part);
      } catch {
        return;
      }
      if (!current() || response.destroyed) return;
      if (how === "read") return this.lost++, again();
      response.writeHead(answer.statusCode, answer.headers).end(Buffer.concat(parts));
    });
    upstream.end(body);
  }

  // A WebSocket is passed on as it is.
  #pass(request, socket, head) {
    const far = connect({ port: this.port, host: "127.0.0.1", localAddress: "127.0.0.2" });
    const fields = request.rawHeaders.map((text, i) => (i % 2 ? `${text}\r\n` : `${text}: `)).join("");
    far.write(`${request.method} ${request.url} HTTP/1.1\r\n${fields}\r\n`);
    far.write(head);
    for (const [one, other] of [[socket, far], [far, socket]]) one.on("error", () => {}).on("close", () => other.destroy()).pipe(other);
  }

  /** Every GET that waits is asked once more over another connection, while the server takes the first for alive; none more than so often in all. */
  repeatWaiting(most) {
    for (const repeat of [...this.#waiting]) repeat(most);
  }
  /** Resets its clients' connections. */
  cut() {
    for (const socket of [...this.#connections]) socket.resetAndDestroy();
  }
  /** Cuts, and lets nobody through until up(). */
  down() {
    this.#down = true;
    this.cut();
  }
  up() {
    this.#down = false;
  }
  close() {
    this.server.close();
    this.cut();
    this.#agent.destroy();
  }
}
