import { useCallback, useEffect, useState } from "react";
import { io } from "socket.io-client";

/** A token for one of the demo's users, and how to get another. A real application gets it at its own login. */
export function useToken(user) {
  const [token, setToken] = useState(null);
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const request = new AbortController();
    fetch(`/demo/token?user=${user}`, { signal: request.signal })
      .then((response) => response.json())
      .then((answer) => setToken(answer.token))
      .catch(() => {});
    return () => request.abort();
  }, [user, asked]);
  return [token, useCallback(() => setAsked((times) => times + 1), [])];
}

/** The page's own connection: whether it stands, who is online, and what has been heard of others; names by `nameOf(id)`.
    `onRefused` is called when the token is not accepted: the demo makes a new secret at each start. */
export function useSession(token, nameOf, onRefused) {
  const [socket, setSocket] = useState(null);
  const [connected, setConnected] = useState(false);
  const [online, setOnline] = useState([]);
  const [news, setNews] = useState([]);

  useEffect(() => {
    if (!token) return undefined;
    const own = io("/", { auth: { token } });
    const refresh = () => own.emit("who_is_online", (users) => setOnline(users));
    const hear = (text) => {
      setNews((before) => [{ id: Date.now() + Math.random(), text }, ...before].slice(0, 5));
      refresh();
    };
    own.on("authenticated", () => {
      setConnected(true);
      refresh();
    });
    own.on("unauthorized", onRefused);
    own.on("disconnect", () => {
      setConnected(false);
      setOnline([]);
    });
    own.on("user_online", ({ userId }) => hear(`${nameOf(userId)} came online`));
    own.on("user_offline", ({ userId }) => hear(`${nameOf(userId)} went offline`));
    setSocket(own);
    return () => own.disconnect();
  }, [token, nameOf, onRefused]);

  return { socket, connected, online, news };
}
