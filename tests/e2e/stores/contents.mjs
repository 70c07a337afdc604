// What the program of each version was told before its store became a file of ours (make.mjs), and what that has to have kept.
const completed = (userId, jobId, result) => ({ userId, event: "job_completed", data: { jobId, result } });
const failed = (userId, jobId, error) => ({ userId, event: "job_failed", data: { jobId, error } });
const strange = `o'hara "бэт" \\ 😀`;

/** Received by a client before the stop. */
export const received = completed("grace", "received", 1);

/** Then the server was stopped, so that this is in outcomes.db. */
export const beforeTheStop = [
  completed("ada", "plain", { url: "/a" }),
  completed("ada", `it's "quoted"`, `'; DROP TABLE outcome; --`),
  completed("ada", "tab\tnew\nline\\", "\t\n\\"),
  completed("ada", "задача-😀", "итог 😀"),
  completed("ada", 7, null),
  completed("ada", "large", "large ".repeat(50_000)),
  failed("ada", "repeated", "no paper"),
  completed(strange, "one", [1.5, -1e21]),
  completed("grace", "unread", 2),
  ...Array.from({ length: 100 }, (_, i) => completed("many", `job-${i}`, i)),
];

/** Then it was killed, so that this is in outcomes.db-wal alone. */
export const beforeTheKill = [
  completed("ada", "repeated", "paper"),
  failed("lin", "last", "out of ink"),
  completed(strange, `"`, {}),
];

const all = [...beforeTheStop, ...beforeTheKill];
export const users = [...new Set(all.map(({ userId }) => userId))];

/** What a user has not received, in the order in which it is told: of each job its last outcome. */
export function unread(user) {
  const ofJobs = new Map();
  for (const { userId, event, data } of all) {
    if (userId !== user) continue;
    ofJobs.delete(data.jobId);
    ofJobs.set(data.jobId, { name: event, values: [data] });
  }
  return [...ofJobs.values()];
}
