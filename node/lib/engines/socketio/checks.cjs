"use strict";
const { idOf } = require("./tokens.cjs");

// What an event may be. The codes are those of EmitError, in the order in which the native engine finds them.

const maxBytes = 256;
const reserved = new Set(["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]);
const kinds = { job_progress: "progress", job_completed: "outcome", job_failed: "outcome" };

const wellFormed = (text) => Buffer.from(text).toString() === text;

function nameFault(event) {
  if (event === "" || Buffer.byteLength(event) > maxBytes || !wellFormed(event)) return "invalid_event";
  return reserved.has(event) ? "reserved_event" : undefined;
}

const userFault = (user) => (typeof user === "string" && idOf(user) !== undefined && wellFormed(user) ? undefined : "invalid_user");

/** Where the string ends that begins at `at`. By no regular expression: these run out of stack at some megabytes. */
function endOfString(text, at) {
  for (let end = at + 1; ; ++end) {
    end = text.indexOf('"', end);
    if (end < 0) return text.length;
    let before = end;
    while (text[before - 1] === "\\") --before;
    if ((end - before) % 2 === 0) return end;
  }
}

/** How deep the arrays and objects of a JSON text are nested. */
function depthOf(text) {
  let depth = 0, deepest = 0;
  for (let at = 0; at < text.length; ++at) {
    const one = text[at];
    if (one === '"') at = endOfString(text, at);
    else if (one === "[" || one === "{") deepest = Math.max(deepest, ++depth);
    else if (one === "]" || one === "}") --depth;
  }
  return deepest;
}

const holdsOthers = (value) => value !== null && typeof value === "object" && !ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer);

/** Are arrays and objects nested deeper than that in one of these values? JSON.stringify() would run out of stack there. */
function deeperThan(most, values) {
  let nested = values.filter(holdsOthers);
  for (let depth = 1; nested.length > 0; ++depth) {
    if (depth > most) return true;
    nested = nested.flatMap((value) => Object.values(value)).filter(holdsOthers);
  }
  return false;
}

/** The job that a job event's data names, as text; empty: none. */
function jobOf(data) {
  const id = data?.jobId;
  if (typeof id === "string") return id;
  return typeof id === "number" && /^-?\d+$/.test(String(id)) ? String(id) : "";
}

/** An event with the text of its data: { event, data, kind, jobId, size }, or { code } if it is refused. */
function checkEvent(event, text, { maxPayload, jsonDepth }) {
  const size = Buffer.byteLength(text);
  const code = nameFault(event) ?? (size > maxPayload ? "too_large" : depthOf(text) > jsonDepth ? "invalid_json" : undefined);
  if (code) return { code };
  const data = JSON.parse(text);
  const kind = kinds[event];
  const jobId = kind ? jobOf(data) : "";
  return Buffer.byteLength(jobId) > maxBytes ? { code: "invalid_job" } : { event, data, kind, jobId, size };
}

module.exports = { checkEvent, deeperThan, depthOf, nameFault, userFault };
