import { Connection } from "./connection.js";
import { Jobs, NONE, PENDING } from "./jobs.js";
import { Presence } from "./presence.js";
import { ALL, Topics } from "./topics.js";

const USERS_A_PAGE = 10_000;
const MOST_WAIT_MS = 30_000;

/** What a page knows of its user's jobs and of who is online, over one connection that opens when somebody wants it. */
class Signalbox {
  #jobs = new Jobs();
  #presence = new Presence();
  #own = new Topics();
  #connection;
  #user;
  #asking = 0; // the login in which questions are being asked
  #failures = 0; // of questions, in a row

  constructor(settings) {
    this.#connection = new Connection(settings, {
      setUp: (socket) => this.#listen(socket),
      onLogin: (login, user) => this.#begin(login, user?.id),
      onLogout: () => this.#own.tell(ALL),
    });
    this.jobs = this.#store(this.#jobs.watchers, ALL, NONE, () => this.#jobs.list);
    this.presence = this.#store(this.#presence.watchers, ALL, NONE, () => this.#presence.list);
    this.connected = this.#store(this.#own, ALL, false, () => this.#connection.login !== 0);
  }

  job(jobId) {
    return this.#store(this.#jobs.watchers, `${jobId}`, PENDING, () => this.#jobs.state(`${jobId}`));
  }

  online(userId) {
    return this.#store(this.#presence.watchers, `${userId}`, false, () => this.#presence.has(`${userId}`));
  }

  get socket() {
    return this.#connection.socket;
  }

  hold() {
    return this.#connection.hold();
  }

  renew() {
    if (!this.#connection.held) this.#forget(); // else who signs in next would see it until they are logged in
    return this.#connection.renew();
  }

  /** What React's useSyncExternalStore takes; `initial` is what a server renders. */
  #store(watchers, topic, initial, get) {
    const subscribe = (listener) => {
      const forget = watchers.listen(topic, listener);
      const letGo = this.hold();
      this.#catchUp();
      return () => {
        forget();
        letGo();
      };
    };
    return { get, initial, subscribe };
  }

  #listen(socket) {
    for (const event of ["job_progress", "job_completed", "job_failed"])
      socket.on(event, (data, ...more) => {
        if (this.#jobs.hear(event, data)) this.#catchUp();
        const last = more.at(-1);
        if (typeof last === "function") last(); // OUTCOME_ACKS
      });
    socket.on("user_online", ({ userId }) => this.#presence.hear(userId, true));
    socket.on("user_offline", ({ userId }) => this.#presence.hear(userId, false));
  }

  #begin(login, user) {
    this.#jobs.begin(login);
    this.#presence.begin(login);
    if (login > 1 && user !== this.#user) this.#forget();
    this.#user = user;
    this.#failures = 0;
    this.#own.tell(ALL);
    this.#catchUp();
  }

  #forget() {
    this.#jobs.clear();
    this.#presence.clear();
  }

  /** Asks for what somebody looks at and is not certain, one question after the other, as the server wants them. */
  async #catchUp() {
    const { login } = this.#connection;
    if (!login || this.#asking === login) return;
    this.#asking = login;
    const current = () => login === this.#connection.login;
    try {
      for (let question; current() && (question = this.#nextQuestion()); ) await question(current);
      this.#failures = 0;
    } catch {
      // Refused, or never answered. When the connection was lost, the next login asks anyway.
      const wait = Math.min(MOST_WAIT_MS, 500 * 2 ** ++this.#failures);
      if (current()) setTimeout(() => this.#catchUp(), wait);
    }
    if (this.#asking === login) this.#asking = 0;
  }

  #nextQuestion() {
    const { unsure } = this.#jobs;
    if (this.#jobs.wantsList) return (current) => this.#askForJobs(current);
    if (unsure.length) return (current) => this.#askForJob(unsure[0], current);
    if (this.#presence.wanted) return (current) => this.#askForPresence(current);
    return undefined;
  }

  async #askForJob(jobId, current) {
    const [status] = await this.#connection.ask("job_status", jobId);
    if (current()) this.#jobs.learn({ ...status, jobId });
  }

  async #askForJobs(current) {
    this.#jobs.beginList();
    const ids = [];
    for (let after = 0; after !== undefined; ) {
      const [jobs, next] = await this.#connection.ask("jobs", { after });
      if (!current()) return;
      for (const job of jobs) {
        this.#jobs.learn(job);
        ids.push(job.jobId);
      }
      after = next;
    }
    this.#jobs.listed(ids);
  }

  async #askForPresence(current) {
    this.#presence.beginAnswer();
    for (let after = ""; after !== undefined; ) {
      const [{ count, users }] = await this.#connection.ask("presence", { after, limit: USERS_A_PAGE });
      if (!current()) return;
      this.#presence.learn(users);
      const whole = after === "" && users.length === count;
      after = whole ? undefined : users.at(-1);
    }
    this.#presence.endAnswer();
  }
}

export const createSignalbox = (settings) => new Signalbox(settings);
