// The proxies as Debian ships them, with the files of examples/proxy (one server) or examples/cluster (several nodes) as they are,
// but for ports, paths and times.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { freePort, untilItListens } from "./server.mjs";

/** How long they bear a silence. */
export const patienceMs = 1500;

const example = (folder, name) => readFileSync(fileURLToPath(new URL(`../../examples/${folder}/${name}`, import.meta.url)), "utf8");
/** That file, to servers at these ports. */
const exampleTo = (servers, name) =>
  servers.length === 1
    ? example("proxy", name).replaceAll("127.0.0.1:3000", `127.0.0.1:${servers[0]}`)
    : servers.reduce((text, port, i) => text.replaceAll(`127.0.0.1:${3001 + i}`, `127.0.0.1:${port}`), example("cluster", name));

const known = {
  nginx: {
    program: "/usr/sbin/nginx",
    file: "nginx.conf",
    change: (text, port, folder) =>
      text
        .replace("worker_processes auto;", `worker_processes 1; daemon off; error_log ${folder}/error.log;`)
        .replace(/worker_rlimit_nofile.*\n/, "")
        .replace("worker_connections 32768", "worker_connections 512")
        .replace("pid /run/nginx.pid", `pid ${folder}/pid`)
        .replace("http {", `http { access_log off; ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")}`)
        .replace("listen 80;", `listen 127.0.0.1:${port};`)
        .replaceAll(/(proxy_(read|send)_timeout) 60s/g, `$1 ${patienceMs}ms`),
    arguments: (file, folder) => ["-p", folder, "-c", file],
  },
  haproxy: {
    program: "/usr/sbin/haproxy",
    file: "haproxy.cfg",
    change: (text, port) =>
      text
        .replace("maxconn 32768", "maxconn 512")
        .replace("bind :80", `bind 127.0.0.1:${port}`)
        .replaceAll(/(timeout (client|server|tunnel)) +60s/g, `$1 ${patienceMs}ms`),
    arguments: (file) => ["-db", "-f", file],
  },
  caddy: {
    program: "/usr/bin/caddy",
    file: "Caddyfile",
    // Without a name it wants no certificate. It ends no silent connection.
    change: (text, port, folder) => text.replace("example.com {", `{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\tstorage file_system ${folder}\n}\nhttp://:${port} {`),
    arguments: (file) => ["run", "--adapter", "caddyfile", "--config", file],
  },
};

/** Their names, each with why tests behind it are skipped, or false. */
export const proxies = Object.entries(known).map(([name, { program }]) => ({ name, skip: !existsSync(program) && `${program} is not installed` }));

/** One of them, listening, in front of the server at that port, or of several nodes. */
export const startProxy = (name, ...servers) => startChangedProxy(name, (text) => text, ...servers);

/** The same with a mistake in its file: `spoil` gets the text and gives another. */
export async function startChangedProxy(name, spoil, ...servers) {
  const proxy = known[name];
  const folder = mkdtempSync(join(tmpdir(), `signalbox-${name}-`)), file = join(folder, proxy.file);
  const port = await freePort();
  chmodSync(folder, 0o711); // nginx' workers are somebody else, and put large bodies there
  writeFileSync(file, spoil(proxy.change(exampleTo(servers, proxy.file), port, folder)));
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
