"use strict";
const http = require("node:http");
const net = require("node:net");
const { route } = require("../../http_server.cjs");
const { allowsWebSocket, lists } = require("./origins.cjs");

/** Socket.IO's server, which listens nowhere: it is given the requests that are for it. */
function makeIo({ Server }, config, inner) {
  const corsOrigin = config.CORS_ORIGIN;
  const everybody = corsOrigin.split(",").some((one) => one.trim() === "*");
  const cors = { origin: everybody ? "*" : (origin, answer) => answer(null, origin !== undefined && lists(corsOrigin, origin)), credentials: !everybody };
  return new Server(inner, {
    path: config.SOCKET_PATH,
    addTrailingSlash: false,
    serveClient: config.SERVE_CLIENT,
    pingInterval: config.PING_INTERVAL_MS,
    pingTimeout: config.PING_TIMEOUT_MS,
    connectTimeout: config.CONNECT_TIMEOUT_MS,
    upgradeTimeout: config.UPGRADE_TIMEOUT_MS,
    httpRequestBodyTimeout: config.BODY_TIMEOUT_MS,
    maxHttpBufferSize: config.MAX_PAYLOAD_BYTES,
    cors: corsOrigin ? cors : undefined,
    allowRequest: (request, answer) => answer(null, request.headers.upgrade === undefined || allowsWebSocket(corsOrigin, request.headers)),
  });
}

/** Puts it on `server`; `refuses()`: are there no new sessions any more? Returns how to take it off again. */
function serve(server, inner, options, { refuses, api }) {
  return route(server, options, {
    request(request, response) {
      const isNew = !/[?&]sid=/.test(request.url);
      if (isNew && refuses()) return response.writeHead(503, { "Retry-After": "1", "Content-Length": 0 }).end();
      inner.emit("request", request, response);
    },
    api,
    upgrade: (request, socket, head) => inner.emit("upgrade", request, socket, head),
  });
}

function addressOf(host) {
  if (host === "") return null;
  const address = host === "localhost" ? "127.0.0.1" : host;
  if (net.isIP(address) === 0) throw new Error(`HOST is '${host}'; on the socket.io package it is an address such as 127.0.0.1, or localhost`);
  return address;
}

/** A server of the engine's own, which listens when this returns; throws if it cannot. */
function listen({ HOST: host, PORT: port }) {
  const server = http.createServer();
  const address = addressOf(host);
  server.once("error", () => {});  // comes in a later turn, and is thrown here
  // What listen() does once a host's name is looked up, so that the outcome is known here and now.
  server._listen2(address, port, address && net.isIPv6(address) ? 6 : 4, 511);
  if (server.address() === null) {
    const where = address ? ` on ${address}` : "";
    throw new Error(`port ${port} is in use${where}, or not this program's to listen on: choose another PORT, or stop the program that listens there`);
  }
  return server;
}

module.exports = { listen, makeIo, serve };
