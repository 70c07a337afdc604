// Pages that hear of jobs, worker processes that die and come back, and what a node says of the queues that it reads.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { withCluster } from "../cluster/cluster.mjs";
import { api, connect, eventually } from "../e2e/support.mjs";
import { pause } from "../support/server.mjs";

/** For nodes: progress is told at once, and what was received is not told again. */
export const env = { PRESENCE_EVENTS: "off", OUTCOME_REPLAY_MS: "0", BULLMQ_HOLD_MS: "0" };

export const events = ["job_progress", "job_completed", "job_failed"];
const keyOf = ({ queue = "", jobId }) => `${queue}:${jobId}`;

/** Runs a test whose `after` ends the newest first: a queue's client wants its Redis to close. */
export const newestFirst = (run) => async (t) => {
  const ends = [];
  try {
    await run({ after: (end) => ends.unshift(end), test: (...rest) => t.test(...rest), diagnostic: (text) => t.diagnostic(text) });
  } finally {
    for (const end of ends) await end();
  }
};
/** The same with a cluster of its own, which ends last. */
export const withQueues = (options, run) => withCluster(options, (cluster, t) => newestFirst((own) => run(cluster, own))(t));

/** A page of one user, which comes back whenever it is cut off, and writes down all that it hears of jobs: [event, data]. */
export class Page {
  heard = [];
  #ofJob = new Map();
  #wakes = [];

  static async open(server, user, options = {}) {
    const page = new Page();
    page.user = user;
    page.socket = connect(server, { user, transports: ["websocket"], reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 200, ...options });
    for (const event of events) page.socket.on(event, (data) => page.#take(event, data));
    await page.socket.heard("authenticated");
    return page;
  }
  #take(event, data) {
    this.heard.push([event, data]);
    this.of(data).push([event, data]);
    this.#wakes.splice(0).forEach((wake) => wake());
  }
  /** All of one job, in order. */
  of(job) {
    const key = keyOf(job);
    return this.#ofJob.get(key) ?? this.#ofJob.set(key, []).get(key);
  }
  /** The keys of all jobs of which something was heard. */
  get jobs() {
    return [...this.#ofJob.keys()];
  }
  /** The first event that fits, now or later. */
  async until(fits, ms = 10000) {
    for (const end = Date.now() + ms; ; ) {
      const found = this.heard.find(([event, data]) => fits(event, data));
      if (found) return found;
      if (Date.now() >= end) throw new Error(`nothing fitting came to ${this.user}; there is ${JSON.stringify(this.heard.slice(-10))}`);
      await new Promise((wake) => {
        const timer = setTimeout(wake, end - Date.now());
        this.#wakes.push(() => (clearTimeout(timer), wake()));
      });
    }
  }
  /** All of a job up to its outcome. */
  async ended(job, ms) {
    await this.until((event, data) => event !== "job_progress" && keyOf(data) === keyOf(job), ms);
    return this.of(job);
  }
  close() {
    this.socket.disconnect();
  }
}

/** Its page is closed at the end of the test. */
export async function pageOf(t, server, user, options) {
  const page = await Page.open(server, user, options);
  t.after(() => page.close());
  return page;
}

/** A program of workers/, in so many processes. One that is killed is started again, until stop(). */
export class Workers {
  deaths = 0;
  #children = new Set();
  #going = true;

  static async start(program, args, count = 1) {
    const workers = new Workers();
    workers.begin = () => workers.#fork(fileURLToPath(new URL(`workers/${program}`, import.meta.url)), args.map(String));
    await Promise.all(Array.from({ length: count }, workers.begin));
    return workers;
  }
  async #fork(path, args) {
    const child = fork(path, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#children.add(child);
    child.on("exit", (code, signal) => {
      this.#children.delete(child);
      if (!this.#going) return;
      if (signal) ++this.deaths, this.begin();
      else console.error(`${path} ended with ${code}`);
    });
    await once(child, "message");
  }
  async stop() {
    this.#going = false;
    await Promise.all([...this.#children].map((child) => (child.kill("SIGKILL"), once(child, "exit")))); // none, when it is called again
  }
}

/** They end with the test. */
export async function workersOf(t, program, args, count) {
  const workers = await Workers.start(program, args, count);
  t.after(() => workers.stop());
  return workers;
}

/** What a node says of its queues: { name: row }. */
export async function queuesOf(node) {
  const { body } = await api(node, "GET", "/api/queues");
  return Object.fromEntries(body.queues.map((row) => [row.name, row]));
}

async function tagsOf(node) {
  const { body } = await api(node, "GET", "/api/nodes");
  return body.nodes.map(({ about }) => about.tag);
}
/** Resolves when each of these queues is read by a node that lives. */
export const read = (nodes, names, ms = 15000) =>
  eventually(async () => {
    const living = nodes.filter(({ alive }) => alive);
    const [tags, rows] = await Promise.all([tagsOf(living[0]), queuesOf(living[0])]).catch(() => [[], {}]);
    return tags.length === living.length && names.every((name) => tags.includes(rows[name]?.reader));
  }, ms);

/** Watches how many ends nodes have counted as nobody's, in all of their lives, until stop(): what each life said last counts. */
export class Unattributed {
  #ofLife = new Map();
  #going = true;
  constructor(nodes) {
    this.done = this.#watch(nodes);
  }
  async #watch(nodes) {
    while (this.#going) {
      for (const { server } of nodes.filter(({ alive }) => alive)) await this.#look(server);
      await pause(20);
    }
  }
  async #look(server) {
    const rows = await queuesOf(server).catch(() => undefined); // it may have been killed meanwhile
    if (rows) this.#ofLife.set(server, Object.values(rows).reduce((sum, { unattributed }) => sum + unattributed, 0));
  }
  get count() {
    return [...this.#ofLife.values()].reduce((sum, count) => sum + count, 0);
  }
  stop() {
    this.#going = false;
    return this.done;
  }
}
