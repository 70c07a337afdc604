import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { bundle } from "./bundle.mjs";

const source = 'export * from "signalbox/client"; export * from "signalbox/react";';
const external = ["socket.io-client", "react"];

test("client and hooks add at most 4 KB to a page, gzipped, without socket.io-client and React", async (t) => {
  const text = await bundle(source, { external });
  const bytes = gzipSync(text, { level: 9 }).length;
  t.diagnostic(`${bytes} bytes`);
  assert.ok(bytes <= 4096, `${bytes} bytes`);
});

test("no browser that the docs name needs them translated", async () => {
  const as = (target) => bundle(source, { external, target });
  assert.equal(await as(["chrome92", "firefox90", "safari15.4"]), await as("esnext"));
});
