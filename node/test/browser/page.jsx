// What react.test.mjs has in its browser. `window.view` says which part of it.
import { StrictMode, useEffect, useState } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { createSignalbox } from "signalbox/client";
import { SignalboxProvider, useConnected, useJob, useJobProgress, useJobs, useOnline, usePresence } from "signalbox/react";

/** By the name of a component: all that it has shown, one after the other. */
window.shown = {};

function Shows({ name, value }) {
  const text = JSON.stringify(value);
  useEffect(() => void (window.shown[name] ??= []).push(text));
  return <p id={name}>{text}</p>;
}

const Job = ({ name, id }) => <Shows name={name} value={useJob(id)} />;
const All = () => <Shows name="all" value={useJobs().map(({ jobId, progress }) => [jobId, progress])} />;
const Who = () => <Shows name="who" value={[...usePresence()].sort()} />;
const Bob = () => <Shows name="bob" value={useOnline("bob")} />;
const Connected = () => <Shows name="connected" value={useConnected()} />;
const Original = ({ name, id, token }) => <Shows name={name} value={useJobProgress(id, token)} />;

const client = createSignalbox({ getToken: () => window.giveToken(), reconnectionDelay: 50, reconnectionDelayMax: 100 });

function Provided() {
  return (
    <SignalboxProvider client={client}>
      <Job name="one" id="1" />
      <Job name="one-again" id="1" />
      <Job name="two" id="2" />
      <Job name="none" id={undefined} />
      <Original name="original" id="1" />
      <All />
      <Who />
      <Bob />
      <Connected />
    </SignalboxProvider>
  );
}

/** The original's hook, with a token that comes late, and is replaced when `window.replaceToken` is called. */
function Originals() {
  const [token, setToken] = useState(null);
  useEffect(() => {
    window.replaceToken = async () => setToken(await window.giveToken());
    void window.replaceToken();
  }, []);
  return (
    <>
      <Original name="one" id="1" token={token} />
      <Original name="two" id="2" token={token} />
    </>
  );
}

const view = <StrictMode>{window.view === "originals" ? <Originals /> : <Provided />}</StrictMode>;
const root = document.getElementById("root");
if (window.view === "hydrated") {
  root.innerHTML = renderToString(view);
  hydrateRoot(root, view);
} else createRoot(root).render(view);
