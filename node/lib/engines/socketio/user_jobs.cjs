"use strict";

const unread = (job) => job.outcome !== undefined && job.outcome.receivedAt === undefined;
const newest = (job) => job.progress ?? job.outcome;

/**
 * What is kept of one user's jobs: of each the newest progress, and the outcome, also behind progress of a further try.
 * Entries are { event, data, size, number, time, receivedAt }, and numbers rise. It asks no clock.
 */
class UserJobs {
  #options;
  #jobs = new Map();  // { outcome, progress } by the job's id; the one with the oldest news first
  #unread = 0;
  #unreadBytes = 0;

  constructor(options) {
    this.#options = options;
  }

  get empty() {
    return this.#jobs.size === 0;
  }
  get unreadBytes() {
    return this.#unreadBytes;
  }
  /** Is there room for an outcome of that job? */
  hasRoom(jobId) {
    return this.#unread < this.#options.unreadOutcomes || unread(this.#jobs.get(jobId) ?? {});
  }

  keep(jobId, kind, entry) {
    const before = this.#take(jobId);
    const job = kind === "progress" ? { outcome: before?.outcome, progress: entry } : { outcome: entry };
    this.#put(jobId, job);
    this.#pushOut();
  }
  /** What a login is told, in order: unread outcomes, those received lately, and progress. */
  replay(now) {
    const told = [];
    for (const { outcome, progress } of this.#jobs.values()) {
      const late = outcome?.receivedAt !== undefined && now - outcome.receivedAt >= this.#options.outcomeReplay;
      if (outcome && !late) told.push(outcome);
      if (progress) told.push(progress);
    }
    return told.sort((a, b) => a.number - b.number);
  }
  /** A client has received the outcomes with numbers up to `number`. */
  confirm(number, now) {
    for (const [jobId, job] of [...this.#jobs]) {
      if (!unread(job) || job.outcome.number > number) continue;
      this.#take(jobId);
      this.#put(jobId, { ...job, outcome: { ...job.outcome, receivedAt: now } });
    }
    this.#pushOut();
  }
  /** The jobs with the number of their newest entry above `after`, in the order of these: [[jobId, entry]]. */
  after(after) {
    const found = [...this.#jobs].map(([jobId, job]) => [jobId, newest(job)]);
    return found.filter(([, entry]) => entry.number > after).sort(([, a], [, b]) => a.number - b.number);
  }
  find(jobId) {
    const job = this.#jobs.get(jobId);
    return job && newest(job);
  }
  /** What has had its time goes. */
  expire(now) {
    const { outcomeTtl, progressTtl } = this.#options;
    for (const [jobId, job] of [...this.#jobs]) {
      const outcome = job.outcome && now - job.outcome.time < outcomeTtl ? job.outcome : undefined;
      const progress = job.progress && now - job.progress.time < progressTtl ? job.progress : undefined;
      if (outcome === job.outcome && progress === job.progress) continue;
      this.#take(jobId);
      if (outcome || progress) this.#put(jobId, { outcome, progress });
    }
  }

  #put(jobId, job) {
    this.#jobs.set(jobId, job);
    if (unread(job)) this.#count(1, job.outcome.size);
  }
  #take(jobId) {
    const job = this.#jobs.get(jobId);
    this.#jobs.delete(jobId);
    if (job && unread(job)) this.#count(-1, -job.outcome.size);
    return job;
  }
  #count(outcomes, bytes) {
    this.#unread += outcomes;
    this.#unreadBytes += bytes;
  }
  // Received outcomes go first, then progress, of each the oldest; unread outcomes are not counted and stay.
  #pushOut() {
    while (this.#jobs.size - this.#unread > this.#options.jobsPerUser) {
      const others = [...this.#jobs].filter(([, job]) => !unread(job));
      const [jobId] = others.find(([, job]) => !job.progress) ?? others[0];
      this.#take(jobId);
    }
  }
}

module.exports = { UserJobs };
