// The proxies of examples/proxy as Debian ships them, with the files of that folder as they are, but for ports, paths and times.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { freePort, untilItListens } from "./server.mjs";

/** How long they bear a silence. */
export const patienceMs = 1500;

const example = (name) => readFileSync(fileURLToPath(new URL(`../../examples/proxy/${name}`, import.meta.url)), "utf8");

const known = {
  nginx: {
    program: "/usr/sbin/nginx",
    file: "nginx.conf",
    change: (text, port, server, folder) =>
      text
        .replace("worker_processes auto;", `worker_processes 1; daemon off; error_log ${folder}/error.log;`)
        .replace(/worker_rlimit_nofile.*\n/, "")
        .replace("worker_connections 32768", "worker_connections 512")
        .replace("pid /run/nginx.pid", `pid ${folder}/pid`)
        .replace("http {", `http { access_log off; ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")}`)
        .replace("listen 80;", `listen 127.0.0.1:${port};`)
        .replaceAll("127.0.0.1:3000", `127.0.0.1:${server}`)
        .replaceAll(/(proxy_(read|send)_timeout) 60s/g, `$1 ${patienceMs}ms`),
    arguments: (file, folder) => ["-p", folder, "-c", file],
  },
  haproxy: {
    program: "/usr/sbin/haproxy",
    file: "haproxy.cfg",
    change: (text, port, server) =>
      text
        .replace("maxconn 32768", "maxconn 512")
        .replace("bind :80", `bind 127.0.0.1:${port}`)
        .replaceAll("127.0.0.1:3000", `127.0.0.1:${server}`)
        .replaceAll(/(timeout (client|server|tunnel)) +60s/g, `$1 ${patienceMs}ms`),
    arguments: (file) => ["-db", "-f", file],
  },
};

/** Their names, each with why tests behind it are skipped, or false. */
export const proxies = Object.entries(known).map(([name, { program }]) => ({ name, skip: !existsSync(program) && `${program} is not installed` }));

/** One of them, listening, in front of the server at that port. */
export async function startProxy(name, server) {
  const proxy = known[name];
  const folder = mkdtempSync(join(tmpdir(), `signalbox-${name}-`)), file = join(folder, proxy.file);
  const port = await freePort();
  writeFileSync(file, proxy.change(example(proxy.file), port, server, folder));
  const child = spawn(proxy.program, proxy.arguments(file, folder), { stdio: ["ignore", "ignore", "pipe"] });
  child.log = "";
  child.stderr.on("data", (data) => (child.log += data));
  const ended = once(child, "exit");
  await untilItListens(port, child);
  return {
    port,
    async stop() {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
