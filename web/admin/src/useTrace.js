import { useEffect, useRef, useState } from "react";
import { eventsOf } from "./eventStream.js";
import { follow, pathOfUser } from "./server.js";

export const MOST_ROWS = 500;
const SHOW_EVERY_MS = 250; // a flood of rows is drawn a few times a second, not for each of them
const EMPTY = { state: "idle", rows: [], seen: 0, lost: 0, problem: null, since: null };

/** A live trace of a user: `state` is "idle", "running", "ended" or "failed"; `rows` are the newest ones, the newest first. */
export function useTrace(id) {
  const [trace, setTrace] = useState(EMPTY);
  const running = useRef(null);
  const stop = () => running.current?.abort();
  useEffect(() => stop, []);

  const start = async (withData) => {
    const leaving = (running.current = new AbortController());
    const collected = collector((change) => setTrace((before) => ({ ...before, ...change })));
    setTrace({ ...EMPTY, state: "running", since: Date.now() });
    try {
      await read(`${pathOfUser(id, "trace")}&data=${withData ? 1 : 0}`, leaving.signal, collected);
      collected.end({ state: "ended" });
    } catch (error) {
      collected.end(leaving.signal.aborted ? { state: "ended" } : { state: "failed", problem: sentenceOf(error) });
    }
  };
  return { ...trace, start, stop };
}

async function read(path, signal, collected) {
  for await (const { name, data } of eventsOf(await follow(path, signal))) {
    if (name === "end") return;
    collected.add(JSON.parse(data));
  }
  throw new Error("broken off");
}

const sentenceOf = ({ status, message }) => (status === undefined ? "The trace broke off." : message);

/** Gathers entries, and tells of them now and then. */
function collector(tell) {
  let rows = [], seen = 0, lost = 0, timer = null;
  const show = (more = {}) => {
    clearTimeout(timer);
    timer = null;
    tell({ rows, seen, lost, ...more });
  };
  return {
    add(entry) {
      if (entry.what === "lost") lost += entry.count;
      else rows = [{ ...entry, key: seen++ }, ...rows].slice(0, MOST_ROWS);
      timer ??= setTimeout(show, SHOW_EVERY_MS);
    },
    end: show,
  };
}
