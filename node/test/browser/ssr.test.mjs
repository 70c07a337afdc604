// On a server the hooks render what is known before anything is known, and do nothing else.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const program = (react) => `
import { register, createRequire } from "node:module";
const here = ${JSON.stringify(new URL(".", import.meta.url).href)};
register("./resolve.mjs", here);
const require = createRequire(new URL("${react}package.json", here));
const { createElement: element } = require("react");
const { renderToString } = require("react-dom/server");
const { createSignalbox } = await import(new URL("../../browser/client.js", here));
const hooks = await import(new URL("../../browser/react.js${react && "?react-18"}", here));

const client = createSignalbox({ url: "http://127.0.0.1:1", getToken: () => { throw new Error("a server has no token"); } });
const Hooks = () => element("p", null, JSON.stringify([
  hooks.useJob("1"), hooks.useJobs(), hooks.usePresence(), hooks.useOnline("ada"), hooks.useConnected(), hooks.useJobProgress("1", "token")]));
const Original = () => element("i", null, JSON.stringify(hooks.useJobProgress("1", "token")));
console.log(renderToString(element(hooks.SignalboxProvider, { client }, element(Hooks))));
console.log(renderToString(element(Original)));
try { renderToString(element(Hooks)); } catch (error) { console.log(error.message); }
`;

for (const [version, react] of [["18", "react-18/"], ["19", ""]])
  test(`React ${version} renders on a server, which then has nothing to wait for`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program(react)], {
      encoding: "utf8", timeout: 20_000, cwd: fileURLToPath(new URL(".", import.meta.url)),
    });
    assert.equal(status, 0, stderr);
    const pending = '{"progress":0,"status":"pending","result":null,"error":null}';
    const text = stdout.replaceAll("&quot;", '"').split("\n");
    assert.equal(text[0], `<p>[${pending},[],[],false,false,${pending}]</p>`);
    assert.equal(text[1], `<i>${pending}</i>`);
    assert.equal(text[2], "There is no Signalbox client here: put <SignalboxProvider client={…}> around this component.");
  });
