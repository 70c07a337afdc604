import { useEffect, useState } from "react";
import { io } from "socket.io-client";

export function useJobProgress(jobId, token) {
  const [progress, setProgress] = useState(0);
  const [status, setStatus] = useState("pending");
  const [result, setResult] = useState(null);
  const [error, setError] = useState(null);
  
  useEffect(() => {
    const socket = io("http://localhost:3000", {
      auth: { token }
    });
    
    socket.on("job_progress", (data) => {
      if (data.jobId === jobId) {
        setProgress(data.progress);
        setStatus(data.status);
      }
    });
    
    socket.on("job_completed", (data) => {
      if (data.jobId === jobId) {
        setProgress(100);
        setStatus("completed");
        setResult(data.result);
      }
    });
    
    socket.on("job_failed", (data) => {
      if (data.jobId === jobId) {
        setStatus("failed");
        setError(data.error);
      }
    });
    
    return () => socket.disconnect();
  }, [jobId, token]);
  
  return { progress, status, result, error };
}
