// The tarball: a program for every Linux with a C library that is new enough.
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";

import { environment, output, started, text, unpackedTarball, version } from "./packages.mjs";

describe("the tarball's program", { timeout: 60000 }, () => {
  let program;
  before(async () => (program = join(await unpackedTarball(), "bin/signalbox")));

  test("is of the project's version", async () => assert.equal(await output(program, ["--version"]), `${version}\n`));

  test("has at most 12 MB", () => assert.ok(statSync(program).size <= 12e6, `${statSync(program).size}`));

  test("needs no library but glibc's", async () => {
    const needed = [...(await output("objdump", ["-p", program])).matchAll(/NEEDED\s+(\S+)/g)].map(([, name]) => name);
    const strange = needed.filter((name) => !["libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"].includes(name));
    assert.deepEqual(strange, []);
  });

  test("needs no glibc newer than 2.34", async () => {
    const versions = [...(await output("objdump", ["-T", program])).matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
    assert.ok(versions.length > 0 && Math.max(...versions) <= 34, `2.${Math.max(...versions)}`);
  });

  test("serves the demo's page and the client script", async (t) => {
    const env = await environment();
    await started(t, program, ["demo"], { port: env.PORT, env, cwd: "/" });
    assert.match((await text(env.PORT, "/")).text, /<title>/);
    assert.match((await text(env.PORT, "/socket.io/socket.io.js")).text, /Socket\.IO v/);
  });

  test("throws and catches, with unwinding tables of its own", async () => {
    const failure = await output(program, ["serve"], { env: await environment({ PORT: "http" }) }).catch((error) => error);
    assert.deepEqual([failure.code, failure.stderr], [1, "signalbox: PORT (environment) is 'http'; allowed: 0 to 65535\n"]);
  });
});
