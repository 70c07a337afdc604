// The package's browser side, from its sources, and a server for it.
import { createHmac } from "node:crypto";
import { register } from "node:module";

import { startServer } from "../../../tests/support/server.mjs";

register("./resolve.mjs", import.meta.url);

export const { createSignalbox } = await import("../../browser/client.js");

const secret = "0123456789abcdef0123456789abcdef";
const apiKey = "a key for workers";
const base64url = (text) => Buffer.from(text).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);

/** A token of that user, which lives for `seconds`. */
export function token(id, seconds = 3600) {
  const claims = { id, email: `${id}@example.com`, iat: now(), exp: now() + seconds };
  const text = `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(JSON.stringify(claims))}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

export const startProgram = (env = {}, port = undefined) =>
  startServer("signalbox", ["serve"], { JWT_SECRET: secret, API_KEY: apiKey, PRESENCE_GRACE_MS: "0", ...env }, port);

/** What the workers' interface answers. */
export async function api(server, path, body = undefined) {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const response = await fetch(server.url + path, body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}

/** Events of one job of a user's. */
export function worker(server, userId, jobId) {
  const emit = (event, data) => api(server, "/api/emit", { userId, event, data: { jobId, ...data } });
  return {
    progress: (progress, status = "processing") => emit("job_progress", { progress, status }),
    complete: (result) => emit("job_completed", { result }),
    fail: (error) => emit("job_failed", { error }),
  };
}

export const connections = async (server, user) => (await api(server, `/api/presence/${user}`)).connections;

/** Has a client of the user confirmed that it received the job's outcome? */
export const received = (server, user, job) => eventually(async () => (await api(server, `/api/users/${user}/jobs/${job}`)).had);

/** Waits until `check` gives something true: for what is to be seen from outside only. */
export async function eventually(check, ms = 10_000) {
  for (const end = Date.now() + ms; ; await new Promise((wake) => setTimeout(wake, 5))) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${check}`);
  }
}

/** Subscribes to a store and writes down all that it has been; `until` waits for a value that fits. */
export function watch(store) {
  const seen = [store.get()];
  let wake = () => {};
  const end = store.subscribe(() => {
    seen.push(store.get());
    wake();
  });
  async function until(fits, ms = 10_000) {
    for (const last = Date.now() + ms; !fits(store.get()); ) {
      const left = last - Date.now();
      if (left <= 0) throw new Error(`not within ${ms} ms: ${fits}; there were ${JSON.stringify(seen).slice(0, 1000)}`);
      await new Promise((done) => {
        wake = done;
        setTimeout(done, left).unref();
      });
    }
    return store.get();
  }
  return { seen, until, end };
}

/** For `until`: a job's state. */
export const status = (wanted) => (job) => job.status === wanted;
export const at = (progress) => (job) => job.progress === progress;

/** A client of that user, which ends with the test. */
export function page(t, server, user, settings = {}) {
  const client = createSignalbox({ url: server.url, getToken: () => token(user), ...settings });
  t.after(() => client.socket.disconnect());
  return client;
}
