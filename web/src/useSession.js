import { useEffect, useMemo, useState } from "react";
import { createSignalbox } from "signalbox/client";

/** The client of one of the demo's users, and the token that it showed last (null until there is one), for those who have a
    connection of their own. A real application gets its tokens at its own login. */
export function useSession(user) {
  const [known, setKnown] = useState({});
  const client = useMemo(() => {
    const getToken = async () => {
      const answer = await fetch(`/demo/token?user=${user}`);
      const { token } = await answer.json();
      setKnown({ user, token });
      return token;
    };
    return createSignalbox({ getToken });
  }, [user]);
  return { client, token: known.user === user ? known.token : null };
}

/** What has been heard of others lately. */
export function useNews(client, nameOf) {
  const [news, setNews] = useState([]);
  useEffect(() => {
    const tell = (what) => ({ userId }) => setNews((before) => [{ id: Date.now() + Math.random(), text: `${nameOf(userId)} ${what}` }, ...before].slice(0, 5));
    const told = { user_online: tell("came online"), user_offline: tell("went offline") };
    for (const [event, listener] of Object.entries(told)) client.socket.on(event, listener);
    return () => {
      for (const [event, listener] of Object.entries(told)) client.socket.off(event, listener);
    };
  }, [client, nameOf]);
  return news;
}
