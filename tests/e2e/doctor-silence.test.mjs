// What time alone shows of a proxy, in its real times: what `signalbox doctor` says without --quick. Each case waits a minute or so for
// nothing, beside the others.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { patienceMs, proxies, startChangedProxy } from "../support/proxies.mjs";
import { examine } from "./doctor.mjs";
import { now, startProgram, token } from "./support.mjs";

const cases = [
  {
    what: "30 s cut what is silent for 40 s, and the remedy says which time would do",
    patience: "30s",
    env: { PING_INTERVAL_MS: "40000" },
    code: 1,
    state: "hurts",
    says: /^A silent WebSocket was cut off after 30(\.\d)? s: the connection ended/,
    remedy: /more than 60 s \(nginx: proxy_read_timeout and proxy_send_timeout, HAProxy: timeout client, server and tunnel\), or lower PING_INTERVAL_MS/,
  },
  {
    what: "30 s hurt nobody with the usual heartbeat, and it says why",
    patience: "30s",
    code: 0,
    state: "well",
    says: /^Silent connections last 70 s, with nothing but a heartbeat every 25 s\.$/,
    remedy: /^$/,
  },
  {
    what: "the example's 60 s last as well",
    patience: "60s",
    code: 0,
    state: "well",
    says: /^Silent connections last 70 s/,
    remedy: /^$/,
  },
];

describe("a proxy's patience", { concurrency: true }, () => {
  for (const { name, skip } of proxies.filter(({ name }) => name !== "caddy")) {
    for (const { what, patience, env, code, state, says, remedy } of cases) {
      test(`of ${name}: ${what}`, { skip }, async (t) => {
        const server = await startProgram(env);
        t.after(() => server.stop());
        const proxy = await startChangedProxy(name, (text) => text.replaceAll(`${patienceMs}ms`, patience), server.port);
        t.after(() => proxy.stop());
        const report = await examine(`http://127.0.0.1:${proxy.port}`, ["--token", token({ id: "doctor", exp: now() + 300 })]);
        const silence = report.findings.find(({ check }) => check === "silence");
        assert.deepEqual([report.code, silence.state], [code, state], report.out);
        assert.match(silence.what, says);
        assert.match(silence.remedy, remedy);
      });
    }
  }
});
