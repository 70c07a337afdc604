"use strict";
const table = require("./settings.json");
const { readDotenv } = require("./dotenv.cjs");

// An application has a PORT or a REDIS_URL of its own: only these two are read by the names that the original gave them.
const unprefixed = new Set(["JWT_SECRET", "CORS_ORIGIN"]);

/** PING_INTERVAL_MS -> pingIntervalMs */
const optionOf = (name) => name.toLowerCase().replace(/_([a-z0-9])/g, (_, c) => c.toUpperCase());
const variableOf = (name) => (unprefixed.has(name) ? name : `SIGNALBOX_${name}`);

// The package decides whether the engine has a port of its own.
const settings = new Map(table.filter(({ name }) => name !== "LISTEN").map((one) => [optionOf(one.name), one]));
/** Options that are the package's own, and no setting of the engine. */
const own = new Set(["apiPath", "jwt"]);

function textOf(option, value) {
  if (typeof value === "boolean") return value ? "on" : "off";
  if (Array.isArray(value)) return value.join(",");
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new TypeError(`signalbox: the option ${option} is ${value === null ? "null" : `of type ${typeof value}`}; give text, a number, true or false, or an array`);
}

/** What is asked for by a variable: of the environment, or else of .env. */
function environment(dotenv = readDotenv()) {
  return (name) => {
    if (process.env[name] !== undefined) return { value: process.env[name], from: "environment" };
    return dotenv[name] === undefined ? undefined : { value: dotenv[name], from: ".env" };
  };
}

/**
 * The settings that a program gave: its options over the environment over .env. Of each its name, its text and where it
 * stood. Whether they are right is the engine's to say.
 */
function readSettings(options, variable = environment()) {
  const values = [];
  for (const { name } of settings.values()) {
    const found = variable(variableOf(name));
    if (found) values.push({ name, value: found.value, from: found.from === ".env" ? `${variableOf(name)} in .env` : variableOf(name) });
  }
  for (const [option, value] of Object.entries(options)) {
    if (own.has(option) || value === undefined) continue;
    const setting = settings.get(option);
    if (!setting) throw new TypeError(`signalbox: there is no option ${option}; docs/configuration.md has all of them, in camel case here`);
    values.push({ name: setting.name, value: textOf(option, value), from: `option ${option}` });
  }
  return values;
}

/** The text that counts of one setting. */
function settingOf(values, name) {
  const given = values.filter((one) => one.name === name).pop();
  return given ? given.value : table.find((one) => one.name === name).default;
}

module.exports = { environment, optionOf, readSettings, settingOf, settings };
