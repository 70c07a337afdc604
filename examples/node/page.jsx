// The page. Its address says who the user is: open it in two tabs, or as two users.
import { useState } from "react";
import { createRoot } from "react-dom/client";
import { createSignalbox } from "signalbox/client";
import { SignalboxProvider, useConnected, useJob, useJobs, usePresence } from "signalbox/react";

const user = new URLSearchParams(location.search).get("user")?.trim();

async function ask(path, options) {
  const answer = await fetch(path, options);
  if (!answer.ok) throw new Error(answer.status < 500 ? await answer.text() : "the server could not do it");
  return answer;
}

const getToken = async () => (await ask(`/token?user=${encodeURIComponent(user)}`)).text();

async function post(path, body = {}) {
  const headers = { Authorization: `Bearer ${await getToken()}`, "Content-Type": "application/json" };
  await ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** `[send, problem]`: the problem is what went wrong with the last request, as a sentence, or empty. */
function usePost() {
  const [problem, setProblem] = useState("");
  const send = (path, body) => post(path, body).then(() => setProblem(""), (error) => setProblem(`That did not work: ${error.message}`));
  return [send, problem];
}

function SignIn() {
  return (
    <form>
      <h1>Pictures</h1>
      <p>Ask for a picture, watch it being painted, and see who else is here.</p>
      <label htmlFor="user">Your name</label>
      <input id="user" name="user" required maxLength="40" autoFocus autoComplete="nickname" />
      <button>Sign in</button>
    </form>
  );
}

function Pictures() {
  const connected = useConnected();
  return (
    <>
      <header>
        <h1>{user}’s pictures</h1>
        <p role="status">{connected ? <Online /> : "Connecting …"}</p>
        <a href="/">Sign in as somebody else</a>
      </header>
      <Order connected={connected} />
      <Jobs connected={connected} />
    </>
  );
}

function Online() {
  const others = usePresence().filter((id) => id !== user);
  return others.length ? `Online with you: ${others.join(", ")}` : "Nobody else is online";
}

function Order({ connected }) {
  const [prompt, setPrompt] = useState("A house by the sea");
  const [send, problem] = usePost();
  const order = (fails) => send("/jobs", { prompt, fails });
  return (
    <form onSubmit={(event) => (event.preventDefault(), order(false))}>
      <label htmlFor="prompt">What shall be painted?</label>
      <input id="prompt" value={prompt} onChange={(event) => setPrompt(event.target.value)} required maxLength="100" />
      <button disabled={!connected}>Paint it</button>
      <button disabled={!connected} type="button" className="quiet" onClick={() => order(true)}>Paint it, but fail at first</button>
      <p className="error" role="alert">{problem}</p>
    </form>
  );
}

function Jobs({ connected }) {
  const jobs = useJobs();
  if (!jobs.length) return connected && <p>There are no pictures yet.</p>;
  return <ul>{jobs.map(({ jobId }) => <Job key={jobId} id={jobId} />).reverse()}</ul>;
}

function Job({ id }) {
  const { progress, status, result, error } = useJob(id);
  const [send, problem] = usePost();
  if (status === "completed") return <li><img src={result.imageUrl} alt="" />{result.prompt}</li>;
  if (status === "failed")
    return (
      <li>
        <p className="error">{error}</p>
        <button onClick={() => send(`/jobs/${id}/retry`)}>Try again</button>
        <p className="error" role="alert">{problem}</p>
      </li>
    );
  return <li><progress value={progress} max="100" aria-label={status} />{status} ({progress} %)</li>;
}

const page = user ? <SignalboxProvider client={createSignalbox({ getToken })}><Pictures /></SignalboxProvider> : <SignIn />;
createRoot(document.getElementById("root")).render(page);
