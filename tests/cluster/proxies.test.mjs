// The files of examples/cluster, and its one command.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { emit, eventually, login, transports, upgraded } from "../e2e/support.mjs";
import { proxies, startProxy } from "../support/proxies.mjs";
import { freePort, program } from "../support/server.mjs";
import { skip, withCluster } from "./cluster.mjs";

for (const { name, skip: missing } of proxies) {
  describe(`behind ${name}`, { skip: skip || missing }, () => {
    test("clients of every transport are served by three nodes, and go on when one of them dies", withCluster({ env: { PRESENCE_EVENTS: "off" } }, async (cluster, t) => {
      const proxy = await startProxy(name, ...cluster.nodes.map(({ port }) => port));
      t.after(() => proxy.stop());
      const place = { url: `http://127.0.0.1:${proxy.port}` };
      const ways = Object.entries(transports), clients = [];
      for (let n = 0; n < 15; ++n) {
        const client = await login(place, { user: `user${n}`, transports: ways[n % 3][1], reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200 });
        t.after(() => client.disconnect());
        clients.push(client);
      }
      await Promise.all(clients.filter((_, n) => n % 3 === 0).map(upgraded));
      const allAreTold = async (event) => {
        for (const [n, client] of clients.entries()) {
          await eventually(async () => {
            const { body } = await emit(cluster.living[n % cluster.living.length], `user${n}`, event, n);
            return body.online === 1 && client.inbox.all.some(({ name }) => name === event);
          }, 20000);
        }
      };
      await allAreTold("note");
      await cluster.nodes[0].kill();
      await allAreTold("later");
    }));

    test("the workers' interface is not passed on", withCluster({ nodes: 3 }, async (cluster, t) => {
      const proxy = await startProxy(name, ...cluster.nodes.map(({ port }) => port));
      t.after(() => proxy.stop());
      assert.equal((await fetch(`http://127.0.0.1:${proxy.port}/api/nodes`)).status, 404);
    }));
  });
}

test("examples/cluster/run starts all, serves the demo, and ends all", { skip }, async () => {
  const port = await freePort(5);
  const env = { PATH: process.env.PATH, PORT: String(port), SIGNALBOX_BUILD: program(".") };
  const child = spawn(fileURLToPath(new URL("../../examples/cluster/run", import.meta.url)), { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (said += data));
  const ended = once(child, "exit");
  try {
    await eventually(() => /The demo is at/.test(said) || child.exitCode !== null, 20000);
    assert.match(said, /The demo is at .*over three nodes/, said);
    const url = `http://localhost:${port}`;
    assert.match(await (await fetch(url)).text(), /<html|<!doctype/i);
    // A token of one node is good on all.
    const own = { headers: { "Sec-Fetch-Site": "same-origin" } };
    const { token } = await (await fetch(`http://localhost:${port + 1}/demo/token?user=ada`, own)).json();
    for (const at of [port, port + 1, port + 2, port + 3]) (await login({ url: `http://localhost:${at}` }, { auth: { token } })).disconnect();
  } finally {
    process.kill(-child.pid, "SIGINT");
    await ended;
  }
  await eventually(async () => (await Promise.all([0, 1, 2, 3].map((i) => fetch(`http://127.0.0.1:${port + i}/healthz`).catch(() => undefined)))).every((answer) => answer === undefined));
});
