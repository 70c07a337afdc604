// The documents of this repository, and what stands in them.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Their paths. Not ours: the original's documentation, and the licences of others. */
export const documents = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md", "llms.txt"], { cwd: root, encoding: "utf8" })
  .trim().split("\n").filter((path) => !/original-system|THIRD-PARTY|third_party/.test(path));

export const textOf = (path) => readFileSync(`${root}/${path}`, "utf8");

/** A document's fenced blocks: {line, language, text, marker}; the marker is a comment on the line before. */
export function blocksOf(path) {
  const blocks = [];
  let block;
  textOf(path).split("\n").forEach((line, index, lines) => {
    if (block && line === "```") {
      blocks.push(block);
      block = undefined;
    } else if (block) {
      block.text += `${line}\n`;
    } else if (line.startsWith("```")) {
      block = { line: index + 1, language: line.slice(3), text: "", marker: /^<!-- (.*) -->$/.exec(lines[index - 1])?.[1] };
    }
  });
  return blocks;
}

/** What stands outside of code. */
export const proseOf = (path) => textOf(path).replace(/^```[^]*?^```$/gm, "").replace(/`[^`\n]*`/g, "");
