// Programs whose own tests start the engine, as Jest and Vitest run them: the module anew in each file, files beside each other.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";

import { here, secret } from "./support.mjs";

const runners = {
  jest: {
    imports: 'const http = require("node:http");\nconst websocketService = require("signalbox");\nconst { wsUtils } = websocketService;',
    config: ["jest.config.json", '{ "testEnvironment": "node", "testMatch": ["**/*.spec.js"] }'],
    program: ["jest", "bin", "jest.js"],
    args: [],
    oneProcess: ["--runInBand"],
    beside: ["--maxWorkers=2"],
  },
  vitest: {
    imports: 'import http from "node:http";\nimport { expect, test } from "vitest";\nimport websocketService, { wsUtils } from "signalbox";',
    config: ["vitest.config.mjs", 'export default { test: { include: ["*.spec.js"] } };'],
    program: ["vitest", "vitest.mjs"],
    args: ["run"],
    oneProcess: ["--no-file-parallelism", "--no-isolate"],
    beside: ["--maxWorkers=2"],
  },
};

const forgets = `test("emits", async () => {
  websocketService.initialize(http.createServer(), { logLevel: "off", threads: 1, dataDir: "" });
  const { sockets } = await wsUtils.emitToUser(websocketService.getIO(), "ada", "x", 1);
  expect(sockets).toBe(0);
});`;
const closes = `${forgets}\ntest("closes", () => websocketService.close());`;

/** The runner over a project of these spec files: how it ended, and all that it said. */
async function run(t, name, specs, args) {
  const runner = runners[name];
  const project = fs.mkdtempSync(path.join(here, ".runner-"));
  t.after(() => fs.rmSync(project, { recursive: true, force: true }));
  fs.writeFileSync(path.join(project, runner.config[0]), runner.config[1]);
  fs.writeFileSync(path.join(project, "package.json"), `{ "private": true${name === "vitest" ? ', "type": "module"' : ""} }`);
  specs.forEach((code, i) => fs.writeFileSync(path.join(project, `${i}.spec.js`), `${runner.imports}\n${code}`));
  const file = path.join(here, "node_modules", ...runner.program);
  const child = spawn(process.execPath, [file, ...runner.args, ...args], { cwd: project, env: { ...process.env, JWT_SECRET: secret, CI: "1", NO_COLOR: "1", FORCE_COLOR: "0", NODE_TEST_CONTEXT: undefined } });
  t.after(() => child.kill("SIGKILL"));
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (said += bytes));
  const [code, signal] = await once(child, "close", { signal: AbortSignal.timeout(120_000) }).catch(() => assert.fail(`it hangs:\n${said}`));
  return { code, signal, said };
}

for (const [name, { oneProcess, beside }] of Object.entries(runners)) {
  describe(name, () => {
    test("runs files that start the engine and close it, one after the other in one process", async (t) => {
      const { code, signal, said } = await run(t, name, [closes, closes], oneProcess);
      assert.deepEqual([code, signal], [0, null], said);
    });
    test("runs such files beside each other", async (t) => {
      const { code, signal, said } = await run(t, name, [closes, closes], beside);
      assert.deepEqual([code, signal], [0, null], said);
    });
    test("shows in the second file that the first forgot close()", async (t) => {
      const { code, signal, said } = await run(t, name, [forgets, forgets], oneProcess);
      assert.deepEqual([code, signal], [1, null], said);
      assert.match(said, /Signalbox runs already in this process: await close\(\) first/);
      assert.match(said, /1 failed.*1 passed/);
    });
  });
}
