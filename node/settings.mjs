// Writes what the package knows of the engine's settings, from the engine's own table: run node settings.mjs after a change.
import fs from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const addon = require(`./prebuilds/linux-${process.arch}/signalbox.node`);
const table = JSON.parse(addon.settings());
const json = `${JSON.stringify(table, null, 1)}\n`;

const optionOf = (name) => name.toLowerCase().replace(/_([a-z0-9])/g, (_, c) => c.toUpperCase());
const types = { number: "number", switch: "boolean", list: "string | readonly string[]", text: "string" };
const lines = table
  .filter(({ name }) => name !== "LISTEN")
  .map(({ name, type, unit, default: standard, allowed, what }) => {
    const details = [`Default: ${standard || "none"}`, unit && `in ${unit}`, allowed && `allowed: ${allowed}`].filter(Boolean).join(", ");
    const several = name === "CORS_ORIGIN" ? types.list : types[type];
    return `  /** ${name}: ${what} ${details}. */\n  ${optionOf(name)}?: ${several};\n`;
  });
const declaration = `/** The engine's settings (docs/configuration.md), which come before the environment and .env. */\nexport interface SignalboxOptions {\n${lines.join("")}}\n`;

const files = { "lib/settings.json": json, "options.d.ts": declaration };
export default files;

if (process.argv[1] === new URL(import.meta.url).pathname) {
  for (const [file, text] of Object.entries(files)) fs.writeFileSync(new URL(file, import.meta.url), text);
}
