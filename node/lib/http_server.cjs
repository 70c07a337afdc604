"use strict";
const fs = require("node:fs");
const http = require("node:http");
const net = require("node:net");

const hopByHop = new Set(["connection", "keep-alive", "transfer-encoding", "content-length"]);

/** "/socket.io/": is this request's path the engine's? */
function matcher(path) {
  const base = path.replace(/\/+$/, "");
  return (url) => url.startsWith(base) && (url.length === base.length || "/?".includes(url[base.length]));
}

/**
 * Takes from the program's own http.Server what comes for the engine's paths, request by request; all else goes to the
 * program's listeners, also to those that are added later. Returns how to take it off again.
 */
function route(server, { path, apiPath, maxBody }, { request, api, upgrade }) {
  const isSocketPath = matcher(path);
  const isApiPath = apiPath === undefined ? () => false : matcher(apiPath);
  const before = server.emit;
  let attached = true;

  const takes = {
    request(asked, response) {
      if (isSocketPath(asked.url)) return request(asked, response), true;
      if (isApiPath(asked.url)) return api(asked, response, asked.url.slice(apiPath.length)), true;
      return false;
    },
    checkContinue(asked, response) {
      if (!isSocketPath(asked.url) && !isApiPath(asked.url)) return false;
      if (announcedBy(asked) > maxBody) return refuse(response, 413), true;
      response.writeContinue();
      return this.request(asked, response);
    },
    upgrade(asked, socket, head) {
      const isSocket = isSocketPath(asked.url);
      const alone = server.listenerCount("upgrade") === 1;
      if (!isSocket && !isApiPath(asked.url) && !alone) return false;
      if (socket._httpMessage) endAfterAnswers(socket);
      else if (isSocket) upgrade(asked, socket, head);
      else again(server, asked, socket, head);
      return true;
    },
  };
  function emit(event, ...args) {
    if (attached && Object.hasOwn(takes, event) && takes[event](...args)) return true;
    return before.call(this, event, ...args);
  }
  const listener = () => {};  // without one Node hands over no upgrade
  server.emit = emit;
  server.on("upgrade", listener);
  return () => {
    attached = false;
    if (server.emit === emit) server.emit = before;  // else somebody else has put theirs over it
    server.off("upgrade", listener);
  };
}

/** For an upgrade that did not wait for the answers to the requests before it: these leave, and then the connection ends.
    Node reads no more of it, so nobody else would hear that the client has gone. */
function endAfterAnswers(socket) {
  const next = () => (socket._httpMessage ? socket._httpMessage.once("close", next) : socket.destroySoon());
  socket.on("error", () => {}).on("end", () => socket.destroy()).resume();
  next();
}

/** An upgrade that nobody wants is a common request, as it is for Node where nobody listens for upgrades: Node reads it
    once more, without that header. */
function again(server, request, socket, rest) {
  socket.unshift(Buffer.concat([headOf(request, request.url, "upgrade"), rest]));
  http._connectionListener.call(server, socket);  // the program's own listeners have had this connection
}

/** Puts the native engine on that server. */
function attach(server, engine, { path, apiPath, maxBody, totalBodies }) {
  const bodies = { max: maxBody, room: totalBodies, held: new Set() };
  return route(server, { path, apiPath, maxBody }, {
    request: (request, response) => handle(engine, bodies, request, response, request.url),
    api: (request, response, target) => answer(engine, bodies, request, response, target),
    upgrade: (request, socket, head) => handOver(engine, request, socket, head, /^websocket$/i.test(request.headers.upgrade ?? "") ? headOf(request, request.url) : lastHeadOf(request, request.url)),
  });
}

/** Of the workers' interface: an answer that goes on, as that of who is online, has its connection handed over, unless
    answers to requests before it are still to leave there. */
function answer(engine, bodies, request, response, target) {
  const goesOn = response.socket && /^(GET|HEAD)$/.test(request.method) && /text\/event-stream/.test(request.headers.accept ?? "") && /^\/api\/presence(\?|$)/.test(target);
  if (goesOn) handOver(engine, request, request.socket, Buffer.alloc(0), lastHeadOf(request, target));
  else handle(engine, bodies, request, response, target);
}

/** A request whose body and answer cross as buffers: one of Engine.IO's polling, or of the workers' interface. */
function handle(engine, bodies, request, response, target) {
  let gone = () => {};
  response.on("close", () => response.writableFinished || gone());
  response.on("error", () => {});
  read(request, bodies, (refused, body) => {
    if (refused) return refuse(response, refused);
    const whole = { method: request.method, target, fields: fieldsOf(request), body, address: request.socket.remoteAddress ?? "" };
    gone = engine.request(whole, (status, fields, answer) => {
      for (let i = 0; i < fields.length; i += 2) {
        if (!hopByHop.has(fields[i].toLowerCase())) append(response, fields[i], fields[i + 1]);
      }
      response.statusCode = status;
      response.setHeader("Content-Length", answer.length);
      response.end(request.method === "HEAD" ? undefined : answer);
    });
  });
}

function append(response, name, value) {
  const before = response.getHeader(name);
  response.setHeader(name, before === undefined ? value : [].concat(before, value));
}

function fieldsOf({ rawHeaders }) {
  return rawHeaders[0]?.startsWith(":") ? rawHeaders.filter((_, i) => !rawHeaders[i - (i % 2)].startsWith(":")) : rawHeaders;
}

const announcedBy = (request) => Number(request.headers["content-length"] ?? 0);

/** Whatever of its body is still to come is not read. */
function refuse(response, status) {
  response.writeHead(status, { Connection: "close" }).end();
}

/** The body whole: `done(undefined, buffer)`, or the status of a refusal. A client that goes meanwhile is not heard of. */
function read(request, bodies, done) {
  const announced = announcedBy(request);
  if (announced > bodies.max) return done(413);
  if (announced === 0 && request.headers["transfer-encoding"] === undefined) return done(undefined, undefined);
  let body = Buffer.alloc(0), size = 0;  // one buffer that grows: a piece costs its sender less than it would us
  const held = {};
  const end = (...result) => {
    if (!bodies.held.delete(held)) return;
    bodies.room += body.length;
    done(...result);
  };
  bodies.held.add(held);
  request.on("data", (piece) => {
    if (!bodies.held.has(held)) return;
    if (size + piece.length > bodies.max) return end(413);
    if (size + piece.length > body.length) {
      const larger = Buffer.alloc(Math.min(bodies.max, Math.max(4096, 2 * (size + piece.length))));
      bodies.room -= larger.length - body.length;
      body.copy(larger);
      body = larger;
    }
    piece.copy(body, size);
    size += piece.length;
    for (const oldest of bodies.held) {  // who has held longest makes room
      if (bodies.room >= 0) break;
      oldest.give();
    }
  });
  held.give = () => {
    bodies.held.delete(held);
    bodies.room += body.length;
    request.destroy();
  };
  request.on("end", () => end(undefined, body.subarray(0, size)));
  request.on("close", () => bodies.held.has(held) && held.give());
}

/** From here JavaScript sees nothing of the connection: the engine answers the upgrade itself. */
function handOver(engine, request, socket, rest, head) {
  socket.on("error", () => {});
  try {
    give(engine, request, socket, rest, head);
  } catch (error) {  // there is no descriptor left
    console.warn(`signalbox: a connection is closed: ${error.message}`);
    socket.destroy();
  }
}

function give(engine, request, socket, rest, head) {
  const address = socket.remoteAddress ?? "";
  const descriptor = socket._handle?.fd;
  const whole = !socket.encrypted && Number.isInteger(descriptor) && descriptor >= 0 && socket.writableLength === 0;
  if (!whole) return pass(engine, socket, head, rest, address, request.upgrade);
  socket._handle.readStop();
  engine.adopt(descriptor, head, rest.length > 0 ? rest : undefined, address);
  socket.destroy();
}

/** A socket that has no descriptor of its bytes, such as one of TLS, stays here, and its bytes go through a pair of ours. */
function pass(engine, socket, head, rest, address, both) {
  const [ours, theirs] = engine.pair();
  const inner = new net.Socket({ fd: ours, readable: true, writable: true });
  inner.on("error", () => {});
  socket.on("close", () => inner.destroy());
  inner.on("close", () => socket.destroySoon());
  socket.setTimeout(0);
  try {
    engine.adopt(theirs, head, rest.length > 0 ? rest : undefined, address);
  } finally {
    fs.closeSync(theirs);
  }
  if (both) socket.pipe(inner);  // else Node reads on, and there is nothing to come
  inner.pipe(socket);
}

/** The head as it came, but for the header `without`, and with the `more` in its place. */
function headOf({ method, rawHeaders, httpVersion }, target, without, more = "") {
  let head = `${method} ${target} HTTP/${httpVersion}\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i].toLowerCase() !== without) head += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  }
  return Buffer.from(`${head}${more}\r\n`, "latin1");
}
/** No other request comes on this connection, which the program and whoever reuses it would expect to have back. */
const lastHeadOf = (request, target) => headOf(request, target, "connection", "Connection: close\r\n");

module.exports = { attach, read, route };
