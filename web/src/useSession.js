import { useCallback, useEffect, useRef, useState } from "react";
import { io } from "socket.io-client";

/** A token for one of the demo's users (null until it is there), and how to get another. A real application gets it at its own login. */
export function useToken(user) {
  const [known, setKnown] = useState({});
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const request = new AbortController();
    fetch(`/demo/token?user=${user}`, { signal: request.signal })
      .then((response) => response.json())
      .then((answer) => setKnown({ user, token: answer.token }))
      .catch(() => {});
    return () => request.abort();
  }, [user, asked]);
  return [known.user === user ? known.token : null, useCallback(() => setAsked((times) => times + 1), [])];
}

/** The page's own connection: whether it stands, who is online, and what has been heard of others; names by `nameOf(id)`.
    `renewToken` is called when another token is needed: this one ends soon, or is not accepted, since the demo makes a new secret at each
    start. The socket stays: the other token, which is of the same user, is shown on it. */
export function useSession(token, nameOf, renewToken) {
  const [socket, setSocket] = useState(null);
  const [connected, setConnected] = useState(false);
  const [online, setOnline] = useState([]);
  const [news, setNews] = useState([]);
  const newest = useRef(token);

  useEffect(() => {
    const own = io("/", { auth: (login) => login({ token: newest.current }) });
    const refresh = () => own.emit("who_is_online", (users) => setOnline(users));
    const hear = (text) => {
      setNews((before) => [{ id: Date.now() + Math.random(), text }, ...before].slice(0, 5));
      refresh();
    };
    own.on("authenticated", () => {
      setConnected(true);
      refresh();
    });
    own.on("token_expiring", renewToken);
    own.on("unauthorized", renewToken);
    own.on("disconnect", () => {
      setConnected(false);
      setOnline([]);
    });
    own.on("user_online", ({ userId }) => hear(`${nameOf(userId)} came online`));
    own.on("user_offline", ({ userId }) => hear(`${nameOf(userId)} went offline`));
    setSocket(own);
    return () => own.disconnect();
  }, [nameOf, renewToken]);

  useEffect(() => {
    if (!socket || token === newest.current) return;
    newest.current = token;
    if (socket.connected) socket.emit("authenticate", { token });
    else if (!socket.active) socket.connect(); // the server has sent it away, after which it does not come back by itself
  }, [socket, token]);

  return { socket, connected, online, news };
}
