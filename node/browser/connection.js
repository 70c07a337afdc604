import { io } from "socket.io-client";

/** How long the connection stays when nobody holds it any more: often another part of the page wants it at once. */
const LINGER_MS = 1000;
const ANSWER_MS = 30_000;
const MOST_WAIT_MS = 30_000;

const complain = (error) => console.error("signalbox: getToken failed. It will be asked again.", error);

/**
 * The one connection of a page, open while somebody holds it. Each login shows a token that is asked for anew; a login
 * that is refused is tried again, later and later.
 *
 * setUp(socket)          adds what else listens to the socket.
 * onLogin(login, user)   the server has let this user in; `login` is the login's number, from 1.
 * onLogout()             the connection is lost.
 */
export class Connection {
  /** The number of the login, 0 while there is none. */
  login = 0;
  #settings;
  #parts;
  #socket;
  #logins = 0;
  #attempt = 0;
  #shown; // the token that the server was shown last
  #outdated = false; // there is another one since the login that is under way has asked
  #refused = false;
  #refusals = 0; // in a row
  #holders = 0;
  #closing;

  constructor(settings, parts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  get socket() {
    return (this.#socket ??= this.#make());
  }

  get held() {
    return this.#holders > 0;
  }

  /** Opens the connection if it is the first. The function that it returns lets go of it. */
  hold() {
    clearTimeout(this.#closing);
    if (++this.#holders === 1) this.#open();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--this.#holders === 0) this.#closing = setTimeout(() => this.socket.disconnect(), LINGER_MS);
    };
  }

  /** There is another token: it is shown on the connection that stands, and if it is not taken there, on a new one. */
  async renew() {
    if (!this.#holders && !this.#socket?.active) return;
    if (!this.login) {
      this.#outdated = true;
      this.#open();
    } else if ((await this.#show()) === false) this.#anew();
  }

  /** `[answer, next]`, as the answer of `jobs` has two arguments. */
  ask(event, argument) {
    return new Promise((resolve, reject) => {
      this.socket.timeout(ANSWER_MS).emit(event, argument, (error, answer, more) => {
        if (error || answer?.error) reject(error ?? new Error(answer.error));
        else resolve([answer, more?.next]);
      });
    });
  }

  // A second connect() while a login is under way would be a second login.
  #open() {
    if (!this.socket.active) this.socket.connect();
  }

  #make() {
    const { url, getToken, ...options } = this.#settings;
    const socket = io(url, { ...options, autoConnect: false, auth: (show) => this.#authenticate(show) });
    socket.on("authenticated", (data) => this.#enter(data?.user));
    socket.on("unauthorized", () => (this.#refused = true));
    socket.on("token_expiring", ({ expiresInMs }) => this.#renewWithin(expiresInMs));
    socket.on("disconnect", () => this.#leave());
    socket.on("connect_error", () => socket.active || this.#comeBack());
    this.#parts.setUp(socket);
    return socket;
  }

  async #authenticate(show) {
    const attempt = ++this.#attempt;
    const current = () => attempt === this.#attempt; // else that connection has gone meanwhile
    try {
      await null; // until socket.io-client listens to the connection that it has just opened
      this.#outdated = false;
      const token = await this.#settings.getToken();
      if (!current()) return;
      this.#shown = token;
      show({ token });
    } catch (error) {
      complain(error);
      if (current()) this.#anew();
    }
  }

  #enter(user) {
    if (this.#outdated) return this.#anew();
    this.#refusals = 0;
    this.login = ++this.#logins;
    this.#parts.onLogin(this.login, user);
  }

  #leave() {
    this.login = 0;
    this.#parts.onLogout();
    if (this.#refused) this.#comeBack(); // else socket.io-client does, or the server does not want it
    this.#refused = false;
  }

  // Not in the same turn: socket.io-client would tell the new login what it still has of the one before.
  #anew() {
    this.socket.disconnect();
    this.#comeBack();
  }

  // The first time at once: a token that was right until now has run out.
  #comeBack() {
    const most = this.#refusals++ && Math.min(MOST_WAIT_MS, 500 * 2 ** this.#refusals);
    setTimeout(() => this.#holders && this.#open(), most * (0.5 + Math.random() / 2));
  }

  /** True: the server has taken another token; false: it has not. Undefined: there was none to show, or no answer. */
  async #show() {
    let token;
    try {
      token = await this.#settings.getToken();
    } catch (error) {
      return complain(error);
    }
    if (token === this.#shown) return undefined;
    const [{ ok }] = await this.ask("authenticate", { token }).catch(() => [{}]); // the next login shows it anyway
    if (ok) this.#shown = token;
    return ok;
  }

  // Again and again: getToken may keep a token until shortly before its end.
  async #renewWithin(ms) {
    const { login } = this;
    if ((await this.#show()) || ms < 2000) return;
    setTimeout(() => login === this.login && this.#renewWithin(ms / 2), ms / 2);
  }
}
