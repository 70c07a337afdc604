"use strict";
const { userFault } = require("./checks.cjs");
const { expired, verify } = require("./tokens.cjs");

const nobody = { code: "no_user", message: "Nobody has said who the user is." };

/** Without the token, which handlers are not to see once it was verified. */
function withoutToken({ auth, ...rest }) {
  const { token, ...others } = auth;
  return { ...rest, auth: others };
}

const secureFor = ({ headers, secure }) => secure || /^(https|wss)$/i.test((headers["x-forwarded-proto"] ?? "").split(",")[0].trim());

/** The way of a client to its login: its token, then the program's middleware. */
class Logins {
  #config;
  #asks;
  #ask;
  #opened;
  expired = expired;

  /** `ask(login, socket)` asks the program's middleware, which answers by admit() or refuse(); `asks()`: is there any? */
  constructor(config, { jwt, asks, ask }) {
    this.#config = config;
    this.jwt = jwt;
    this.#asks = asks;
    this.#ask = ask;
    this.opened = new Promise((resolve) => (this.#opened = resolve));
  }

  /** Nobody is let in before. */
  open() {
    this.#opened();
  }
  verify(token) {
    const { JWT_SECRET: secret, JWT_LEEWAY_S: leeway, REQUIRE_EXP: requireExp, USER_ID_CLAIMS: idClaims } = this.#config;
    return verify(token, { secret, leeway, requireExp, idClaims }, Date.now());
  }

  /** Socket.IO's own middleware: what is found out about the client goes to socket.data. */
  middleware() {
    return (socket, next) => {
      const refuse = ({ message, data, asEvent }) => {
        if (!asEvent) return next(Object.assign(new Error(message), { data }));
        socket.data = { refused: data };
        next();
      };
      this.#admit(socket).then(
        (login) => {
          socket.data = { login };
          next();
        },
        refuse,
      );
    };
  }
  /** A client that is let in to be told why it has to go, as the original's clients listen for it. */
  sendAway(socket, why) {
    socket.emit("unauthorized", why);
    socket.disconnect(true);
  }

  // For the answers of the program's middleware

  /** `userId` and `user` (JSON) are given where the middleware says who the user is. */
  admit(login, userId, user) {
    login.admit(userId === undefined ? undefined : { id: userId, user: JSON.parse(user) });
  }
  refuse(login, message, data) {
    login.refuse({ message, data: data === undefined ? undefined : JSON.parse(data) });
  }

  async #admit(socket) {
    const shown = { ...socket.handshake, secure: secureFor(socket.handshake) };
    const token = this.jwt ? this.verify(this.#tokenOf(socket.handshake)) : {};
    if (token.error) throw this.#unauthorized(token.error.message, token.error);
    const handshake = JSON.stringify(this.jwt ? withoutToken(shown) : shown);
    await this.opened;
    const said = this.#asks() ? await this.#asked(socket.id, handshake, token) : undefined;
    const who = token.id === undefined ? said : token;
    if (userFault(who?.id)) throw this.#unauthorized("Authentication failed", nobody);
    return { ...who, handshake };
  }
  #asked(id, handshake, { id: userId, user }) {
    return new Promise((admit, refuse) => {
      this.#ask({ admit, refuse }, { id, handshake, userId: userId ?? "", user: JSON.stringify(user ?? null) });
    });
  }
  #tokenOf({ auth, headers, query }) {
    if (typeof auth.token === "string" && auth.token !== "") return auth.token;
    return headers.authorization || (this.#config.TOKEN_IN_QUERY ? query.token : undefined);
  }
  #unauthorized(message, data) {
    return { message, data, asEvent: this.#config.AUTH_FAILURE === "unauthorized" };
  }
}

module.exports = { Logins };
