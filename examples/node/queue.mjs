// BullMQ's Queue, Worker and Job, as far as this example uses them, for one worker and without Redis: a job is a file, and the
// folder that it lies in is its state. After `npm install bullmq ioredis` these two lines do as well as the whole file:
//   export { Queue, Worker } from "bullmq";
//   export const connection = { host: "127.0.0.1", port: 6379 };
import { existsSync, mkdirSync } from "node:fs";
import { readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

export const connection = { folder: "queue" };
const states = ["new", "waiting", "active", "failed"];

class Job {
  #jobs;

  constructor(jobs, content) {
    this.#jobs = jobs;
    Object.assign(this, content);
  }
  async updateProgress(progress) {
    this.progress = progress;
  }
  async isFailed() {
    return existsSync(this.#jobs.place("failed", this.id));
  }
  async retry() {
    await this.#jobs.move(this.id, "failed", "waiting");
  }
}

class Jobs {
  #folder;

  constructor(name, { connection: { folder } }) {
    this.#folder = `${folder}/${name}`;
    for (const state of states) mkdirSync(this.place(state), { recursive: true });
  }
  place(state, id = "") {
    return `${this.#folder}/${state}/${id}`;
  }
  move(id, from, to) {
    return rename(this.place(from, id), this.place(to, id));
  }
  async read(state, id) {
    return new Job(this, JSON.parse(await readFile(this.place(state, id), "utf8")));
  }
  /** The file is whole when others see it. */
  async write(state, job) {
    await writeFile(this.place("new", job.id), JSON.stringify(job));
    await this.move(job.id, "new", state);
  }
}

export class Queue extends Jobs {
  async add(name, data, { jobId }) {
    const job = { id: jobId, name, data, attemptsMade: 0 };
    await this.write("waiting", job);
    return new Job(this, job);
  }
  async getJob(id) {
    if (!/^[\w-]+$/.test(id)) return undefined; // no path to somewhere else
    for (const state of states) {
      const job = await this.read(state, id).catch(() => undefined);
      if (job) return job;
    }
  }
}

export class Worker extends Jobs {
  constructor(name, processor, options) {
    super(name, options);
    this.#run(processor);
  }
  async #run(processor) {
    for (const id of await readdir(this.place("active"))) await this.move(id, "active", "waiting"); // the worker was killed
    for (;;) {
      const [id] = (await readdir(this.place("waiting"))).sort();
      if (id) await this.#work(id, processor);
      else await pause(100);
    }
  }
  async #work(id, processor) {
    await this.move(id, "waiting", "active");
    const job = await this.read("active", id);
    const done = await processor(job).then(() => true, () => false);
    if (done) return rm(this.place("active", id));
    await this.write("active", { ...job, attemptsMade: job.attemptsMade + 1 });
    await this.move(id, "active", "failed");
  }
}
