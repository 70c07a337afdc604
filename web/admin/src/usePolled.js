import { useCallback, useEffect, useRef, useState } from "react";
import { get } from "./server.js";

const NOTHING = { data: null, next: null, problem: null };

/**
 * What the server says at `path`, asked for again `everyMs` behind each answer while the page is visible. After a failure
 * `problem` is a sentence, and `data` is what was heard before it. `refresh` asks at once.
 */
export function usePolled(path, everyMs) {
  const [state, setState] = useState(NOTHING);
  const ask = useRef(() => {});
  useEffect(() => {
    const polling = poll(path, everyMs, setState);
    ask.current = polling.ask;
    return polling.end;
  }, [path, everyMs]);
  const refresh = useCallback(() => ask.current(), []);
  return { ...state, refresh };
}

function poll(path, everyMs, tell) {
  const leaving = new AbortController();
  let timer, asking = false, askAgain = false;

  async function round() {
    asking = true;
    const outcome = await hear(path, leaving.signal);
    asking = false;
    if (leaving.signal.aborted) return;
    tell((before) => ({ ...before, ...outcome }));
    if (askAgain) ask();
    else if (!document.hidden) timer = setTimeout(round, everyMs);
  }
  function ask() {
    clearTimeout(timer);
    askAgain = asking;
    if (!asking) round();
  }
  function look() {
    if (document.hidden) clearTimeout(timer);
    else if (!asking) ask();
  }

  document.addEventListener("visibilitychange", look);
  if (!document.hidden) round();
  const end = () => {
    clearTimeout(timer);
    leaving.abort();
    document.removeEventListener("visibilitychange", look);
  };
  return { ask, end };
}

async function hear(path, signal) {
  try {
    const { body, next } = await get(path, signal);
    return { data: body, next, problem: null };
  } catch (error) {
    return { problem: error.message };
  }
}
