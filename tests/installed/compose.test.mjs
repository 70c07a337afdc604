// examples/deploy/compose.yaml, started as it is, but for the port at which nginx listens: by podman-compose, with this machine's Redis and
// nginx under the names of the official images.
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { freePort } from "../support/server.mjs";
import { Containers, whyNoContainers } from "./containers.mjs";
import { folder, packages, project } from "./packages.mjs";

const nodes = ["node1", "node2", "node3"];
const users = ["ada", "ben", "cleo", "dan", "eve", "fay"];

describe("compose.yaml, started", { timeout: 300000, skip: await whyNoContainers() }, () => {
  const site = folder(), deploy = join(site, "examples/deploy");
  let containers, server, support, clients;
  const container = (service) => `deploy_${service}_1`;
  const compose = (...args) => containers.run("podman-compose", args, { cwd: deploy });
  const addressOf = (node) => containers.podman("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container(node));
  const isHealthy = (node) => containers.podman("healthcheck", "run", container(node)).then(() => true, () => false);
  const allAreHealthy = () => support.eventually(async () => (await Promise.all(nodes.map(isHealthy))).every(Boolean), 60000);

  /** Emits at this node, from within its container: its port is open to the others alone. */
  const emitAt = (node, user, value) => containers.podman("exec", container(node), "signalbox", "emit", "--user", user, "note", JSON.stringify(value));

  /** Emits to whoever has not been told yet: one who is just coming back is not told. */
  const untilAllAreTold = (node, value) =>
    support.eventually(async () => {
      const isTold = (n) => clients[n].inbox.all.some(({ name, values }) => name === "note" && values[0] === value);
      await Promise.all(users.filter((_, n) => !isTold(n)).map((user) => emitAt(node, user, value)));
      return users.every((_, n) => isTold(n));
    }, 60000);

  before(async () => {
    support = await import("../e2e/support.mjs"); // its client is installed where these tests run
    containers = new Containers();
    const last = readFileSync(join(project, "Dockerfile"), "utf8").split("FROM scratch\n")[1];
    await containers.built("signalbox", `FROM scratch AS build\nCOPY . /src/build/package\nFROM scratch\n${last}`, packages);
    await containers.redis("docker.io/library/redis:7");
    await containers.nginx("docker.io/library/nginx:1");

    cpSync(join(project, "examples"), join(site, "examples"), { recursive: true, filter: (path) => !path.includes("node_modules") });
    const port = await freePort(), file = join(deploy, "compose.yaml"), text = readFileSync(file, "utf8");
    assert.ok(text.includes('"80:80"'));
    writeFileSync(file, text.replace('"80:80"', `"${port}:80"`));
    writeFileSync(join(deploy, ".env"), `JWT_SECRET=${support.secret}\nAPI_KEY=${support.apiKey}\n`);
    server = { url: `http://127.0.0.1:${port}` };
    await compose("up", "-d", "--no-build");
  });
  after(async () => {
    clients?.forEach((client) => client.disconnect());
    await compose("down");
  });

  test("three nodes become healthy, and nginx passes on to them what is for browsers alone", async () => {
    await allAreHealthy();
    await support.eventually(async () => (await fetch(`${server.url}/socket.io/socket.io.js`).catch(() => ({}))).status === 200, 30000);
    assert.equal((await fetch(`${server.url}/api/emit`, { method: "POST" })).status, 404);
  });

  test("what is emitted at any node reaches each client, whichever node nginx gave it", async () => {
    const options = { reconnection: true, reconnectionDelay: 100, reconnectionDelayMax: 500 };
    clients = await Promise.all(users.map((user, n) => support.login(server, { ...options, user, transports: n % 2 ? undefined : ["websocket"] })));
    await Promise.all(clients.map(support.upgraded));
    for (const node of nodes) await Promise.all(users.map((user) => emitAt(node, user, node)));
    for (const client of clients) assert.deepEqual([await client.heard("note"), await client.heard("note"), await client.heard("note")], nodes);
  });

  test("two nodes are killed: their clients come back at the third, and are told what is emitted there", async () => {
    await Promise.all(["node2", "node3"].map((node) => containers.podman("kill", container(node))));
    await support.eventually(() => clients.some(({ inbox }) => inbox.all.some(({ name }) => name === "disconnect")));
    await untilAllAreTold("node1", "killed");
  });

  test("nodes that are made anew have other addresses, and nginx finds them", async () => {
    const old = await addressOf("node1");
    await containers.podman("rm", "--force", ...nodes.map(container));
    await compose("up", "-d", "--no-build");
    await allAreHealthy();
    assert.notEqual(await addressOf("node1"), old);
    await untilAllAreTold("node3", "anew");
  });
});
