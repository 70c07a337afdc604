import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { bundle } from "./bundle.mjs";

test("client and hooks add at most 4 KB to a page, gzipped, without socket.io-client and React", async (t) => {
  const text = await bundle('export * from "signalbox/client"; export * from "signalbox/react";', { external: ["socket.io-client", "react"] });
  const bytes = gzipSync(text, { level: 9 }).length;
  t.diagnostic(`${bytes} bytes`);
  assert.ok(bytes <= 4096, `${bytes} bytes`);
});
