// Links of the documents lead somewhere, and no document is left out of the lists of all.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";

import { blocksOf, documents, proseOf, root, textOf } from "./documents.mjs";

/** The anchors that GitHub gives to a document's headings. */
function anchorsOf(path) {
  const seen = new Map();
  return [...textOf(path).replace(/^```[^]*?^```$/gm, "").matchAll(/^#+ (.*)$/gm)].map(([, heading]) => {
    const anchor = heading.toLowerCase().replace(/[^\p{L}\p{N}\-_ ]/gu, "").replaceAll(" ", "-");
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before ? `${anchor}-${before}` : anchor;
  });
}

const linksOf = (path) => [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link).filter((link) => !/^https?:/.test(link));

/** The file that a link of a document leads to. */
const targetOf = (path, link) => (link.startsWith("#") ? path : posix.join(posix.dirname(path), link.split("#")[0]));

for (const path of documents) {
  test(`each link of ${path} leads somewhere`, () => {
    for (const link of linksOf(path)) {
      const target = targetOf(path, link);
      assert.ok(existsSync(`${root}/${target}`), `${link}: there is no ${target}`);
      const anchor = link.split("#")[1];
      if (anchor && target.endsWith(".md")) assert.ok(anchorsOf(target).includes(anchor), `${link}: ${target} has no heading for #${anchor}`);
    }
  });
}

const ofDocs = documents.filter((path) => /^docs\/.*\.md$/.test(path));

for (const list of ["docs/README.md", "llms.txt"]) {
  test(`${list} names every document of docs/`, () => {
    const named = linksOf(list).map((link) => targetOf(list, link));
    for (const path of ofDocs) if (path !== "docs/README.md") assert.ok(named.includes(path), `${list} does not name ${path}`);
  });
}

// By which tests/docs/commands.test.mjs knows what to run.
test("each block of code says its language, and that of a shell is sh", () => {
  for (const path of documents) for (const { line, language } of blocksOf(path)) assert.doesNotMatch(language, /^(|bash|shell|console)$/, `${path}:${line}`);
});
