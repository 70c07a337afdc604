import { useEffect, useState } from "react";

/** The jobs that this window has asked for as that user, newest first, also after a reload. A real application has them in its
    database: how far they are is not kept here, the server tells it again. */
export function useAskedJobs(user) {
  const key = `jobs of ${user}`;
  const [jobs, setJobs] = useState(() => JSON.parse(sessionStorage.getItem(key) ?? "[]"));
  useEffect(() => sessionStorage.setItem(key, JSON.stringify(jobs)), [key, jobs]);
  return [jobs, setJobs];
}
