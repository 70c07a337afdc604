// What the tests of a worker in its own process stand on: the real server, a line to it that may be cut, and real clients.
import { once } from "node:events";
import { connect, createServer } from "node:net";

import { apiKey } from "../../../tests/e2e/support.mjs";
import { RemoteIo } from "../../lib/remote.cjs";

export { api, apiKey, eventually, login, now, secret, startProgram, token } from "../../../tests/e2e/support.mjs";
export { freePort, pause } from "../../../tests/support/server.mjs";

/** A worker's io, which goes with the test. */
export function remote(t, url, options = {}) {
  const io = new RemoteIo({ url, apiKey, ...options });
  t.after(() => io.close(0));
  return io;
}

/** Follows one user's events: how often each job was told of, and in which order. */
export function hearing(socket, event = "job_completed") {
  const heard = new Map();
  const order = [];
  socket.on(event, ({ jobId }) => (heard.set(jobId, (heard.get(jobId) ?? 0) + 1), order.push(jobId)));
  return { heard, order, often: (count) => [...heard].filter(([, times]) => times === count).map(([job]) => job) };
}

/** A line to `port`. `cut(request, answer)` is asked at each answer's first bytes: true cuts the line instead of passing them on. */
export async function line(t, port, cut) {
  const lines = new Set();
  const proxy = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    lines.add(near.on("error", () => {})).add(far.on("error", () => {}));
    let request = "";
    near.on("data", (bytes) => (request = String(bytes).slice(0, 2000), far.write(bytes)));
    far.on("data", (bytes) => {
      if (cut(request, String(bytes))) return near.destroy(), far.destroy();
      near.write(bytes);
    });
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  t.after(() => (proxy.close(), lines.forEach((one) => one.destroy())));
  return `http://127.0.0.1:${proxy.address().port}`;
}

