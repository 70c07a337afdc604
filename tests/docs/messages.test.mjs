// What docs/troubleshooting.md says that somebody sees is what the programs say, and what a page or a worker may be answered
// stands in it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { root, textOf } from "./documents.mjs";

// Texts of C++ that stand on several lines are one.
const sources = execFileSync("git", ["ls-files", "src", "app", "node/lib"], { cwd: root, encoding: "utf8" }).trim().split("\n");
const sourceOf = (path) => readFileSync(`${root}/${path}`, "utf8").replace(/"\s*\n\s*"/g, "");
const said = sources.map(sourceOf).join("\n");

/** The first cells of a section's table. */
function cellsOf(heading) {
  const section = textOf("docs/troubleshooting.md").split(/^## /m).find((text) => text.startsWith(heading));
  return [...section.matchAll(/^\| (.*?) \|/gm)].map(([, cell]) => cell);
}

for (const heading of ["It connects and is refused", "A question is answered with an error", "The admin page or the metrics are not there", "What a worker gets", "It does not start", "Redis", "What the log says"]) {
  test(`what is quoted under "${heading}" is said`, () => {
    const quotes = cellsOf(heading).flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, quote]) => quote));
    assert.ok(quotes.length > 5, "the table was not found");
    for (const quote of quotes)
      for (const part of quote.split("…").filter((text) => text.trim().length > 2)) assert.ok(said.includes(part), `nobody says "${part}"`);
  });
}

// Where the sentences of answers are made, and those of them that nobody is answered.
const answers = {
  "src/engineio/query.hpp": [],
  "src/auth/jwt.cpp": ["The token is invalid."], // of no case
  "src/hub/client.cpp": [],
  "src/hub/incoming.cpp": [],
  "src/hub/socket_questions.cpp": [],
  "src/users/encode.cpp": ["The arguments of an event or acknowledgement, and each attachment, are of 1 GiB at most."], // a program's mistake
  "src/server/answers.cpp": [],
  "src/server/emit_request.cpp": [],
  "src/server/http_api.cpp": [],
  "src/server/page_query.cpp": [],
  "src/server/routes.cpp": ["Expect: only 100-continue is supported."], // no browser and no worker sends another
  "src/server/admin/admin_page.cpp": ["A login at this page: the key is wrong."], // of the page's list
};
const message = /"((?:[A-Z]|jobs |presence )[^"\n]{8,}\.)"|\{\d, "([^"]+)"\}|\{"message":"([^"]+)"\}/g;

for (const [path, ofNobody] of Object.entries(answers)) {
  test(`what ${path} answers is explained`, () => {
    const sentences = [...sourceOf(path).matchAll(message)].map((found) => found[1] ?? found[2] ?? found[3]);
    const missing = sentences.filter((sentence) => !ofNobody.includes(sentence) && !sentence.split("{}").every((part) => textOf("docs/troubleshooting.md").includes(part)));
    assert.ok(sentences.length > 0, "no sentence was found");
    assert.deepEqual(missing, [], "docs/troubleshooting.md does not have these");
  });
}
