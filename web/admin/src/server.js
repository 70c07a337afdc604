// Requests to the server that this page came from. A request that fails throws a ServerError with a sentence for people.

const TIMEOUT_MS = 8000;
const LOGGED_IN = "signalbox admin: logged in";

export class ServerError extends Error {
  constructor(sentence, { status = 0, retryAfter = 0 } = {}) {
    super(sentence);
    this.status = status; // 0: no answer came
    this.retryAfter = retryAfter;
  }
}

let tellLoggedOut = () => {};

/** `tell` is called whenever an answer says that the login counts no more. */
export function whenLoggedOut(tell) {
  tellLoggedOut = tell;
}

// The cookie cannot be read from here. This mark spares a page that never logged in a question that would be refused.
export const mayBeLoggedIn = () => localStorage.getItem(LOGGED_IN) !== null;

function forget() {
  localStorage.removeItem(LOGGED_IN);
  tellLoggedOut();
}

/** What came: `{ response, text }`, whatever the status; of an answer that `streams` the head alone. Throws if it does not come in time. */
async function send(path, { signal, streams, ...options } = {}) {
  const bound = new AbortController();
  const leave = () => bound.abort();
  const timer = setTimeout(leave, TIMEOUT_MS);
  signal?.addEventListener("abort", leave);
  try {
    const response = await fetch(path, { ...options, signal: bound.signal, cache: "no-store", credentials: "same-origin" });
    return { response, text: streams && response.ok ? null : await response.text() };
  } catch {
    throw new ServerError("The server does not answer.");
  } finally {
    clearTimeout(timer);
    if (!streams) signal?.removeEventListener("abort", leave); // a stream ends by its signal
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new ServerError("The server's answer cannot be read.");
  }
}

function failureOf({ response, text }) {
  const { status } = response;
  let sentence;
  try {
    sentence = JSON.parse(text).error;
  } catch {} // not one of Signalbox's own answers
  if (typeof sentence !== "string") sentence = `The server answered with status ${status}.`;
  return new ServerError(sentence, { status, retryAfter: Number(response.headers.get("Retry-After")) || 0 });
}

async function accepted(path, options) {
  const answer = await send(path, options);
  if (answer.response.ok) return answer;
  if (answer.response.status === 401) forget();
  throw failureOf(answer);
}

const asJson = (text) => ({ method: "POST", headers: { "Content-Type": "application/json" }, body: text });

/** `next` is the address of the next page, relative to this one, where the answer names it. */
export async function get(path, signal) {
  const { response, text } = await accepted(path, { signal });
  const next = response.headers.get("Link")?.match(/<([^>]*)>;\s*rel="?next/)?.[1] ?? null;
  return { body: parsed(text), next };
}

/** `json` is sent as it stands. */
export async function post(path, json = "{}") {
  const { text } = await accepted(path, asJson(json));
  return text === "" ? null : parsed(text);
}

/** The body of an answer that goes on until its end or `signal`. */
export async function follow(path, signal) {
  const { response } = await accepted(path, { signal, streams: true, headers: { Accept: "text/event-stream" } });
  return response.body;
}

export async function logIn(key) {
  const answer = await send("login", asJson(JSON.stringify({ key })));
  if (!answer.response.ok) throw failureOf(answer);
  localStorage.setItem(LOGGED_IN, "1");
}

export async function logOut() {
  await post("logout");
  forget();
}

/** Where the server tells `what` of that user. The id is no part of the path: browsers take "." and ".." there for folders. */
export const pathOfUser = (id, what = "") => `data/user${what && `/${what}`}?id=${encodeURIComponent(id)}`;
