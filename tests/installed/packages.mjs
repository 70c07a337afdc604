// The packages that tools/package has made, and what is started from them.
import { execFile, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { freePort, untilItListens } from "../support/server.mjs";

export const project = fileURLToPath(new URL("../..", import.meta.url));
export const packages = join(project, "build/package");
export const version = /^project\(signalbox VERSION (\S+)/m.exec(readFileSync(join(project, "CMakeLists.txt"), "utf8"))[1];
export const deb = join(packages, `signalbox_${version}_amd64.deb`);
export const tarball = join(packages, `signalbox-${version}-linux-x86_64.tar.gz`);

/** What a command prints; rejects with what it says of its failure. */
export async function output(command, args, options = {}) {
  const { stdout } = await promisify(execFile)(command, args, { maxBuffer: 64 << 20, ...options });
  return stdout;
}

const folders = [];
process.on("exit", () => folders.forEach((path) => rmSync(path, { recursive: true, force: true })));

/** A folder that is gone when the tests are over. It can be the root of a system, through which all its users may walk. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), "signalbox-installed-"));
  chmodSync(path, 0o755);
  folders.push(path);
  return path;
}

/** The Debian package's files, unpacked. */
export async function unpackedDeb() {
  const path = folder();
  await output("dpkg-deb", ["--extract", deb, path]);
  return path;
}

/** The tarball's folder, unpacked. */
export async function unpackedTarball() {
  const path = folder();
  await output("tar", ["xzf", tarball, "-C", path]);
  return join(path, readdirSync(path)[0]);
}

/** The program, started by `command`, until the test is over; it listens on `port`. */
export async function started(t, command, args, { port, ...options }) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  child.log = "";
  child.stdout.resume();
  child.stderr.on("data", (data) => (child.log += data));
  child.on("error", (error) => (child.log += error));
  t.after(() => child.kill("SIGKILL"));
  await untilItListens(port, child);
  return child;
}

/** What a server needs to be started: a free port, secrets, nothing kept. */
export async function environment(more = {}) {
  const port = await freePort();
  return { PATH: "/usr/bin:/bin", PORT: String(port), JWT_SECRET: "0123456789abcdef0123456789abcdef", DATA_DIR: "", THREADS: "1", LOG_LEVEL: "warn", ...more };
}

export const text = async (port, path) => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: answer.status, text: await answer.text() };
};
