"use strict";
const table = require("../../settings.json");

const words = { on: true, true: true, 1: true, off: false, false: false, 0: false };
const unchecked = new Set(["JWT_SECRET", "API_KEY"]);  // secrets, which no message shows

/** What this engine takes note of; all others are about memory, threads and disks that it has not. */
const heeded = new Set([
  "PORT", "HOST", "LISTEN", "JWT_SECRET", "CORS_ORIGIN", "API_KEY", "LOG_LEVEL", "SOCKET_PATH", "PING_INTERVAL_MS", "PING_TIMEOUT_MS",
  "CONNECT_TIMEOUT_MS", "UPGRADE_TIMEOUT_MS", "BODY_TIMEOUT_MS", "ACK_TIMEOUT_MS", "JWT_LEEWAY_S", "REQUIRE_EXP", "USER_ID_CLAIMS",
  "TOKEN_IN_QUERY", "AUTH_FAILURE", "PRESENCE_EVENTS", "PRESENCE_GRACE_MS", "OUTCOME_TTL_MS", "PROGRESS_TTL_MS", "OUTCOME_REPLAY_MS",
  "JOBS_PER_USER", "UNREAD_OUTCOMES_PER_USER", "UNREAD_TOTAL_BYTES", "LEDGER_TOTAL_BYTES", "OUTCOME_ACKS", "SHUTDOWN_DELAY_MS",
  "DRAIN_MS", "SERVE_CLIENT", "MAX_PAYLOAD_BYTES", "JSON_DEPTH", "MAX_CONNECTIONS_PER_USER", "MAX_EVENT_NAME_BYTES",
  "MAX_PENDING_ACKS", "SEND_QUEUE_BYTES", "THREADS",
]);

const numberOf = ({ name, default: text, value = text }, all) => (/^\d+$/.test(value) ? Number(value) : value === "off" ? 0 : all[value]);

/** Why this text is none of that setting's; undefined: it is one. */
function fault({ name, type, allowed }, text) {
  const wrong = `allowed: ${allowed}`;
  if (type === "switch") return text.toLowerCase() in words ? undefined : wrong;
  if (type === "list") return text.split(",").every((one) => one.trim()) ? undefined : "allowed: names of claims with commas between, such as id,userId,sub";
  if (name === "SOCKET_PATH") return /^\/[^\s?#%]+\/$/.test(text) ? undefined : "allowed: a path that begins and ends with '/', such as /socket.io/";
  if (type === "text") return !allowed || allowed.split(", ").includes(text) ? undefined : wrong;
  const [least, most] = allowed.split(" to ").map(Number);
  const right = /^\d+$/.test(text) && !(Number(text) < least) && !(Number(text) > most);
  return right ? undefined : wrong;
}

function valueOf(setting, text, all) {
  if (setting.type === "switch") return words[text.toLowerCase()];
  if (setting.type === "list") return text.split(",").map((one) => one.trim());
  return setting.type === "number" ? numberOf({ ...setting, value: text }, all) : text;
}

/**
 * The settings as values by their names, of [{ name, value, from }] of which the last counts. Throws what the native
 * engine says of one that is wrong.
 */
function readConfig(values) {
  const config = {};
  for (const setting of table) {
    const given = values.filter(({ name }) => name === setting.name).pop();
    const why = given && fault(setting, given.value);
    if (why) throw new Error(`${setting.name} (${given.from})${unchecked.has(setting.name) ? " cannot be used" : ` is '${given.value}'`}; ${why}`);
    const unset = setting.type === "text" && ["none", "all addresses", "no CORS headers"].includes(setting.default);
    config[setting.name] = valueOf(setting, given ? given.value : unset ? "" : setting.default, config);
  }
  return config;
}

/** Names of settings that were given and change nothing here. */
function ignored(values) {
  const memoryAlone = ({ name, value }) => name === "DATA_DIR" && value === "";
  const names = values.filter((one) => !heeded.has(one.name) && !memoryAlone(one)).map(({ name }) => name);
  return [...new Set(names)];
}

module.exports = { ignored, readConfig };
