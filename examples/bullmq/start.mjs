// npm start: Signalbox, the application and the worker, until Ctrl-C. One that is killed is started again.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";

const port = Number(process.env.PORT ?? 3000);
const REDIS_URL = process.env.REDIS_URL ?? "redis://127.0.0.1:6379";
const JWT_SECRET = randomBytes(32).toString("hex");
const signalbox = resolve(process.env.SIGNALBOX_BUILD ?? "../../build/release", "signalbox");
if (!existsSync(signalbox)) {
  console.error(`There is no ${signalbox}: build it with ./run --build-only`);
  process.exit(1);
}

const environments = {
  // All that Signalbox has to know of the queue:
  signalbox: { BULLMQ_QUEUES: "pictures", BULLMQ_REDIS_URL: REDIS_URL, PORT: port + 1, CORS_ORIGIN: `http://127.0.0.1:${port}`, DATA_DIR: resolve("signalbox-data"), LOG_LEVEL: "warn" },
  server: { REDIS_URL, PORT: port, SIGNALBOX_URL: `http://127.0.0.1:${port + 1}` },
  worker: { REDIS_URL },
};

const running = new Set();
let ending = false;

function run(name, program, ...args) {
  const child = spawn(program, args, { env: { PATH: process.env.PATH, JWT_SECRET, ...environments[name] }, stdio: "inherit" });
  running.add(child);
  child.on("exit", (code, signal) => {
    running.delete(child);
    if (ending) return;
    if (signal) return setTimeout(() => ending || run(name, program, ...args), 500);
    process.exitCode = code; // it has said what is wrong
    end();
  });
}

function end() {
  ending = true;
  for (const child of running) child.kill();
}

for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, end);
run("signalbox", signalbox);
run("server", process.execPath, "server.mjs");
run("worker", process.execPath, "worker.mjs");
