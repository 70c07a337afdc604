import { NONE } from "./jobs.js";
import { ALL, Topics } from "./topics.js";

const TRIES = 3;

/** Who is online, as far as somebody has wanted to know it: an answer in pages, and what is heard from there on. */
export class Presence {
  watchers = new Topics();
  #online = new Set();
  #list = NONE;
  #login = 0;
  #asked = 0; // the login in which the answer was there
  #tries = 0; // in this login
  #read; // what has been answered so far
  #heard; // and what was heard meanwhile, which is newer

  begin(login) {
    this.#login = login;
    this.#tries = 0;
    this.#read = this.#heard = undefined;
  }

  /** Should somebody ask? A server with PRESENCE_EVENTS=off has no answer. */
  get wanted() {
    return this.watchers.names.length > 0 && this.#asked !== this.#login && this.#tries < TRIES;
  }

  has(user) {
    return this.#online.has(user);
  }

  get list() {
    return (this.#list ??= [...this.#online]);
  }

  hear(user, online) {
    this.#heard?.set(user, online);
    if (!this.#asked) return; // nobody has wanted to know
    if (online === this.#online.has(user)) return;
    if (online) this.#online.add(user);
    else this.#online.delete(user);
    this.#list = undefined;
    this.watchers.tell(user);
    this.watchers.tell(ALL);
  }

  beginAnswer() {
    ++this.#tries;
    this.#read = new Set();
    this.#heard = new Map();
  }

  learn(users) {
    for (const user of users) this.#read.add(user);
  }

  /** The answer is whole; what is shown changes only now. */
  endAnswer() {
    for (const [user, online] of this.#heard) {
      if (online) this.#read.add(user);
      else this.#read.delete(user);
    }
    this.#asked = this.#login;
    this.#become(this.#read);
    this.#read = this.#heard = undefined;
  }

  /** Another user has logged in, or may be about to. */
  clear() {
    this.#asked = this.#tries = 0;
    this.#become(new Set());
  }

  #become(online) {
    const before = this.#online;
    if (before.size === online.size && [...before].every((user) => online.has(user))) return;
    this.#online = online;
    this.#list = undefined;
    for (const topic of this.watchers.names) this.watchers.tell(topic);
  }
}
