// The types, as a strict TypeScript program reads them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const file = (name) => fileURLToPath(new URL(name, import.meta.url));

const program = `
import { createSignalbox, type Job, type Signalbox, type Store } from "signalbox/client";
import { SignalboxProvider, useConnected, useJob, useJobProgress, useJobs, useOnline, usePresence, useSignalbox } from "signalbox/react";

interface Picture { imageUrl: string }

export const client: Signalbox = createSignalbox({ url: "http://localhost:3000", getToken: async () => "token", transports: ["websocket"] });
createSignalbox({ getToken: () => "token" });
// @ts-expect-error: there must be a getToken
createSignalbox({ url: "http://localhost:3000" });
// @ts-expect-error: getToken gives it, not auth
createSignalbox({ getToken: () => "token", auth: {} });

export const store: Store<Job<Picture, string>> = client.job<Picture, string>(7);

export function Page() {
  const { progress, status, result, error } = useJob<Picture, string>("1");
  const same: Job = useJobProgress("1", "token");
  const ids: string[] = useJobs().map(({ jobId, progress }) => \`\${jobId} \${progress}\`);
  const online: readonly string[] = usePresence();
  const ada: boolean = useOnline("ada") && useConnected();
  useSignalbox().socket.emit("mine");
  // @ts-expect-error: what is shown is not written to
  useJob("1").progress = 5;
  return <SignalboxProvider client={client}>{progress + status}{result?.imageUrl}{error?.toUpperCase()}{same.status}{ids}{online}{ada}</SignalboxProvider>;
}
`;

/** A folder with that program and the packages that it wants, the types of ours as they are installed. */
function folderWith(resolution) {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-types-"));
  const packages = join(folder, "node_modules");
  for (const name of ["package.json", "browser"]) cpSync(file(`../../${name}`), join(packages, "signalbox", name), { recursive: true });
  for (const name of ["@types", "csstype", "socket.io-client", "engine.io-client", "engine.io-parser", "socket.io-parser", "@socket.io"])
    symlinkSync(file(`node_modules/${name}`), join(packages, name));
  const write = (name, content) => writeFileSync(join(folder, name), JSON.stringify(content));
  write("package.json", { type: "module" });
  write("tsconfig.json", {
    compilerOptions: {
      strict: true, noEmit: true, jsx: "react-jsx", target: "es2022", types: [], preserveSymlinks: true,
      module: resolution === "nodenext" ? "nodenext" : "esnext", moduleResolution: resolution,
    },
    files: ["page.tsx"],
  });
  writeFileSync(join(folder, "page.tsx"), program);
  return folder;
}

for (const resolution of ["bundler", "nodenext"])
  test(`of client and hooks are right for ${resolution}`, (t) => {
    const folder = folderWith(resolution);
    t.after(() => rmSync(folder, { recursive: true }));
    const { status, stdout } = spawnSync(process.execPath, [file("node_modules/typescript/bin/tsc"), "-p", folder], { encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });
