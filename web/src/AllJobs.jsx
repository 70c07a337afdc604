import { useJobs } from "signalbox/react";

/** All jobs of the user, also those of other windows, over the page's one connection. */
export function AllJobs() {
  const jobs = useJobs();
  if (jobs.length === 0) return <p className="hint">None that the server keeps.</p>;
  return (
    <ul className="all" data-testid="all">
      {jobs.map(({ jobId, progress, status }) => (
        <li key={jobId} data-job={jobId} data-status={status}>
          <progress value={progress} max="100" aria-label={`Progress of job ${jobId}`} />
          <span className="status">{status}</span>
        </li>
      ))}
    </ul>
  );
}
