// npm start: bundles the page, then runs the server and the worker until Ctrl-C. One that is killed is started again.
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { build } from "esbuild";

const { env } = process;
if (existsSync(".env")) process.loadEnvFile();
env.PORT ??= "3000";
env.JWT_SECRET ??= randomBytes(32).toString("hex");
env.SIGNALBOX_API_KEY ??= randomBytes(32).toString("hex");
env.SIGNALBOX_URL ??= `http://127.0.0.1:${env.PORT}/signalbox`; // where the worker finds the server
env.SIGNALBOX_LOG_LEVEL ??= "warn";

await build({
  entryPoints: ["page.jsx"],
  outfile: "public/build/page.js",
  bundle: true,
  minify: true,
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
  preserveSymlinks: true, // signalbox is a link here, and the packages that it imports are beside the link
  logLevel: "warning",
});

const running = new Set();
let ending = false;

function end() {
  ending = true;
  for (const child of running) child.kill();
}

function run(program) {
  const child = fork(program);
  running.add(child);
  child.once("message", startWorker);
  child.on("exit", (code, signal) => {
    running.delete(child);
    if (ending) return;
    if (signal) setTimeout(() => ending || run(program), 500);
    else {
      process.exitCode = code; // it has said what is wrong
      end();
    }
  });
}

let workerRuns = false;

/** As soon as a server listens, for the first time. */
function startWorker() {
  if (!workerRuns) run("worker.mjs");
  workerRuns = true;
}

for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, end);
run("server.mjs");
