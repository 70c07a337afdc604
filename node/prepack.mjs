// What the tarball has beside the repository's files: the licences, and the types once more for ES modules. TypeScript wants these
// in files of their own: in one that only passed on the other's a program could not extend SignalboxEvents.
import fs from "node:fs";

const here = (file) => new URL(file, import.meta.url);
for (const file of ["LICENSE", "THIRD-PARTY-NOTICES.md"]) fs.copyFileSync(here(`../${file}`), here(file));
for (const name of ["index", "config", "utils", "options"]) {
  fs.writeFileSync(here(`${name}.d.mts`), fs.readFileSync(here(`${name}.d.ts`), "utf8").replaceAll('.js"', '.mjs"'));
}
