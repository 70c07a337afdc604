// The program's command line: exit codes, settings, tokens, and emit and online against a server that records what it is asked.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { program } from "../support/server.mjs";

const signalbox = program("signalbox");
const secret = "0123456789abcdef0123456789abcdef";

/** Runs the program in an empty folder, with nothing in the environment but `env`. */
async function run(args, env = {}, dotenv) {
  const cwd = mkdtempSync(join(tmpdir(), "signalbox-cli-"));
  if (dotenv !== undefined) writeFileSync(join(cwd, ".env"), dotenv);
  const child = spawn(signalbox, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: 20000 });
  let out = "", err = "";
  child.stdout.on("data", (data) => (out += data));
  child.stderr.on("data", (data) => (err += data));
  const [code] = await once(child, "close");
  rmSync(cwd, { recursive: true });
  return { code, out, err };
}

/** A server on a free port for the time of `use`; `answer` gets the request and its body. */
async function withServer(answer, use) {
  const requests = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    requests.push({ method: request.method, url: request.url, key: request.headers.authorization, type: request.headers["content-type"], body });
    const [status, text] = answer(requests.at(-1));
    response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }).end(text);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await use({ HOST: "127.0.0.1", PORT: String(server.address().port), API_KEY: "key" }, requests);
  } finally {
    server.close();
  }
}

test("--help names every command and setting, --version the version", async () => {
  const help = await run(["--help"]);
  assert.equal(help.code, 0);
  for (const word of ["init", "serve", "demo", "token", "emit", "online", "healthcheck", "doctor", "--port", "PING_INTERVAL_MS"]) assert.ok(help.out.includes(word), word);
  const version = await run(["--version"]);
  assert.equal(version.code, 0);
  assert.match(version.out, /^\d+\.\d+\.\d+\n$/);
});

test("a program that nobody could reach does not start", async () => {
  const { code, err } = await run(["serve"], { LISTEN: "off", JWT_SECRET: secret });
  assert.equal(code, 1);
  assert.match(err, /LISTEN is 'off'.*allowed here: on/);
});

test("wrong use ends with 2 and says so on stderr", async () => {
  for (const args of [["frobnicate"], ["--prot", "1"], ["serve", "--prot=1"], ["--port"], ["token"], ["emit", "--user", "u", "event"],
    ["token", "--user", "u", "--ttl", "0"], ["token", "--user", "u", "extra"], ["token", "online"],
    ["token", "--user", ""], ["token", "--user", "a\nb"], ["token", "--user", "x".repeat(257)]]) {
    const { code, out, err } = await run(args, { JWT_SECRET: secret });
    assert.equal(code, 2, args.join(" "));
    assert.equal(out, "");
    assert.notEqual(err, "");
  }
});

test("what is neither a flag nor a command is named", async () => {
  for (const [args, culprit] of [[["--prot", "3001"], "--prot"], [["demo", "--prot", "3001"], "--prot"], [["frobnicate", "--user", "u"], "frobnicate"],
    [["token", "--user", "u", "extra"], "extra"]]) {
    const { err } = await run(args);
    assert.equal(err, `signalbox: '${culprit}' is neither a flag nor a command here; see signalbox --help\n`);
  }
});

test("a setting that cannot be used ends with 1, with its name, value and what is allowed", async () => {
  const wrong = await run(["serve", "--port", "70000"]);
  assert.deepEqual(wrong, { code: 1, out: "", err: "signalbox: PORT (flag) is '70000'; allowed: 0 to 65535\n" });
  const missing = await run(["token", "--user", "u"]);
  assert.equal(missing.code, 1);
  assert.match(missing.err, /JWT_SECRET is not set/);
  const file = await run(["token", "--user", "u"], {}, "A=1\nJWT_SECRET='hush\n");
  assert.equal(file.code, 1);
  assert.match(file.err, /\.env, line 2: the closing quote is missing/);
  assert.ok(!file.err.includes("hush"));
});

/** Runs `signalbox serve` as somebody who may not do everything, in a folder of its own that `prepare` has filled. */
async function serveAsNobody(prepare, env) {
  const cwd = mkdtempSync(join(tmpdir(), "signalbox-cli-"));
  chmodSync(cwd, 0o777);
  prepare(cwd);
  const [command, args] = process.getuid() === 0 ? ["setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", signalbox, "serve"]] : [signalbox, ["serve"]];
  const environment = { PATH: process.env.PATH, JWT_SECRET: secret, PORT: "0", DATA_DIR: "", LOG_LEVEL: "off", ...env };
  const child = spawn(command, args, { cwd, env: environment, stdio: ["ignore", "ignore", "pipe"], timeout: 20000 });
  let err = "";
  child.stderr.on("data", (data) => (err += data));
  const [code] = await once(child, "close");
  rmSync(cwd, { recursive: true });
  return { code, err };
}

const nothing = () => {};
const atStart = {
  "a port that is none": [nothing, { PORT: "http" }, /^PORT \(environment\) is 'http'; allowed: 0 to 65535$/],
  "a port that needs privileges": [nothing, { PORT: "80" }, /^port 80 needs privileges; choose a PORT of 1024 or more$/],
  "a path that is none": [nothing, { SOCKET_PATH: "socket.io" }, /^SOCKET_PATH \(environment\) is 'socket.io'; allowed: a path that begins and ends with '\/'/],
  "a host that is none of ours": [nothing, { HOST: "192.0.2.1" }, /^HOST is '192.0.2.1', which is no address of this machine; /],
  "a host that is no name": [nothing, { HOST: "http://localhost" }, /^HOST is 'http:\/\/localhost', which is no address of this machine and no name that is known to it/],
  "no secret": [nothing, { JWT_SECRET: "" }, /^JWT_SECRET is not set: set it to /],
  "a .env that may not be read": [(cwd) => writeFileSync(join(cwd, ".env"), "", { mode: 0 }), {}, /^the file \.env cannot be read: Permission denied$/],
  "a .env that is a folder": [(cwd) => mkdirSync(join(cwd, ".env")), {}, /^the file \.env cannot be read: Is a directory$/],
  "a folder for data that may not be made": [(cwd) => mkdirSync(join(cwd, "closed"), 0o555), { DATA_DIR: "closed/data" }, /DATA_DIR closed\/data cannot be made: Permission denied/],
  "a folder for data that may not be written": [(cwd) => mkdirSync(join(cwd, "closed"), 0o555), { DATA_DIR: "closed" }, /closed\/.*Permission denied/],
  "a folder for data that is a file": [(cwd) => writeFileSync(join(cwd, "data"), ""), { DATA_DIR: "data" }, /data\/.*Not a directory/],
};
for (const [what, [prepare, env, message]] of Object.entries(atStart)) {
  test(`a start with ${what} ends with 1 and says what would be right`, async (t) => {
    if (env.PORT === "80" && Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8")) <= 80) return t.skip("port 80 is free to all here");
    const { code, err } = await serveAsNobody(prepare, env);
    assert.equal(code, 1, err);
    assert.match(err, /^signalbox: .*\n$/, "one line");
    assert.match(err.slice("signalbox: ".length, -1), message);
  });
}

test("token prints a JWT that the secret signed", async () => {
  const before = Math.floor(Date.now() / 1000);
  const { code, out } = await run(["token", "--user", "Zoë \"1\"", "--email", "z@example.com", "--ttl", "60"], { JWT_SECRET: secret });
  assert.equal(code, 0);
  const [header, claims, signature] = out.trim().split(".");
  assert.deepEqual(JSON.parse(Buffer.from(header, "base64url")), { alg: "HS256", typ: "JWT" });
  const { iat, exp, ...rest } = JSON.parse(Buffer.from(claims, "base64url"));
  assert.deepEqual(rest, { id: "Zoë \"1\"", email: "z@example.com" });
  assert.ok(iat >= before && iat <= before + 20 && exp === iat + 60);
  assert.equal(signature, createHmac("sha256", secret).update(`${header}.${claims}`).digest("base64url"));
});

test("what cannot be printed is not taken for printed", async () => {
  const child = spawn("/bin/sh", ["-c", `'${signalbox}' token --user u > /dev/full`], { env: { JWT_SECRET: secret }, stdio: ["ignore", "ignore", "pipe"] });
  let err = "";
  child.stderr.on("data", (data) => (err += data));
  const [code] = await once(child, "close");
  assert.deepEqual([code, err], [1, "signalbox: the output cannot be written\n"]);
});

test("token names the user in the first of USER_ID_CLAIMS, where the server that is to take it looks", async () => {
  const { out } = await run(["token", "--user", "u", "--email", "e"], { JWT_SECRET: secret, USER_ID_CLAIMS: "uid,id" });
  const { iat, exp, ...rest } = JSON.parse(Buffer.from(out.split(".")[1], "base64url"));
  assert.deepEqual(rest, { uid: "u", email: "e" });
});

test("token --explain has a line for each check, a code, and no secret", async () => {
  const sign = async (...args) => (await run(["token", "--user", "u", ...args], { JWT_SECRET: secret })).out.trim();
  const token = await sign("--ttl", "60"), explain = (text, env = { JWT_SECRET: secret }) => run(["token", "--explain", text], env);
  const good = await explain(`Bearer ${token}`);
  assert.equal(good.code, 0);
  assert.deepEqual(good.out.match(/^.{4}\w+/gm), ["ok  form", "ok  algorithm", "ok  signature", "ok  claims", "ok  nbf", "ok  exp", "ok  iat", "ok  user"]);
  const other = await explain(token, { JWT_SECRET: "another" });
  assert.equal(other.code, 1);
  assert.match(other.out, /^NO {2}signature: /m);
  assert.match(other.out, /^ok {2}user: The claim id says that the user is u\.$/m);
  for (const text of [good.out, other.out]) for (const part of [...token.split("."), secret]) assert.ok(!text.includes(part));
  assert.match((await explain(token, {})).err, /JWT_SECRET is not set/);
  assert.equal((await run(["token", "--explain", token, "--user", "u"], { JWT_SECRET: secret })).code, 2, "one or the other");
});

test("flags count over the environment over .env", async () => {
  const signedWith = async (args, env, dotenv) => {
    const [header, claims, signature] = (await run(["token", "--user", "u", ...args], env, dotenv)).out.trim().split(".");
    return ["flag", "environment", "file"].find((key) => createHmac("sha256", key).update(`${header}.${claims}`).digest("base64url") === signature);
  };
  assert.equal(await signedWith([], {}, "export JWT_SECRET='file' # mine\r\n"), "file");
  assert.equal(await signedWith([], { JWT_SECRET: "environment" }, "JWT_SECRET=file"), "environment");
  assert.equal(await signedWith(["--jwt-secret", "flag"], { JWT_SECRET: "environment" }, "JWT_SECRET=file"), "flag");
});

test("emit sends the data exactly as typed and prints the answer", async () => {
  await withServer(() => [202, '{"accepted":1,"online":1}'], async (env, requests) => {
    const { code, out } = await run(["emit", "--user", "u\"1", "job_progress", '{"n":1.50,"b":12345678901234567890}'], env);
    assert.deepEqual([code, out], [0, '{"accepted":1,"online":1}\n']);
    assert.deepEqual(requests, [{ method: "POST", url: "/api/emit", key: "Bearer key", type: "application/json",
      body: '{"userId":"u\\"1","event":"job_progress","data":{"n":1.50,"b":12345678901234567890}}' }]);
    assert.equal((await run(["emit", "--user", "u", "--", "e", "-5"], env)).code, 0);
    assert.ok(requests[1].body.endsWith('"data":-5}'));
  });
});

test("emit refuses what is not one JSON value, and asks nobody", async () => {
  await withServer(() => [202, "{}"], async (env, requests) => {
    for (const data of ["text", "", '1,"userId":"x"', '{}}', "{"]) assert.equal((await run(["emit", "--user", "u", "e", data], env)).code, 1, data);
    assert.deepEqual(requests, []);
  });
});

test("a refusal by the server ends with 1 and its sentence", async () => {
  await withServer(() => [401, '{"error":"The key is wrong."}'], async (env) => {
    assert.deepEqual(await run(["emit", "--user", "u", "e", "1"], env), { code: 1, out: "", err: "signalbox: the server answered 401: The key is wrong.\n" });
  });
});

test("online prints every user of every page", async () => {
  const users = Array.from({ length: 10001 }, (_, i) => `user ${String(i).padStart(5, "0")}`);
  const page = ({ url }) => {
    const after = new URL(url, "http://x").searchParams.get("after") ?? "";
    return [200, JSON.stringify({ count: users.length, users: users.filter((user) => user > after).slice(0, 10000) })];
  };
  await withServer(page, async (env, requests) => {
    const { code, out } = await run(["online"], env);
    assert.equal(code, 0);
    assert.deepEqual(out.trimEnd().split("\n"), users);
    assert.deepEqual(requests.map(({ url }) => url), ["/api/presence?limit=10000", "/api/presence?limit=10000&after=user%2009999"]);
  });
});

test("online --nodes prints every node, its version and since when, and nothing where there is but one", async () => {
  const node = (id, version, started) => ({ id, leaseMs: 4000, about: { tag: "abcdef", version, started: Date.parse(started) } });
  const answers = [[node("ToqigN", "0.3.0", "2026-11-28T23:29:31.758Z"), node("0BR5LZ", "0.2.0", "2026-02-01T00:00:00Z")], []];
  await withServer(() => [200, JSON.stringify({ nodes: answers.shift() })], async (env, requests) => {
    assert.deepEqual(await run(["online", "--nodes"], env), { code: 0, out: "ToqigN 0.3.0 2026-11-28T23:29:31Z\n0BR5LZ 0.2.0 2026-02-01T00:00:00Z\n", err: "" });
    assert.deepEqual(await run(["online", "--nodes"], env), { code: 0, out: "", err: "" });
    assert.deepEqual(requests.map(({ url }) => url), ["/api/nodes", "/api/nodes"]);
  });
  await withServer(() => [503, '{"error":"Redis does not answer: try again in a moment."}'], async (env) => {
    const { code, err } = await run(["online", "--nodes"], env);
    assert.deepEqual([code, err], [1, "signalbox: the server answered 503: Redis does not answer: try again in a moment.\n"]);
  });
});

test("no key, no server, or one that is none: 1 and a sentence", async () => {
  assert.match((await run(["online"])).err, /API_KEY is not set/);
  const silent = createTcpServer((socket) => socket.resume().end("220 mail\r\n\r\n")).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const env = { HOST: "127.0.0.1", PORT: String(silent.address().port), API_KEY: "key" };
  const other = await run(["online"], env);
  assert.deepEqual([other.code, other.err], [1, "signalbox: what answers there is no HTTP server\n"]);
  silent.close();
  await once(silent, "close");
  const none = await run(["online"], env);
  assert.equal(none.code, 1);
  assert.match(none.err, /no server at 127\.0\.0\.1:\d+: Connection refused/);
});

test("config-doc prints the table that the documentation holds", async () => {
  const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
  assert.ok(page.includes((await run(["config-doc"])).out));
});

/** An empty folder, gone after the test. */
function emptyFolder(t) {
  const path = mkdtempSync(join(tmpdir(), "signalbox-init-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

const secretsIn = (text) => ["JWT_SECRET", "API_KEY"].map((name) => new RegExp(`^${name}=([0-9a-f]{64})$`, "m").exec(text)?.[1]);

test("init writes a .env with two fresh secrets that its owner alone can read, and says what is next", async (t) => {
  const file = join(emptyFolder(t), ".env");
  const { code, out, err } = await run(["init", "--file", file]);
  assert.deepEqual([code, err], [0, ""]);
  for (const word of [file, "CORS_ORIGIN", "signalbox token --user 42", "API_KEY"]) assert.ok(out.includes(word), word);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const [jwt, api] = secretsIn(readFileSync(file, "utf8"));
  assert.ok(jwt && api && jwt !== api);
  for (const one of [jwt, api]) assert.ok(!out.includes(one), "a terminal's history is no place for secrets");
});

test("what init writes is settings that the program reads", async () => {
  const { out } = await run(["init", "--file", "-"]);
  const [key] = secretsIn(out);
  const [header, claims, signature] = (await run(["token", "--user", "u"], {}, out)).out.trim().split(".");
  assert.equal(signature, createHmac("sha256", key).update(`${header}.${claims}`).digest("base64url"));
  assert.notEqual(secretsIn((await run(["init", "--file", "-"])).out)[0], key, "no two are the same");
  const proposed = [...out.matchAll(/^#([A-Z_]+)=(.+)$/gm)].map(([, name, value]) => [name, value]);
  assert.deepEqual(proposed.map(([name]) => name), ["CORS_ORIGIN", "HOST", "PORT", "ADMIN_KEY", "METRICS_PORT"]);
  assert.equal((await run(["token", "--user", "u"], { ...Object.fromEntries(proposed) }, out)).code, 0);
});

test("init replaces no file, and writes none where it may not", async (t) => {
  assert.deepEqual(await run(["init"], {}, "JWT_SECRET=mine\n"), { code: 1, out: "", err:
    "signalbox: the file .env is there already, and init replaces none: its secrets may be in use; move it away first, or name another one with --file\n" });
  const { code, err } = await run(["init", "--file", join(emptyFolder(t), "no", ".env")]);
  assert.deepEqual([code, /^signalbox: the file \S+ cannot be written: No such file or directory\n$/.test(err)], [1, true]);
});

test("healthcheck asks /healthz at HOST and PORT without a key: 0 for a server that answers, else 1 and a sentence", async () => {
  const answers = [[200, '{"status":"ok"}'], [500, '{"error":"It hurts."}']];
  await withServer(() => answers.shift(), async ({ HOST, PORT }, requests) => {
    assert.deepEqual(await run(["healthcheck"], { HOST, PORT }), { code: 0, out: "", err: "" });
    assert.deepEqual(await run(["healthcheck"], { HOST, PORT }), { code: 1, out: "", err: "signalbox: the server answered 500: It hurts.\n" });
    assert.deepEqual(requests.map(({ method, url, key }) => [method, url, key]), [["GET", "/healthz", undefined], ["GET", "/healthz", undefined]]);
  });
});
