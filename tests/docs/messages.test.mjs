// What docs/troubleshooting.md says that somebody sees is what the programs say.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { root, textOf } from "./documents.mjs";

// Texts of C++ that stand on several lines are one.
const sources = execFileSync("git", ["ls-files", "src", "app", "node/lib"], { cwd: root, encoding: "utf8" }).trim().split("\n");
const said = sources.map((path) => readFileSync(`${root}/${path}`, "utf8").replace(/"\s*\n\s*"/g, "")).join("\n");

/** The first cells of a section's table. */
function cellsOf(heading) {
  const section = textOf("docs/troubleshooting.md").split(/^## /m).find((text) => text.startsWith(heading));
  return [...section.matchAll(/^\| (.*?) \|/gm)].map(([, cell]) => cell);
}

for (const heading of ["It connects and is refused", "The admin page or the metrics are not there", "What a worker gets", "It does not start", "Redis", "What the log says"]) {
  test(`what is quoted under "${heading}" is said`, () => {
    const quotes = cellsOf(heading).flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, quote]) => quote));
    assert.ok(quotes.length > 5, "the table was not found");
    for (const quote of quotes)
      for (const part of quote.split("…").filter((text) => text.trim().length > 2)) assert.ok(said.includes(part), `nobody says "${part}"`);
  });
}
