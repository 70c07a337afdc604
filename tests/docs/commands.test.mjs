// Whoever types what stands in the documents gets what they say: the blocks of sh of each document run one after the other, in a
// folder that looks like the repository, and with a network of their own, so that ports are free and nothing outside is reached.
//
// A comment on the line before a block says what is special about it:
//   <!-- not run: WHY -->
//   <!-- goes on: ADDRESS -->           its program goes on, and the next block begins when the address answers; a later block with
//                                       the same address takes its place, as on a terminal after Ctrl-C
//   <!-- beside a server: ADDRESS -->   one listens there, and JWT_SECRET and API_KEY are set, as this document takes for granted
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { program } from "../support/server.mjs";
import { blocksOf, documents, root } from "./documents.mjs";

const known = /^(not run: \S.*|goes on: http:\S+|beside a server: http:\S+)$/;
const ofShell = (path) => blocksOf(path).filter(({ language }) => language === "sh");
const notRun = ({ marker = "" }) => marker.startsWith("not run");

const begin = `
set -emu -o pipefail
declare -A going
curl() { command curl --fail-with-body --silent --show-error "$@"; }  # an answer that refuses is a failure
until_it_answers() { timeout 20 sh -c 'until curl -sf -o /dev/null "$0"; do sleep 0.05; done' "$1" || { echo "nothing answers at $1"; exit 1; }; }
let_go() {
  [ -n "\${going[$1]:-}" ] || return 0
  kill -- -"\${going[$1]}"
  wait "\${going[$1]}" || true
  while kill -0 -- -"\${going[$1]}" 2>/dev/null; do sleep 0.05; done  # its programs may take longer than its shell
}
`;

/** What runs one block, so that its place is known when it fails. */
function commandsOf(path, { line, text, marker = "" }) {
  const [kind, address] = marker.split(": ");
  const named = `echo "${path}:${line}"\n`;
  if (kind === "beside a server") {
    const port = new URL(address).port;
    const secrets = "export JWT_SECRET=$(openssl rand -hex 32) API_KEY=$(openssl rand -hex 32)\n";
    return `${secrets}let_go ${address}\nbuild/release/signalbox --port ${port} & going[${address}]=$!\nuntil_it_answers ${address}\n${named}${text}`;
  }
  if (kind === "goes on") return `${named}let_go ${address}\n{ ${text.trimEnd()}\n} & going[${address}]=$!\nuntil_it_answers ${address}\n`;
  return named + text;
}

/** A folder with what the repository has, for files that commands make. */
function folder(t) {
  const made = mkdtempSync(join(tmpdir(), "signalbox-docs-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  for (const name of readdirSync(root)) if (!/^(\.|build$)/.test(name)) symlinkSync(join(root, name), join(made, name));
  mkdirSync(join(made, "build"));
  symlinkSync(dirname(program("signalbox")), join(made, "build/release"));
  return made;
}

const namespace = ["--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

/** What this machine lacks of what a document wants, if it lacks something. */
function lacking(script) {
  for (const command of ["openssl", "curl", "redis-server", "redis-cli", "sqlite3"]) {
    try {
      if (script.includes(command)) execFileSync("sh", ["-c", `command -v ${command}`]);
    } catch {
      return `there is no ${command} here`;
    }
  }
  try {
    execFileSync("unshare", [...namespace, "ip", "link", "set", "lo", "up"], { stdio: "ignore" });
    return false;
  } catch {
    return "no network namespaces here: they want unshare and ip, and a kernel that gives them to users";
  }
}

test("a marker is one of those that are known, and gives its reason", () => {
  for (const path of documents)
    for (const { line, marker } of ofShell(path)) assert.ok(marker === undefined || known.test(marker), `${path}:${line}: ${marker}`);
});

for (const path of documents) {
  const blocks = ofShell(path).filter((block) => !notRun(block));
  if (blocks.length === 0) continue;
  const script = begin + blocks.map((block) => commandsOf(path, block)).join("\n");
  test(`the commands of ${path}`, { skip: lacking(script), timeout: 60_000 }, async (t) => {
    const cwd = folder(t);
    const env = { PATH: process.env.PATH, HOME: cwd };
    const inside = spawn("unshare", [...namespace, "bash", "-c", `ip link set lo up\n${script}`], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const output of [inside.stdout, inside.stderr]) output.on("data", (data) => (said += data));
    const [code] = await once(inside, "close");
    assert.equal(code, 0, said);
  });
}
