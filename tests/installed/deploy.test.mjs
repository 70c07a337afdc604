// examples/deploy: what its files say is what the program, the image and the other examples know.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

import { output, packages, project, version } from "./packages.mjs";

const deploy = (name) => readFileSync(join(project, "examples/deploy", name), "utf8");

/** The documents of a YAML text, read by Debian's Python. */
async function yaml(text) {
  const code = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.argv[1]))))";
  return JSON.parse(await output("/usr/bin/python3", ["-c", code, text]));
}

/** Are these settings of the program, with values that it takes? It says what it thinks of a token otherwise. */
async function areSettings(env) {
  const help = await output(join(packages, "root/usr/bin/signalbox"), ["--help"]);
  for (const name of Object.keys(env)) assert.ok(help.includes(`(${name})`), name);
  await output(join(packages, "root/usr/bin/signalbox"), ["token", "--user", "42"], { env: { JWT_SECRET: "x".repeat(32), ...env } });
}

describe("compose.yaml", async () => {
  const [{ services, volumes }] = await yaml(deploy("compose.yaml"));
  const nodes = Object.keys(services).filter((name) => name.startsWith("node"));

  test("has three nodes, each with a volume of its own for the folder of the image", () => {
    const data = /^VOLUME (.*)$/m.exec(readFileSync(join(project, "Dockerfile"), "utf8"))[1];
    assert.deepEqual(nodes.map((name) => services[name].volumes), [1, 2, 3].map((n) => [`node${n}:${data}`]));
    for (const name of nodes) assert.ok(name in volumes, name);
  });

  test("sets what the program knows, and lets a node end", async () => {
    const { environment, stop_grace_period } = services.node1;
    await areSettings(environment);
    assert.ok(parseInt(stop_grace_period) * 1000 > Number(environment.SHUTDOWN_DELAY_MS) + 5000 + 10000);
  });

  test("has nginx go to these nodes, by the file of examples/cluster", async () => {
    const { command, volumes: mounted } = services.nginx;
    const [file, script] = mounted.map((volume) => join(project, "examples/deploy", volume.split(":")[0]));
    assert.equal(command, `sh ${mounted[1].split(":")[1]}`);
    const [, expression] = /sed '(.*?)' /.exec(readFileSync(script, "utf8"));
    const made = await output("sed", [expression, file]);
    assert.deepEqual([...made.matchAll(/^ *server (\S+) /gm)].map(([, address]) => address), nodes.map((name) => `${name}:3000`));
    assert.ok(!made.includes("127.0.0.1"));
  });
});

describe("kubernetes.md", async () => {
  const [set] = await yaml(/```yaml\n([\s\S]*?)```/.exec(deploy("kubernetes.md"))[1]);
  const { containers: [container], terminationGracePeriodSeconds } = set.spec.template.spec;
  const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));

  test("sets what the program knows, and lets a node end", async () => {
    await areSettings(env);
    assert.ok(terminationGracePeriodSeconds * 1000 >= Number(env.SHUTDOWN_DELAY_MS) + Number(env.DRAIN_MS) + 10000);
  });

  test("names the image of this version", () => assert.equal(container.image.split(":")[1], version));

  test("runs it as the image's user", () => {
    const user = /^USER (\d+):(\d+)$/m.exec(readFileSync(join(project, "Dockerfile"), "utf8"));
    const { runAsUser, runAsGroup } = set.spec.template.spec.securityContext;
    assert.deepEqual([String(runAsUser), String(runAsGroup)], [user[1], user[2]]);
  });
});
