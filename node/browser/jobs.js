import { ALL, Topics } from "./topics.js";

/** A job of which nothing has been heard. */
export const PENDING = Object.freeze({ progress: 0, status: "pending", result: null, error: null });
export const NONE = Object.freeze([]);

/** Most jobs that are remembered beside those that somebody looks at. */
const MOST = 1000;

/** So many jobs are asked for one by one; for more of them the whole list is, once. */
const FEW = 4;

/** What becomes of a job by that event. The object stays the same where nothing changes: an outcome may be told again. */
function after(before, event, data) {
  const { progress } = before;
  const next =
    event === "job_completed" ? { progress: 100, status: "completed", result: data.result ?? null, error: null }
    : event === "job_failed" ? { progress, status: "failed", result: null, error: data.error ?? null }
    : { progress: data.progress ?? progress, status: data.status ?? "processing", result: null, error: null };
  return JSON.stringify(next) === JSON.stringify(before) ? before : Object.freeze(next);
}

/**
 * What the page knows of its user's jobs: from what it hears, which is in order on a connection, and from answers.
 *
 * Two rules keep an outcome from going back to an older progress. An answer says nothing new of a job that was heard of
 * since the login, for the stream is complete from there on. And an answer may overtake events that are older than it:
 * so progress behind an outcome that was answered is doubted until another answer says that the job really goes on.
 */
export class Jobs {
  watchers = new Topics();
  #jobs = new Map();
  #list = NONE;
  #login = 0;
  #listed = 0; // the login in which all jobs were asked for
  #listing = false;
  #forgot = 0; // the login in which a job was let go of last

  /** From now on only what is heard or answered in this login is certain. */
  begin(login) {
    this.#login = login;
    for (const job of this.#jobs.values()) job.doubted = undefined;
  }

  state(id) {
    return this.#jobs.get(id)?.state ?? PENDING;
  }

  get list() {
    return (this.#list ??= [...this.#jobs.values()].filter(({ entry }) => entry).map(({ entry }) => entry));
  }

  /** Returns true where it is doubted, so that somebody should ask. */
  hear(event, data) {
    const id = data?.jobId;
    if (typeof id !== "string" && typeof id !== "number") return false; // such a job is kept nowhere
    const job = this.#job(`${id}`);
    if (event === "job_progress" && job.ended && job.answered === this.#login) {
      job.doubted = data;
      return true;
    }
    job.heard = this.#login;
    job.answered = job.doubted = undefined;
    this.#become(`${id}`, job, event, data);
    return false;
  }

  /** One job of an answer; `event` is null where the server has nothing of it, and then it stays as it is. */
  learn({ jobId, event, data }) {
    const job = this.#job(jobId);
    if (job.heard === this.#login) return;
    const newest = event === "job_progress" && job.doubted ? job.doubted : data;
    job.answered = this.#login;
    job.doubted = undefined;
    if (event) this.#become(jobId, job, event, newest);
  }

  beginList() {
    this.#listing = true;
  }

  /** All jobs have been answered, in that order. */
  listed(ids) {
    if (!this.#listing) return; // some of them were cleared away meanwhile
    const first = !this.#listed;
    this.#listed = this.#login;
    if (!first) return; // no list is put into another order under its reader's eyes
    const known = ids.filter((id) => this.#jobs.has(id)).map((id) => [id, this.#jobs.get(id)]);
    this.#jobs = new Map([...known, ...this.#jobs]);
    this.#changed();
  }

  /** Is a list of all jobs wanted, that there has not been in this login? */
  get wantsList() {
    return this.#listed !== this.#login && (this.watchers.has(ALL) || this.unsure.length > FEW);
  }

  /** Jobs that somebody looks at and that are not certain. */
  get unsure() {
    const looked = [...this.watchers.names, ...(this.watchers.has(ALL) ? this.#jobs.keys() : [])];
    return looked.filter((id) => id !== ALL && !this.#sure(this.#jobs.get(id)));
  }

  /** Another user has logged in, or may be about to. */
  clear() {
    this.#jobs.clear();
    this.#listed = 0;
    this.#listing = false;
    this.#list = NONE;
    for (const topic of this.watchers.names) this.watchers.tell(topic);
  }

  #sure(job) {
    if (job?.doubted) return false;
    if (job?.heard === this.#login || job?.answered === this.#login) return true;
    return this.#listed === this.#login && (job !== undefined || this.#forgot !== this.#login);
  }

  #job(id) {
    if (!this.#jobs.has(id)) {
      this.#jobs.set(id, { state: PENDING });
      this.#forget();
    }
    return this.#jobs.get(id);
  }

  /** Lets go of the oldest that nobody looks at: of several, where somebody looked at them until now. */
  #forget() {
    for (const id of this.#jobs.keys()) {
      if (this.#jobs.size <= MOST + this.watchers.size) return;
      if (!this.watchers.has(id) && this.#jobs.delete(id)) this.#forgot = this.#login;
    }
  }

  #become(id, job, event, data) {
    job.ended = event !== "job_progress"; // its status may be any word of the worker's, "completed" among them
    const state = after(job.state, event, data);
    if (job.entry && state === job.state) return;
    job.state = state;
    job.entry = Object.freeze({ jobId: id, ...state });
    this.watchers.tell(id);
    this.#changed();
  }

  #changed() {
    this.#list = undefined;
    this.watchers.tell(ALL);
  }
}
