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
  const header = process.platform === "linux" ? process.report?.getReport?.().header : undefined;
  if (!header) return undefined;
  return header.glibcVersionRuntime ? `glibc ${header.glibcVersionRuntime}` : "musl";
}

/** Is this code in a bundler's file, and its package elsewhere? */
const isBundled = () => !fs.existsSync(path.join(__dirname, "engines.cjs"));
const bundled =
  "signalbox is in a bundler's file, and its engine is not: leave the package out of it, which is external: [\"signalbox\"] for esbuild, " +
  "Rollup and Vite (build.rollupOptions), externals for webpack, and serverExternalPackages: [\"signalbox\"] in Next's configuration.";

const binary = () => path.join(__dirname, "..", "prebuilds", `${process.platform}-${process.arch}`, "signalbox.node");

/** The addon, or why it cannot be loaded. */
let loaded;
function loadAddon() {
  if (loaded) return loaded;
  const file = process.env.SIGNALBOX_ADDON || binary();
  if (!process.env.SIGNALBOX_ADDON && isBundled()) return (loaded = { error: new Error(bundled), bundled });
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
  const { error, bundled } = loadAddon();
  if (!error) return native();
  if (wanted === "native" || bundled) throw error;
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
/** What keeps this code from an engine that runs in this process: a sentence, or undefined. */
const blindness = () => loadAddon().bundled;

module.exports = { blindness, loadEngine, runningEngine };
