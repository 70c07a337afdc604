import { io as connect } from "the-real-socket.io-client";

/** socket.io-client's `io`, to the server that this page came from, whatever port that is. */
export const io = (_url, options) => connect(window.location.origin, options);
