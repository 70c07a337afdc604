"use strict";
const { UserJobs } = require("./user_jobs.cjs");

/** What is kept of all users' jobs. It asks no clock: `now` is milliseconds of one that nobody sets. */
class Ledger {
  #options;
  #users = new Map();
  #number = 0;
  #unreadBytes = 0;

  /** `options`: { outcomeTtl, progressTtl, outcomeReplay, jobsPerUser, unreadOutcomes, unreadTotalBytes } */
  constructor(options) {
    this.#options = options;
  }

  /** Keeps a job event ({ event, data, kind, jobId, size }): { number }, or { code } if it is refused. */
  keep(user, { event, data, kind, jobId, size }, now) {
    const jobs = this.#users.get(user) ?? new UserJobs(this.#options);
    if (kind === "outcome" && !jobs.hasRoom(jobId)) return { code: "too_many_unread" };
    if (kind === "outcome" && this.#unreadBytes + size > this.#options.unreadTotalBytes) return { code: "unread_full" };
    const number = ++this.#number;
    this.#users.set(user, jobs);
    this.#change(user, jobs, () => jobs.keep(jobId, kind, { event, data, kind, size, number, time: now }));
    return { number };
  }
  replay(user, now) {
    return this.#of(user, now)?.replay(now) ?? [];
  }
  confirm(user, number, now) {
    const jobs = this.#users.get(user);
    if (jobs) this.#change(user, jobs, () => jobs.confirm(number, now));
  }
  after(user, number, now) {
    return this.#of(user, now)?.after(number) ?? [];
  }
  find(user, jobId, now) {
    return this.#of(user, now)?.find(jobId);
  }
  expire(now) {
    for (const [user, jobs] of [...this.#users]) this.#change(user, jobs, () => jobs.expire(now));
  }

  #of(user, now) {
    const jobs = this.#users.get(user);
    if (jobs) this.#change(user, jobs, () => jobs.expire(now));
    return jobs;
  }
  #change(user, jobs, change) {
    const before = jobs.unreadBytes;
    change();
    this.#unreadBytes += jobs.unreadBytes - before;
    if (jobs.empty) this.#users.delete(user);
  }
}

module.exports = { Ledger };
