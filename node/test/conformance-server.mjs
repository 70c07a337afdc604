// What `conformance_server --suite socketio` is, as a program in Node: `conformance-server.mjs server` puts the engine on the program's own
// http.Server, `conformance-server.mjs port` lets it listen by itself. PORT and THREADS come from the environment.
import http from "node:http";

import websocketService from "signalbox";

const [, , place] = process.argv;
const port = Number(process.env.PORT);
const options = {
  jwt: false, corsOrigin: "*", dataDir: "", logLevel: "warn", threads: Number(process.env.THREADS), presenceEvents: "off",
  pingIntervalMs: 300, pingTimeoutMs: 200, connectTimeoutMs: 1000, drainMs: 1000, maxPayloadBytes: 1_000_000,
  clientEventsPerS: 0, // a pong of these 200 ms must not wait behind a burst of events
};

const places = {
  server() {
    const server = http.createServer((_, response) => response.writeHead(404).end());
    websocketService.initialize(server, options);
    server.listen(port, "127.0.0.1");
  },
  port: () => websocketService.initialize({ ...options, port, host: "localhost" }),
};
places[place]();

const io = websocketService.getIO();
let users = 0;
io.use((socket, next) => {
  socket.user = { id: `user-${++users}` };
  next();
});
io.on("connection", (socket) => {
  socket.emit("auth", socket.handshake.auth);
  socket.on("message-with-ack", (...args) => args.pop()(...args));
});
websocketService.on("message", (socket, ...args) => socket.emit("message-back", ...args));

process.once("SIGTERM", async () => {
  await websocketService.close();
  process.exit();
});
