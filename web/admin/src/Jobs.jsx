import { useState } from "react";
import { Card, Cut, Polled, State, Table } from "./parts.jsx";
import { pathOfUser } from "./server.js";
import { usePolled } from "./usePolled.js";
import * as say from "./words.js";

const PAGE = 20;
const EVERY_MS = 5000;
const FIRST = `?limit=${PAGE}`;

/** What is kept of a user's jobs, a page at a time; the server says where the next one begins. */
export function Jobs({ id }) {
  const [page, setPage] = useState(FIRST);
  const jobs = usePolled(pathOfUser(id, "jobs") + page.replace("?", "&"), EVERY_MS);
  const { next } = jobs;
  return (
    <Card title="Jobs" note="The newest event of each job that is kept, in the order in which they happened.">
      <Polled of={jobs}>{(rows) => <Table label="Jobs" columns={COLUMNS} rows={rows} keyOf={keyOf} empty="No job is kept." />}</Polled>
      {(next || page !== FIRST) && (
        <div className="row">
          <button className="quiet" disabled={page === FIRST} onClick={() => setPage(FIRST)}>
            First page of jobs
          </button>
          <button className="quiet" disabled={!next} onClick={() => setPage(next)}>
            Next page of jobs
          </button>
        </div>
      )}
    </Card>
  );
}

const keyOf = ({ jobId, queue }) => JSON.stringify([jobId, queue]);

function stateOf({ event, data }) {
  if (event === "job_completed") return { level: "good", words: "completed" };
  if (event === "job_failed") return { level: "bad", words: "failed" };
  const progress = typeof data?.progress === "number" ? `, ${data.progress} %` : "";
  return { level: "off", words: `${typeof data?.status === "string" ? data.status : "running"}${progress}` };
}

function StateOf({ job }) {
  const { level, words } = stateOf(job);
  return <State level={level}>{words}</State>;
}

function receiptOf({ event, had }) {
  if (event !== "job_completed" && event !== "job_failed") return "–";
  return had ? "received" : "not yet";
}

const COLUMNS = [
  { name: "Job", of: ({ jobId }) => <Cut>{jobId}</Cut> },
  { name: "State", of: (job) => <StateOf job={job} /> },
  { name: "Received by the user", of: receiptOf },
  { name: "Time", of: ({ time }) => say.dateAndTime(time) },
  { name: "Queue", of: ({ queue }) => <Cut>{queue}</Cut> },
];
