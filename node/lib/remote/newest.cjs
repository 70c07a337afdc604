"use strict";

/** Which event is the newest of its job, and so which progress is outdated. Within one turn of the event loop none is: what
    a program says in one breath is all sent. Pure. */
class Newest {
  #ofJob = new Map();
  #outdated = []; // in this turn
  #turn = 0;

  /** An event as it stands in the outbox. */
  item(user, event, text, done) {
    const json = `{"userId":${JSON.stringify(user)},"event":${JSON.stringify(event)},"data":${text}}`;
    const isJob = event === "job_progress" || event === "job_completed" || event === "job_failed";
    const job = isJob ? jobOf(user, text) : undefined;
    return {
      user,
      json,
      bytes: Buffer.byteLength(json),
      progress: event === "job_progress",
      job,
      outcome: job !== undefined && event !== "job_progress",
      turn: this.#turn,
      outdated: false, // progress: something newer of its job has come
      alone: false, // it is to be sent in a request of its own
      notBefore: -Infinity,
      refusals: 0, // of this one alone
      done,
    };
  }

  /** It is the newest now. Returns the progress that it makes pointless at once, if there is one. */
  note(item) {
    if (item.job === undefined) return undefined;
    const before = this.#ofJob.get(item.job);
    this.#ofJob.set(item.job, item);
    if (!before?.progress) return undefined;
    before.outdated = true;
    if (before.turn !== this.#turn) return before;
    this.#outdated.push(before);
    return undefined;
  }
  /** It is settled, or was never taken. */
  forget(item) {
    if (this.#ofJob.get(item.job) === item) this.#ofJob.delete(item.job);
  }
  /** What has become outdated in the turn that ends. */
  endTurn() {
    ++this.#turn;
    return this.#outdated.splice(0);
  }
}

function jobOf(user, text) {
  try {
    const id = JSON.parse(text)?.jobId;
    return typeof id === "string" || Number.isInteger(id) ? `${user}\0${id}` : undefined;
  } catch {
    return undefined; // the server says what is wrong with it
  }
}

module.exports = { Newest };
