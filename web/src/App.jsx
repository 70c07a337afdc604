import { useState } from "react";
import { SignalboxProvider, useConnected, usePresence } from "signalbox/react";
import { AllJobs } from "./AllJobs.jsx";
import { Job } from "./Job.jsx";
import { useAskedJobs } from "./useAskedJobs.js";
import { useNews, useSession } from "./useSession.js";

const USERS = { ada: "Ada", grace: "Grace" };
const nameOf = (id) => USERS[id] ?? id;
const PROMPTS = ["A signal box at dusk", "A train in the rain", "Hills and a viaduct", "A station clock"];

const userOfPage = () => {
  const wanted = new URLSearchParams(window.location.search).get("user");
  return wanted in USERS ? wanted : "ada";
};

export function App() {
  const [user, setUser] = useState(userOfPage);
  const { client, token } = useSession(user);
  const other = user === "ada" ? "grace" : "ada";
  return (
    <main>
      <header>
        <h1>Signalbox</h1>
        <p>Your job’s progress, its result, and who is online: as they happen.</p>
        <nav aria-label="Who you are">
          {Object.entries(USERS).map(([id, name]) => (
            <button key={id} className="user" aria-pressed={id === user} onClick={() => setUser(id)}>
              {name}
            </button>
          ))}
          <a href={`/?user=${other}`} target="_blank" rel="noreferrer">
            Open a window as {USERS[other]}
          </a>
        </nav>
      </header>
      <SignalboxProvider client={client}>
        <Desk key={user} user={user} client={client} token={token} />
      </SignalboxProvider>
    </main>
  );
}

function Desk({ user, client, token }) {
  const connected = useConnected();
  const online = usePresence();
  const news = useNews(client, nameOf);
  const [jobs, setJobs] = useAskedJobs(user);

  const start = (fail) => {
    const prompt = PROMPTS[jobs.length % PROMPTS.length];
    const job = { id: `${Date.now()}-${Math.random().toString(36).slice(2)}`, prompt };
    setJobs([job, ...jobs].slice(0, 6));
    client.socket.emit("start_job", { jobId: job.id, prompt, fail });
  };

  return (
    <div className="desk">
      <section>
        <h2>Jobs</h2>
        <div className="actions">
          <button disabled={!connected} onClick={() => start(false)}>
            Make a picture
          </button>
          <button disabled={!connected} className="quiet" onClick={() => start(true)}>
            Make one that fails
          </button>
        </div>
        {jobs.length === 0 && <p className="hint">Nothing asked for yet.</p>}
        <ul className="jobs">
          {token && jobs.map((job) => <Job key={job.id} job={job} token={token} />)}
        </ul>
      </section>
      <div className="side">
        <section aria-live="polite">
          <h2>Online now</h2>
          <p className={connected ? "connection on" : "connection"}>{connected ? "connected" : "connecting …"}</p>
          <ul className="online" data-testid="online">
            {connected && online.map((id) => (
              <li key={id}>{nameOf(id)}</li>
            ))}
          </ul>
          <ul className="news" data-testid="news">
            {news.map((item) => (
              <li key={item.id}>{item.text}</li>
            ))}
          </ul>
        </section>
        <section>
          <h2>All your jobs</h2>
          <AllJobs />
        </section>
      </div>
    </div>
  );
}
