import { useJobProgress } from "./useJobProgress.js";

const ended = (status) => status === "completed" || status === "failed";

export function Job({ job, token }) {
  const { progress, status, result, error } = useJobProgress(job.id, token);
  return (
    <li className={`job ${status}`} data-testid="job" data-status={status}>
      <div className="line">
        <strong>{job.prompt}</strong>
        <span className="status">{status}</span>
      </div>
      {!ended(status) && <progress value={progress} max="100" aria-label={`Progress of ${job.prompt}`} />}
      {!ended(status) && <span className="percent">{progress} %</span>}
      {status === "completed" && <img src={result.imageUrl} width={result.width} height={result.height} alt={job.prompt} />}
      {status === "failed" && <p className="error">{error}</p>}
    </li>
  );
}
