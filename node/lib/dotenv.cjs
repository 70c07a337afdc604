"use strict";
const fs = require("node:fs");

const line = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\r\n]*?))(?:\s+#.*)?\s*$/;
const escapes = { n: "\n", r: "\r", t: "\t" };

/**
 * The variables of a .env file, as an object. It is the application's own file: a line that we cannot read is for
 * somebody else.
 */
function parseDotenv(text) {
  const variables = {};
  for (const one of text.split("\n")) {
    const found = line.exec(one.replace(/\r$/, ""));
    if (!found) continue;
    const [, name, double, single, plain] = found;
    if (double !== undefined) variables[name] = double.replace(/\\(.)/g, (_, c) => escapes[c] ?? c);
    else variables[name] = single ?? plain.replace(/\s+#.*$/, "");
  }
  return variables;
}

/** Of the file in the working directory; empty if there is none. */
function readDotenv() {
  try {
    return parseDotenv(fs.readFileSync(".env", "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return {};
    throw new Error(`the file .env cannot be read: ${error.message}`);
  }
}

module.exports = { parseDotenv, readDotenv };
