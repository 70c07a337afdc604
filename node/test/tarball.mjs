// The tarball of the package, installed as a user does it.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import { here } from "./support.mjs";

const packageFolder = path.join(here, "..");
const npm = (folder, ...args) => execFileSync("npm", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** Packs node/ as it is into `folder`; what npm says of the tarball. */
export function pack(folder) {
  const [packed] = JSON.parse(npm(packageFolder, "pack", "--json", "--pack-destination", folder));
  return { ...packed, file: path.join(folder, packed.filename), files: packed.files.map(({ path }) => path) };
}

/** Installs that tarball into `folder`, and links what else a program of the tests needs. */
export function install(folder, tarball, ...others) {
  fs.writeFileSync(path.join(folder, "package.json"), '{ "private": true }');
  npm(folder, "install", "--ignore-scripts", "--offline", "--no-audit", "--no-fund", tarball);
  for (const name of others) {
    const link = path.join(folder, "node_modules", name);
    fs.mkdirSync(path.dirname(link), { recursive: true });
    fs.symlinkSync(path.join(here, "node_modules", name), link);
  }
  return path.join(folder, "node_modules", "signalbox");
}
