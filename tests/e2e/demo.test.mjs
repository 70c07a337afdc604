// The demo gives tokens to whoever asks: who may, and from where.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { Raw } from "../hostile/raw.mjs";
import { program, startServer } from "../support/server.mjs";

const loopback = ["0100007F", "00000000000000000000000001000000"]; // 127.0.0.1 and ::1, as /proc has them
const everywhere = ["00000000", "00000000000000000000000000000000"];

/** The addresses that a server listens on. */
function listeningOn({ child: { pid } }) {
  const target = (fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return undefined; // closed meanwhile
    }
  };
  const mine = readdirSync(`/proc/${pid}/fd`).map(target);
  return ["tcp", "tcp6"].flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, "utf8").split("\n"))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === "0A" && mine.includes(`socket:[${inode}]`))
    .map(([, local]) => local.split(":")[0]);
}

const only = (server, allowed) => {
  const addresses = listeningOn(server);
  return addresses.length > 0 && addresses.every((address) => allowed.includes(address));
};

/** What the demo answers to one who asks for Ada's token with these fields, written as they stand. */
async function ask({ port }, fields) {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return (await Raw.open(port)).write(`GET /demo/token?user=ada HTTP/1.1\r\n${lines.join("")}Connection: close\r\n\r\n`).answer();
}

const startDemo = (args = [], env = {}) => startServer("signalbox", ["demo", ...args], env);

describe("the demo's tokens", () => {
  let demo;
  before(async () => (demo = await startDemo()));
  after(() => demo.stop());

  for (const host of ["localhost", "LocalHost", "127.0.0.1", "127.1.2.3", "[::1]"]) {
    test(`go to a page of ${host}`, async () => {
      for (const fields of [{ Host: `${host}:${demo.port}` }, { Host: host }, { Host: host, Origin: `http://${host.toLowerCase()}` }]) {
        const { status, body } = await ask(demo, fields);
        assert.equal(status, 200, JSON.stringify(fields));
        assert.ok(JSON.parse(body).token);
      }
    });
  }

  for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::1].evil.example", "evil.example:localhost", "xlocalhost",
    "127.evil", "0.0.0.0", "[::]", "192.0.2.1", "[::1", "", ":80"]) {
    test(`do not go to a page whose name was pointed at this machine: "${host}"`, async () => {
      for (const fields of [{ Host: host }, { Host: `${host}:${demo.port}` }, { Host: host, Origin: `http://${host}` }]) {
        const { status, body } = await ask(demo, fields);
        assert.ok(status === 403 || status === 400, `${status} ${JSON.stringify(fields)}`);
        assert.ok(!body.includes("token\""), body);
      }
    });
  }

  for (const origin of ["https://evil.example", "null", "http://localhost:1", "http://localhost.evil.example", ""]) {
    test(`do not go to a page of another origin: "${origin}"`, async () => {
      assert.equal((await ask(demo, { Host: `localhost:${demo.port}`, Origin: origin })).status, origin === "" ? 200 : 403);
    });
  }
});

describe("the demo listens", () => {
  for (const host of ["", "0.0.0.0", "::"]) {
    test(`on loopback alone, whatever HOST says, if that is '${host}'`, async () => {
      const demo = await startDemo([], { HOST: host });
      let out = "";
      demo.child.stdout.on("data", (data) => (out += data));
      assert.ok(only(demo, loopback), listeningOn(demo).join());
      await demo.stop();
      if (host) assert.match(out, /HOST is .*--expose/);
    });
  }

  test("on loopback alone, with a HOST in .env too, and with --host", async () => {
    const folder = mkdtempSync(join(tmpdir(), "signalbox-demo-"));
    writeFileSync(join(folder, ".env"), "HOST=0.0.0.0\n");
    const file = await startServer("/bin/sh", ["-c", `cd '${folder}' && exec '${program("signalbox")}' demo`]);
    const flag = await startDemo(["--host", "0.0.0.0"]);
    for (const demo of [file, flag]) assert.ok(only(demo, loopback), listeningOn(demo).join());
    await Promise.all([file.stop(), flag.stop()]);
    rmSync(folder, { recursive: true });
  });

  test("on the loopback address that HOST names", async () => {
    const demo = await startDemo([], { HOST: "127.0.0.1" });
    assert.deepEqual(listeningOn(demo).filter((address) => address !== loopback[0]), []);
    await demo.stop();
  });

  test("where HOST says with --expose, to pages of any name, but not to those of another origin", async () => {
    for (const [args, env] of [[["--expose"], {}], [["--expose", "--host", "0.0.0.0"], {}], [["--expose"], { HOST: "0.0.0.0" }]]) {
      const demo = await startDemo(args, env);
      assert.ok(only(demo, everywhere), listeningOn(demo).join());
      assert.equal((await ask(demo, { Host: `box.lan:${demo.port}`, Origin: `http://box.lan:${demo.port}` })).status, 200);
      assert.equal((await ask(demo, { Host: `box.lan:${demo.port}`, Origin: "http://evil.example" })).status, 403);
      await demo.stop();
    }
  });
});
