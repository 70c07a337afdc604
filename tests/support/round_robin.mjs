// An HTTP proxy without any memory of its clients: each request, and each WebSocket, goes to the next server. A server that
// refuses the connection is passed over.
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { connect } from "node:net";

export class RoundRobin {
  #ports;
  #next = 0;
  #sockets = new Set();
  /** Chooses among them in place of the turn, if it wants: (request) => an index, or undefined. */
  chooses = () => undefined;

  /** In front of what listens on these ports, whether it does so now or later. `port`: where the proxy listens. */
  static async to(ports, port = 0) {
    const proxy = new RoundRobin();
    proxy.#ports = ports;
    proxy.server = createServer((request, response) => proxy.#pass(request, response)).listen(port, "127.0.0.1");
    proxy.server.keepAliveTimeout = 0; // clients end their connections: none meets one that is just closing
    proxy.server.on("upgrade", (request, socket, head) => proxy.#tunnel(request, socket, head));
    proxy.server.on("connection", (socket) => {
      proxy.#sockets.add(socket.on("error", () => {}).on("close", () => proxy.#sockets.delete(socket)));
    });
    await once(proxy.server, "listening");
    proxy.port = proxy.server.address().port;
    proxy.url = `http://127.0.0.1:${proxy.port}`;
    return proxy;
  }

  /** A connection to the server whose turn it is, or to the first behind it that takes one. */
  async #connection(request) {
    const first = this.chooses(request) ?? this.#next++;
    for (let i = 0; i < this.#ports.length; ++i) {
      const port = this.#ports[(first + i) % this.#ports.length], socket = connect(port, "127.0.0.1");
      const connected = await new Promise((done) => socket.once("connect", () => done(true)).once("error", () => done(false)));
      // Where nobody listens for a while, a connection may come to be with itself.
      if (connected && socket.localPort !== port) return socket.setNoDelay(true);
      socket.destroy();
    }
    return undefined;
  }

  async #pass(request, response) {
    const socket = await this.#connection(request);
    if (!socket) return response.writeHead(502).end();
    const headers = forwarded(request);
    const upstream = httpRequest({ method: request.method, path: request.url, headers, createConnection: () => socket });
    upstream.on("response", (answer) => {
      answer.on("error", () => response.destroy()); // it broke off
      response.writeHead(answer.statusCode, answer.rawHeaders.length ? withoutHop(answer.rawHeaders) : undefined);
      answer.pipe(response);
    });
    upstream.on("error", () => response.destroy());
    // A client that has gone by now sent its request all the same: the server sees both.
    if (response.destroyed) return upstream.end(() => upstream.destroy());
    response.on("finish", () => request.unpipe(upstream).resume()); // the rest of a body that is too large
    response.on("close", () => upstream.destroy());
    request.pipe(upstream);
  }

  async #tunnel(request, near, head) {
    near.on("error", () => {});
    const far = await this.#connection(request);
    if (!far) return near.end("HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n");
    const fields = request.rawHeaders.flatMap((name, i) => (i % 2 ? [] : [`${name}: ${request.rawHeaders[i + 1]}`]));
    far.write([`${request.method} ${request.url} HTTP/1.1`, ...fields, "", ""].join("\r\n"));
    far.write(head);
    far.on("error", () => {}).on("close", () => near.destroy());
    near.on("close", () => far.destroy());
    near.pipe(far).pipe(near);
  }

  /** Ends every connection. */
  cut() {
    for (const socket of this.#sockets) socket.destroy();
  }
  close() {
    this.server.close();
    this.cut();
  }
}

const forwarded = ({ headers, socket }) => ({ ...headers, connection: "close", "x-forwarded-for": socket.remoteAddress ?? "" });
/** What the server says of its own connection is not for the client. */
const withoutHop = (raw) => raw.flatMap((name, i) => (i % 2 || /^(connection|keep-alive)$/i.test(name) ? [] : [name, raw[i + 1]]));
