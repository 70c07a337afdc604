"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { find } = require("./engines/socketio/package.cjs");

const remedies = "SIGNALBOX_ENGINE=socket.io runs the same interface on the socket.io package (slower, and outcomes in memory only)";

/** What programs have of the native engine alone. */
const missing =
  "outcomes are kept in memory only; it is slower, and runs on JavaScript's thread; each of worker_threads is alone; clients' state is not " +
  "recovered, slow clients are not relieved, and most limits are Socket.IO's own; the workers' interface has no Idempotency-Key, and no jobs of a user";

/** glibc's version, or "musl", or undefined where there is neither. A report takes long: for an error's text alone. */
function libc() {
  if (process.platform !== "linux") return undefined;
  const { glibcVersionRuntime } = process.report.getReport().header;
  return glibcVersionRuntime ? `glibc ${glibcVersionRuntime}` : "musl";
}

const binary = () => path.join(__dirname, "..", "prebuilds", `${process.platform}-${process.arch}`, "signalbox.node");

/** The addon, or why it cannot be loaded. */
let loaded;
function loadAddon() {
  if (loaded) return loaded;
  const file = process.env.SIGNALBOX_ADDON || binary();
  try {
    if (!fs.existsSync(file)) throw new Error("there is no prebuilt binary for it in the package");
    loaded = { addon: require(file) };
  } catch (error) {
    const system = [process.platform, process.arch, libc()].filter(Boolean).join(", ");
    const why = libc() === "musl" ? "the prebuilt binary needs glibc 2.34 or newer, and this system has musl" : error.message;
    loaded = { error: new Error(`Signalbox's engine cannot be loaded on this machine (${system}): ${why}.`) };
  }
  return loaded;
}

function native() {
  const { NativeEngine } = require("./engines/native.cjs");
  const { addon, error } = loadAddon();
  if (error) throw error;
  return NativeEngine.of(addon);
}

/** Is the socket.io package installed? */
function hasSocketIo() {
  try {
    return Boolean(find());
  } catch {
    return false;
  }
}

function socketIo(log) {
  const { SocketIoEngine } = require("./engines/socketio.cjs");
  return new SocketIoEngine({ log });
}

/** The engine that this process is to have: SIGNALBOX_ENGINE says which, or what there is. */
function loadEngine({ log } = {}) {
  const wanted = process.env.SIGNALBOX_ENGINE;
  if (wanted === "socket.io") {
    if (!hasSocketIo()) throw new Error("SIGNALBOX_ENGINE=socket.io wants the socket.io package: npm install socket.io");
    return socketIo(log);
  }
  if (wanted !== undefined && wanted !== "" && wanted !== "native")
    throw new Error(`SIGNALBOX_ENGINE is '${wanted}'; it is native or socket.io`);
  const { error } = loadAddon();
  if (!error) return native();
  if (wanted === "native") throw error;
  if (process.env.NODE_ENV === "production")
    throw new Error(`${error.message} Use linux-x64 with glibc 2.34 or newer; or say so: ${remedies}.`);
  if (!hasSocketIo())
    throw new Error(`${error.message} Use linux-x64 with glibc 2.34 or newer; or npm install socket.io, which then takes its place here (slower, and outcomes in memory only).`);
  console.warn(`signalbox: ${error.message} The socket.io package takes its place, not for production: ${missing}.`);
  return socketIo(log);
}

/** The native engine that another thread of this process started, or another copy of this module; undefined: none. */
function runningEngine() {
  if (process.env.SIGNALBOX_ENGINE === "socket.io") return undefined;
  const { addon } = loadAddon();
  return addon?.running() ? native() : undefined;
}

module.exports = { loadEngine, runningEngine };
