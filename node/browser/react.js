import { createContext, createElement, useContext, useEffect, useMemo, useSyncExternalStore } from "react";
import { createSignalbox } from "./client.js";
import { PENDING } from "./jobs.js";

const Context = createContext(null);

/** Gives its client to the hooks below it, and keeps the connection open while it is on the page. */
export function SignalboxProvider({ client, children }) {
  useEffect(() => client.hold(), [client]);
  return createElement(Context.Provider, { value: client }, children);
}

export function useSignalbox() {
  const client = useContext(Context);
  if (!client) throw new Error("There is no Signalbox client here: put <SignalboxProvider client={…}> around this component.");
  return client;
}

const useStore = ({ subscribe, get, initial }) => useSyncExternalStore(subscribe, get, () => initial);
const nothing = { subscribe: () => () => {}, get: () => PENDING, initial: PENDING };

/** A job's store; a job without an id is pending. */
const useJobOf = (client, jobId) =>
  useStore(useMemo(() => (client && jobId != null ? client.job(jobId) : nothing), [client, jobId]));

export const useJob = (jobId) => useJobOf(useSignalbox(), jobId);
export const useJobs = () => useStore(useSignalbox().jobs);
export const usePresence = () => useStore(useSignalbox().presence);
export const useConnected = () => useStore(useSignalbox().connected);

export function useOnline(userId) {
  const client = useSignalbox();
  return useStore(useMemo(() => client.online(userId), [client, userId]));
}

// The client of a page without a provider, to the page's own origin, and the token that its components gave last.
let pageClient;
let pageToken;

function showOnPage(token) {
  if (token === pageToken) return;
  pageToken = token;
  pageClient.renew();
}

export function useJobProgress(jobId, token) {
  const provided = useContext(Context);
  const client = provided ?? (token ? (pageClient ??= createSignalbox({ getToken: () => pageToken })) : null);
  useEffect(() => {
    if (!provided && token) showOnPage(token); // before the store is subscribed to, and the connection opened
  }, [provided, token]);
  return useJobOf(client, jobId);
}
