"use strict";
const { createHash, timingSafeEqual } = require("node:crypto");
const { EmitError } = require("../../errors.cjs");
const { read } = require("../../http_server.cjs");
const { depthOf } = require("./checks.cjs");
const { usersPage } = require("./questions.cjs");

// The workers' interface (docs/http-api.md) as far as workers in Node need it. What is not here: Idempotency-Keys, and a
// user's jobs.

const mostEvents = 1000;
const envelope = 2;  // arrays and objects around an event's data
const mostInSnapshot = 1000;
const commentMs = 15_000;
const retryLater = new Set(["too_many_unread", "unread_full", "overloaded"]);

const digest = (text) => createHash("sha256").update(text).digest();

/** Whatever a client calls a path: the class URL throws at some. */
function partsOf(target) {
  const [pathname, ...query] = target.split("?");
  return { pathname, searchParams: new URLSearchParams(query.join("?")) };
}

function answer(response, status, body, fields = {}) {
  response.writeHead(status, { "Content-Type": "application/json", ...fields }).end(JSON.stringify(body));
}

class WorkersApi {
  #hub;
  #key;
  #config;

  constructor(hub, config) {
    this.#hub = hub;
    this.#config = config;
    this.#key = config.API_KEY ? digest(config.API_KEY) : undefined;
  }

  handle(request, response, target) {
    response.on("error", () => {});
    const { pathname, searchParams } = partsOf(target);
    if (pathname === "/healthz") return answer(response, 200, { status: "ok" });
    if (pathname === "/readyz") return this.#hub.draining ? answer(response, 503, { status: "stopping" }) : answer(response, 200, { status: "ready" });
    if (!pathname.startsWith("/api/")) return answer(response, 404, { error: "There is nothing at this address." });
    if (!this.#key) return answer(response, 403, { error: "API_KEY is not set on the server." });
    if (!this.#knows(request)) return answer(response, 401, { error: "The API key is missing or wrong." }, { "WWW-Authenticate": "Bearer" });
    const one = /^\/api\/presence\/([^/]+)$/.exec(pathname);
    if (pathname === "/api/emit") return this.#method(request, response, "POST") && this.#emit(request, response);
    if (pathname === "/api/presence") return this.#method(request, response, "GET") && this.#presence(request, response, searchParams);
    if (one) return this.#method(request, response, "GET") && this.#presenceOf(response, one[1]);
    answer(response, 404, { error: "There is nothing at this address on the socket.io package." });
  }

  #knows({ headers: { authorization = "" } }) {
    const given = /^bearer (.*)$/i.exec(authorization);
    return given !== null && timingSafeEqual(digest(given[1]), this.#key);
  }
  #method({ method }, response, wanted) {
    if (method === wanted) return true;
    answer(response, 405, { error: `This address takes ${wanted}.` }, { Allow: wanted });
    return false;
  }

  #emit(request, response) {
    if (!/^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? "")) return answer(response, 415, { error: "Send Content-Type: application/json." });
    read(request, { max: this.#config.MAX_PAYLOAD_BYTES, room: Infinity, held: new Set() }, (refused, body) => {
      if (refused) return answer(response, refused, { error: "The body is larger than MAX_PAYLOAD_BYTES." }, { Connection: "close" });
      const text = (body ?? "").toString();
      if (depthOf(text) > this.#config.JSON_DEPTH + envelope) return answer(response, 400, { error: new EmitError("invalid_json").message });
      try {
        this.#emitAll(response, JSON.parse(text));
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        answer(response, 400, { error: `The body is not JSON: ${error.message}` });
      }
    });
  }
  // Nothing of an array is sent where one of its events is wrong.
  #emitAll(response, body) {
    const events = Array.isArray(body) ? body : [body];
    if (events.length > mostEvents) return answer(response, 400, { error: `An array has at most ${mostEvents} events.` });
    const refuse = (code, index) => {
      const at = Array.isArray(body) ? { index } : {}, sentence = `${Array.isArray(body) ? `[${index}] ` : ""}${new EmitError(code).message}`;
      retryLater.has(code) ? answer(response, 429, { error: sentence, ...at }, { "Retry-After": "1" }) : answer(response, 400, { error: sentence, ...at });
    };
    const checked = [];
    for (const [index, one] of events.entries()) {
      const user = Number.isSafeInteger(one?.userId) ? String(one.userId) : one?.userId;
      const found = typeof one?.event === "string" ? this.#hub.check(user, one.event, JSON.stringify(one.data ?? null)) : { code: "invalid_event" };
      if (found.code) return refuse(found.code, index);
      checked.push({ user, found });
    }
    let online = 0;
    for (const [index, { user, found }] of checked.entries()) {
      const { code, sockets } = this.#hub.send(user, found);
      if (code) return refuse(code, index);
      online += sockets > 0 ? 1 : 0;
    }
    answer(response, 202, { accepted: events.length, online });
  }

  #presence(request, response, query) {
    if (/\btext\/event-stream\b/.test(request.headers.accept ?? "")) return this.#follow(response);
    const limit = query.get("limit");
    const page = usersPage(this.#hub.presence, { after: query.get("after") ?? "", limit: limit === null ? undefined : Number(limit) });
    page ? answer(response, 200, page) : answer(response, 400, { error: "limit is a whole number from 1 to 10000." });
  }
  #presenceOf(response, encoded) {
    let userId;
    try {
      userId = decodeURIComponent(encoded);
    } catch {
      return answer(response, 400, { error: "The user's id is not percent-encoded as it should be." });
    }
    const { presence } = this.#hub;
    answer(response, 200, { userId, online: presence.has(userId), connections: presence.sockets(userId).size });
  }
  #follow(response) {
    const tell = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    const users = this.#hub.presence.users();
    for (let i = 0; i < users.length; i += mostInSnapshot) tell("snapshot", { users: users.slice(i, i + mostInSnapshot) });
    tell("ready", {});
    const forget = this.#hub.follow((userId, online) => tell(online ? "online" : "offline", { userId }), () => response.end());
    const comment = setInterval(() => response.write(":\n\n"), commentMs).unref();
    response.on("close", () => {
      forget();
      clearInterval(comment);
    });
  }
}

module.exports = { WorkersApi };
