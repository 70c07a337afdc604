"use strict";

const { randomUUID } = require("node:crypto");

const { EmitError } = require("../errors.cjs");
const { backoff } = require("./backoff.cjs");
const { Lanes } = require("./lanes.cjs");
const { Newest } = require("./newest.cjs");

const hopelessAfter = 3; // repeats of a request that the server says it can never carry out

/** What waits to be sent to a server, and what follows from each of its answers. It asks no clock and sends nothing:
    take() gives the requests, settle() takes their verdicts (verdict.cjs).

    A user has one request under way at most, so that the order of their events stays. A request whose answer was lost is
    repeated as it was, under its Idempotency-Key; only what certainly was not taken is sent in other requests. */
class Outbox {
  #lanes = new Lanes();
  #newest = new Newest();
  #repeats = [];
  #waiting = 0; // events that are not settled
  #waitingOf = new Map(); // user → how many of these
  #underWay = 0; // requests
  #failures = 0; // in a row
  #pausedUntil = 0;
  #closed = undefined; // the error of what comes after the end
  #maxBytes;
  #limits;
  #random;
  #newKey;

  constructor({ maxEvents = 1000, maxBytes = 1_000_000, maxWaiting = 10_000, maxWaitingOfUser = 1000, maxUnderWay = 6, random = Math.random, newKey = randomUUID } = {}) {
    this.#limits = { maxEvents, maxWaiting, maxWaitingOfUser, maxUnderWay };
    this.#maxBytes = maxBytes;
    this.#random = random;
    this.#newKey = newKey;
  }

  get waiting() {
    return this.#waiting;
  }
  /** Does the server take nothing at present, as far as is known? */
  get failing() {
    return this.#failures !== 0;
  }

  get closed() {
    return this.#closed !== undefined;
  }

  /** `text` is the event's data as JSON text. `done(error, how)` is called once, perhaps within the call; `how` is
      "accepted" or, of progress that newer events of its job made pointless, "superseded". */
  add(user, event, text, done) {
    if (this.#closed) return done(this.#closed);
    const ofUser = this.#waitingOf.get(user) ?? 0;
    const { maxWaiting, maxWaitingOfUser } = this.#limits;
    if (this.#waiting >= maxWaiting) return done(overloaded(`${maxWaiting} events wait for the server already`));
    if (ofUser >= maxWaitingOfUser) return done(overloaded(`${maxWaitingOfUser} events of this user wait for the server already`));
    ++this.#waiting;
    this.#waitingOf.set(user, ofUser + 1);
    const item = this.#newest.item(user, event, text, done);
    const outdated = this.#newest.note(item);
    if (outdated && this.#lanes.remove(outdated)) this.#end(outdated, undefined, "superseded");
    this.#lanes.add(item);
  }

  /** The next request that may be sent now: {body, key, items}; undefined: none may. */
  take(now) {
    if (this.#underWay >= this.#limits.maxUnderWay || now < this.#pausedUntil) return undefined;
    const batch = this.#repeats.length !== 0 ? this.#due(now) : this.#fresh(now);
    if (batch) ++this.#underWay;
    return batch;
  }

  /** All that was added in this turn of the event loop has had its chance: from now on newer progress replaces it. */
  endTurn() {
    for (const item of this.#newest.endTurn()) if (this.#lanes.remove(item)) this.#end(item, undefined, "superseded");
  }

  /** When take() gives something again, if nothing else happens; Infinity: then something has to. */
  next() {
    if (this.#underWay >= this.#limits.maxUnderWay) return Infinity;
    const due = Math.min(this.#lanes.next(), ...this.#repeats.map((batch) => batch.notBefore));
    return Math.max(due, this.#pausedUntil);
  }

  /** What became of a request. Without an answer: {kind: "unsent"} if it never reached the server, {kind: "repeat"} else. */
  settle(batch, verdict, now) {
    --this.#underWay;
    switch (verdict.kind) {
      case "accepted":
        this.#failures = 0;
        return this.#over(batch, (item) => this.#end(item, undefined, "accepted"));
      case "without":
        return this.#without(batch, verdict);
      case "smaller":
        return this.#smaller(batch, verdict);
      case "partly":
        return this.#partly(batch, verdict);
      case "later":
        return batch.uncertain && verdict.at === undefined ? this.#again(batch, verdict, now) : this.#later(batch, verdict, now);
      case "unsent":
        this.#pause(now, 0);
        return batch.uncertain ? this.#repeat(batch) : this.#giveBack(batch);
      case "repeat":
        return this.#again(batch, verdict, now);
      case "hopeless":
        batch.notBefore = now + backoff(batch.hopeless, this.#random);
        return ++batch.hopeless > hopelessAfter ? this.#refuse(batch, verdict) : this.#repeat(batch);
      default:
        return this.#refuse(batch, verdict);
    }
  }

  /** Nothing is sent any more: what waits has this error, and so has what is under way and would have to be sent again. */
  close(error) {
    this.#closed = error;
    for (const item of [...this.#lanes.clear(), ...this.#repeats.splice(0).flatMap((batch) => batch.items)]) this.#end(item, error);
  }

  #refuse(batch, { code, text }) {
    this.#over(batch, (item) => this.#end(item, new EmitError(code, text)));
  }
  #without(batch, verdict) {
    const item = batch.items[verdict.at];
    if (!item) return this.#smaller(batch, verdict);
    this.#giveBack(batch, (other) => other !== item);
    this.#end(item, new EmitError(verdict.code, verdict.text));
  }
  // Each outcome is sent again for itself, and its job is told of it twice at worst. All events were told: an outcome stays
  // away behind which the request told something newer of its job, for it would now come last.
  #partly(batch, verdict) {
    if (batch.items.length === 1) return this.#refuse(batch, verdict);
    const newest = new Map(batch.items.map((item) => [item.job, item]));
    const again = (item) => item.outcome && newest.get(item.job) === item;
    for (const item of batch.items) item.alone = true;
    this.#giveBack(batch, again);
    for (const item of batch.items) if (!again(item)) this.#end(item, undefined, "accepted");
  }
  // Too large: the server takes less than we thought. Or one is wrong: it is found by sending each for itself.
  #smaller(batch, verdict) {
    if (batch.items.length === 1) return this.#refuse(batch, verdict);
    if (verdict.code === "too_large") this.#maxBytes = Math.min(this.#maxBytes, Math.ceil(batch.bytes / 2));
    else for (const item of batch.items) item.alone = true;
    this.#giveBack(batch);
  }
  // A user has too much unread: this event waits, holds up that user's later ones, and is repeated in a request of its
  // own, so that it holds up nobody else. Or the server is busy.
  #later(batch, { at, afterMs }, now) {
    const item = batch.items[at];
    if (item) Object.assign(item, { alone: true, notBefore: now + Math.max(afterMs, backoff(item.refusals++, this.#random)) });
    else this.#pause(now, afterMs);
    this.#giveBack(batch);
  }
  #again(batch, { afterMs = 0 }, now) {
    this.#pause(now, afterMs);
    this.#repeat(batch);
  }
  // Progress as well: a copy that lies somewhere on the way would else come behind the outcome that is sent next.
  #repeat(batch) {
    batch.uncertain = true;
    this.#closed ? this.#giveBack(batch) : this.#repeats.push(batch);
  }

  #due(now) {
    const at = this.#repeats.findIndex((batch) => batch.notBefore <= now);
    return at < 0 ? this.#fresh(now) : this.#repeats.splice(at, 1)[0];
  }
  #fresh(now) {
    const batch = this.#lanes.batch(now, this.#limits.maxEvents, this.#maxBytes);
    if (!batch) return undefined;
    return { ...batch, key: this.#newKey(), body: `[${batch.items.map((item) => item.json).join(",")}]`, notBefore: 0, hopeless: 0, uncertain: false };
  }

  /** Its users may have other requests. */
  #over(batch, end) {
    this.#lanes.release(batch.items, []);
    for (const item of batch.items) end(item);
  }
  /** The same, but those of its items that are `wanted` stand again where they stood, if they are not outdated. The
      caller ends the others. */
  #giveBack(batch, wanted = () => true) {
    const back = batch.items.filter(wanted);
    const stays = (item) => !item.outdated && !this.#closed;
    this.#lanes.release(batch.items, back.filter(stays));
    for (const item of back) if (!stays(item)) this.#end(item, item.outdated ? undefined : this.#closed, "superseded");
  }
  // Requests that fail together are one failure.
  #pause(now, afterMs) {
    const until = now < this.#pausedUntil ? this.#pausedUntil : now + backoff(this.#failures++, this.#random);
    this.#pausedUntil = Math.max(until, now + afterMs);
  }
  #end(item, error, how) {
    --this.#waiting;
    const ofUser = this.#waitingOf.get(item.user) - 1;
    ofUser === 0 ? this.#waitingOf.delete(item.user) : this.#waitingOf.set(item.user, ofUser);
    this.#newest.forget(item);
    item.done(error, how);
  }
}

const overloaded = (what) => new EmitError("overloaded", `${what}: try again when some have been sent.`);

module.exports = { Outbox };
