// A server, a client that was there before, and what must be true of both whatever an attacker does meanwhile.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { Worker } from "node:worker_threads";

import { pause, program, startServer } from "../support/server.mjs";
import { get, polling, post, Raw, Ws } from "./raw.mjs";

export const secret = "0123456789abcdef0123456789abcdef";
export const apiKey = "a key for workers";

/**
 * How large crowds are, as a part of what stands in the cases: all of it, and a tenth against a sanitizer's build, which is as much slower.
 * HOSTILE_SCALE in the environment says otherwise.
 */
const scale = Number(process.env.HOSTILE_SCALE ?? (process.env.SIGNALBOX_BUILD ? 0.1 : 1));
export const scaled = (count) => Math.ceil(count * scale);

const base64url = (bytes) => Buffer.from(bytes).toString("base64url");
/** A token of these claims, as an object or as JSON text, with a header that may be anything. */
export function token(claims, { header = { alg: "HS256", typ: "JWT" }, key = secret } = {}) {
  const said = `${base64url(JSON.stringify(header))}.${base64url(typeof claims === "string" ? claims : JSON.stringify(claims))}`;
  return `${said}.${createHmac("sha256", key).update(said).digest("base64url")}`;
}
export const loginPacket = (user) => `40${JSON.stringify({ token: token({ id: user }) })}`;

/** What /proc says of a process. */
export const proc = (pid) => ({
  descriptors: () => readdirSync(`/proc/${pid}/fd`).length,
  memoryKb: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))[1]),
  peakKb: () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))[1]),
  forgetPeak: () => writeFileSync(`/proc/${pid}/clear_refs`, "5"),
  cpuMs: () => {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10; // user and system, in ticks of 10 ms
  },
});

/** A client that is logged in over a bare WebSocket. */
export async function login(port, user, from = undefined) {
  const ws = await Ws.open(port, { from });
  ws.send(loginPacket(user)); // not with the upgrade: Caddy would lose it
  for (const begins of ["0{", "40{", '42["authenticated"']) {
    const message = await ws.message(2000);
    if (!message?.startsWith(begins)) throw new Error(`login of ${user}: ${message}`);
  }
  return ws;
}
/** Reads a client all the time, so that its pings are answered also while nobody asks for its messages. */
class Listener {
  #messages = [];
  #waiting = [];
  constructor(ws) {
    const run = async () => {
      for (let message; (message = await ws.message(600_000)) !== undefined; ) {
        this.#messages.push(message);
        this.#waiting.splice(0).forEach((wake) => wake());
      }
    };
    run().catch(() => {});
  }
  async next(ms) {
    for (const late = Date.now() + ms; this.#messages.length === 0; ) {
      if (Date.now() >= late) throw new Error(`the witness heard nothing for ${ms} ms`);
      await new Promise((wake) => {
        const timer = setTimeout(wake, late - Date.now());
        this.#waiting.push(() => (clearTimeout(timer), wake()));
      });
    }
    return this.#messages.shift();
  }
}

/** A worker's request: `data` as an event for that user. */
export const emitRequest = (userId, data) => post("/api/emit", JSON.stringify({ userId, event: "note", data }), `Authorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\n`);

/** Clients that go on living beside an attack (bystander.mjs). */
const bystander = {
  async begin(port, newcomers) {
    this.thread ??= new Worker(new URL("bystander.mjs", import.meta.url));
    this.thread.unref();
    this.thread.postMessage({ begin: port, newcomers });
    const [first] = await once(this.thread, "message");
    assert.equal(first, "begun", first.failure);
    this.said = once(this.thread, "message");
  },
  /** What they went through; a failure if one was not served. */
  async end() {
    this.thread.postMessage({ end: true });
    const [said] = await this.said;
    assert.equal(said.failure, undefined, `during the attack: ${said.failure}`);
    return said;
  },
};

let strangers = 0;

/** A hostile_server with a witness that is logged in and a worker that is connected. */
export class Town {
  /** With these settings, and with `limits` of the shell before it ("ulimit -n 200"). */
  static async build(env = {}, limits = "true") {
    const town = new Town();
    const settings = { JWT_SECRET: secret, API_KEY: apiKey, PRESENCE_GRACE_MS: "0", PRESENCE_EVENTS: "off", LOG_LEVEL: "off" };
    town.server = await startServer("/bin/sh", ["-c", `${limits} && exec "$0"`, program("hostile_server")], { ...settings, ...env });
    town.port = town.server.port;
    town.proc = proc(town.server.child.pid);
    town.witness = await login(town.port, "witness");
    town.heard = new Listener(town.witness);
    town.worker = await Raw.open(town.port);
    await town.state();
    return town;
  }
  async #api(request) {
    if (this.worker.over) this.worker = await Raw.open(this.port); // idle connections end; that is not what is tested here
    return this.worker.write(request).answer();
  }
  /** What the server holds: connections, sessions, timers, half-finished bytes, users in the directory, descriptors. */
  async state() {
    const { status, body } = await this.#api(get("/counts"));
    assert.equal(status, 200);
    return { descriptors: this.proc.descriptors(), ...JSON.parse(body) };
  }
  /** `emit(user, data)`: how many sockets a worker's event was queued for. */
  async emit(userId, data) {
    return this.#api(emitRequest(userId, data));
  }
  /** The witness gets an event within a second. */
  async hears() {
    const n = ++strangers;
    const start = performance.now();
    assert.equal((await this.emit("witness", { n })).status, 202);
    assert.equal(await this.heard.next(1000), `42["note",{"n":${n}}]`);
    assert.ok(performance.now() - start < 1000, "an event takes more than a second");
  }
  /** The witness gets an event within a second, and somebody new logs in within two. */
  async unharmed() {
    await this.hears();
    const start = performance.now();
    (await login(this.port, `stranger ${strangers}`)).close();
    assert.ok(performance.now() - start < 2000, "a login takes more than two seconds");
  }
  /** Ends the polling sessions of a case that are there still, as their clients would. */
  async endPolling() {
    for (const target of openedByPolling.splice(0)) await this.#api(post(target, "1"));
  }
  /** The same when nothing is under way: two looks that agree, for a shard tells of its timers when its turn ends. */
  async settled() {
    for (let last = await this.state(); ; ) {
      await pause(20);
      const now = await this.state();
      if (isDeepStrictEqual(now, last)) return now;
      last = now;
    }
  }
  /** The server holds no more than it did. (It may hold less: a timer of the witness that has come up meanwhile.) */
  async backTo(before, ms = 5000) {
    for (const late = Date.now() + ms; ; await pause(20)) {
      const now = await this.state();
      if (Object.keys(before).every((what) => now[what] <= before[what])) return;
      if (Date.now() > late) assert.deepEqual(now, before);
    }
  }
  async leave() {
    this.witness.close();
    this.worker.close();
    const { code } = await this.server.stop();
    assert.equal(code, 0, this.server.child.log);
  }
}

/**
 * One attack as a test: `attack(town, t)` runs against `where()` (a town that stands already) or one built with `env` and `limits`.
 * Meanwhile one who is logged in gets each event within a second (or `eventMs`), and others log in within two (`newcomers: false`: they do not, where each
 * connection or stranger counts; `alone`: nobody lives beside it). Afterwards all are well, the server holds what it held before (and `kept` users whose outcomes it keeps), its memory has at no time grown
 * by more than `memoryMb`, and it has worked for no more than `cpuMs`.
 */
export function attack(name, { where, env, limits, alone = false, newcomers = true, kept = 0, eventMs = 1000, memoryMb = 16, cpuMs = 1000, ...options }, run) {
  test(name, { timeout: 60_000, ...options }, async (t) => {
    const town = where?.() ?? (await Town.build(env, limits));
    try {
      const before = await town.settled();
      town.proc.forgetPeak();
      const memory = town.proc.memoryKb();
      const cpu = town.proc.cpuMs();
      if (!alone) await bystander.begin(town.port, newcomers);
      try {
        await run(town, t);
      } finally {
        if (!alone) {
          const { rounds, slowestEvent, slowestLogin } = await bystander.end();
          t.diagnostic(`meanwhile ${rounds} events within ${slowestEvent.toFixed(0)} ms and logins within ${slowestLogin.toFixed(0)} ms`);
          assert.ok(slowestEvent < eventMs && slowestLogin < 2000, "others were not served in time");
        }
      }
      await town.unharmed();
      await town.endPolling();
      await town.backTo({ ...before, users: before.users + kept });
      const grown = (town.proc.peakKb() - memory) / 1024;
      const worked = town.proc.cpuMs() - cpu;
      t.diagnostic(`memory +${grown.toFixed(1)} MB of ${memoryMb}, ${worked} ms of ${cpuMs}`);
      if (process.env.SIGNALBOX_BUILD) return; // a sanitizer's build needs more of both
      assert.ok(grown <= memoryMb, `memory grew by ${grown} MB`);
      assert.ok(worked <= cpuMs, `the server worked for ${worked} ms`);
    } finally {
      if (!where) await town.leave();
    }
  });
}

/** Many at once, but no more than `width` of them. */
export async function crowd(count, width, one) {
  const out = [];
  let next = 0;
  const walk = async () => {
    while (next < count) {
      const i = next++;
      out[i] = await one(i);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, walk));
  return out;
}

const openedByPolling = [];
/** A polling session: `{sid, target}`, over a connection that stays open. Who leaves it open has it ended after the case. */
export async function openPolling(raw, fields = "") {
  const answer = await raw.write(get(polling, fields)).answer();
  assert.ok(answer.body.startsWith('0{"sid"'), `${answer.status} ${answer.body}`);
  const { sid } = JSON.parse(answer.body.slice(1));
  const target = `${polling}&sid=${encodeURIComponent(sid)}`;
  openedByPolling.push(target);
  return { sid, target, headers: answer.headers };
}
/** A polling session that is logged in. */
export async function loginByPolling(raw, user) {
  const session = await openPolling(raw);
  assert.equal((await raw.write(post(session.target, loginPacket(user))).answer()).body, "ok");
  assert.match((await raw.write(get(session.target)).answer()).body, /^40.*\x1e42\["authenticated"/);
  return session;
}

