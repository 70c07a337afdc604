// The container image: the files that the Dockerfile copies into an empty one, and what it says of how they are run. They are run here by
// chroot, as its user, which needs no container engine; and, where there is buildah, as the image that it builds by the Dockerfile: by all of
// it, with BARE_DEBIAN=1.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chownSync, cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";

import { BareDebian, skipWithoutBareDebian } from "./bare.mjs";
import { environment, folder, output, packages, project, started, text } from "./packages.mjs";

const root = join(packages, "root");
const lines = readFileSync(join(project, "Dockerfile"), "utf8").split("FROM scratch\n")[1];
const said = (name) => new RegExp(`^${name} (.*)$`, "m").exec(lines)[1];
const [uid, gid] = said("USER").split(":").map(Number);
const skip = process.getuid() !== 0 && "chroot wants root";

describe("the image", { timeout: 60000 }, () => {
  test("has at most 25 MB", async () => {
    const bytes = Number((await output("du", ["--summarize", "--bytes", root])).split("\t")[0]);
    assert.ok(bytes <= 25e6, `${bytes}`);
  });

  test("has no shell, and nothing that runs as another user", async () => {
    assert.equal(await output("find", [root, "-type", "f", "-path", "*bin/*", "-printf", "%f\n"]), "signalbox\n");
    assert.equal(await output("find", [root, "-perm", "/6000"]), "");
  });

  test("runs as a user who is not root, and knows that user's name", () => {
    assert.ok(uid > 0 && gid > 0);
    assert.match(readFileSync(join(root, "etc/passwd"), "utf8"), new RegExp(`^\\w+:x:${uid}:${gid}:`));
  });

  test("names the files that its settings name", () => {
    const settings = Object.fromEntries(said("ENV").split(" ").map((one) => one.split("=")));
    assert.ok(existsSync(join(root, settings.SSL_CERT_FILE)));
    assert.equal(settings.DATA_DIR, said("VOLUME"));
    assert.ok(existsSync(join(`${root}.owned`, settings.DATA_DIR)), "which the user owns");
  });
});

describe("started from the image", { timeout: 60000, skip }, () => {
  const ours = folder();
  before(() => {
    cpSync(root, ours, { recursive: true });
    cpSync(`${root}.owned`, ours, { recursive: true });
    for (const name of readdirSync(`${root}.owned`)) chownSync(join(ours, name), uid, gid);
  });
  const inRoot = (command) => ["--userspec", `${uid}:${gid}`, ours, ...command];
  const health = JSON.parse(/CMD (\[.*\])/.exec(lines.split("\n").find((line) => line.startsWith("HEALTHCHECK")))[1]);

  test("the server keeps what it is given in the volume, and its health check says that it lives, and that it has ended", async (t) => {
    const env = await environment({ DATA_DIR: said("VOLUME"), API_KEY: "0123456789abcdef0123456789abcdef" });
    const command = [...JSON.parse(said("ENTRYPOINT")), ...JSON.parse(/^CMD (.*)$/m.exec(lines)[1])];
    const server = await started(t, "/usr/sbin/chroot", inRoot(command), { port: env.PORT, env });
    assert.match((await text(env.PORT, "/socket.io/socket.io.js")).text, /Socket\.IO v/);
    assert.ok(existsSync(join(ours, "data/outcomes.db")));
    assert.equal(await output("/usr/sbin/chroot", inRoot(health), { env }), "");

    const ended = new Promise((done) => server.once("exit", done));
    server.kill("SIGTERM");
    assert.equal(await ended, 0);
    const failure = await output("/usr/sbin/chroot", inRoot(health), { env }).catch((error) => error);
    assert.deepEqual([failure.code, /no server at 127.0.0.1/.test(failure.stderr)], [1, true]);
  });
});

const succeeds = (command, ...args) => spawnSync(command, args, { stdio: "ignore" }).status === 0;
const skipWithoutBuildah = skip || (!succeeds("buildah", "--version") ? "there is no buildah" : !succeeds("unshare", "--mount", "true") && "the machine lets nobody mount");

describe("built by buildah", { timeout: skipWithoutBareDebian ? 120000 : 60 * 60000, skip: skipWithoutBuildah }, () => {
  const place = folder(), image = "signalbox-test";
  const buildah = (...args) => ["--root", join(place, "images"), "--runroot", join(place, "run"), "--storage-driver", "vfs", ...args];
  const built = (tag, file, from) => output("buildah", buildah("build", "--pull-never", "--isolation", "chroot", "--format", "docker", "--file", file, "--tag", tag, from));
  let container;

  /** The image by a Dockerfile of that text. */
  const builtBy = (text, tag, from) => {
    writeFileSync(join(place, "Dockerfile"), text);
    return built(tag, join(place, "Dockerfile"), from);
  };

  before(async () => {
    if (skipWithoutBareDebian) {
      // The stage that compiles, which wants minutes and the internet, gives way to what it makes.
      await builtBy(`FROM scratch AS build\nCOPY . /src/build/package\nFROM scratch\n${lines}`, image, packages);
    } else {
      const debian = await (await BareDebian.bootstrapped()).packed();
      await builtBy(`FROM scratch\nADD ${basename(debian)} /\nCMD ["bash"]\n`, "docker.io/library/debian:12", dirname(debian));
      await built(image, join(project, "Dockerfile"), project);
    }
    container = (await output("buildah", buildah("from", image))).trim();
  });
  after(() => container && output("buildah", buildah("rm", container)));

  test("it has at most 25 MB", async () => {
    const mounted = (await output("buildah", buildah("mount", container))).trim();
    const bytes = Number((await output("du", ["--summarize", "--bytes", mounted])).split("\t")[0]);
    assert.ok(bytes > 5e6 && bytes <= 25e6, `${bytes}`);
  });

  test("it says what the Dockerfile says, and its server, which its user may start, is ready and healthy", async (t) => {
    const { User, Entrypoint, Cmd, Healthcheck, StopSignal } = JSON.parse(await output("buildah", buildah("inspect", "--type", "image", image))).Docker.config;
    assert.deepEqual([User, StopSignal], [`${uid}:${gid}`, "SIGTERM"]);
    const { PORT, JWT_SECRET } = await environment();
    const run = (...command) => buildah("run", "--isolation", "chroot", "--env", `PORT=${PORT}`, "--env", `JWT_SECRET=${JWT_SECRET}`, container, ...command);
    const server = await started(t, "buildah", run(...Entrypoint, ...Cmd), { port: PORT });
    assert.deepEqual(await text(PORT, "/readyz"), { status: 200, text: '{"status":"ready"}' });
    assert.deepEqual(Healthcheck.Test.slice(0, 1), ["CMD"]);
    await output("buildah", run(...Healthcheck.Test.slice(1)));

    const ended = new Promise((done) => server.once("exit", done));
    server.kill("SIGTERM"); // buildah's process, which ends the server's
    await ended;
  });
});
