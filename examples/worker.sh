#!/usr/bin/env bash
# A queue worker with curl: worker.sh USER JOB, with API_KEY and SIGNALBOX_URL from the environment.
set -euo pipefail
url=${SIGNALBOX_URL:-http://localhost:3000}
user=${1:?usage: worker.sh USER JOB} job=${2:?usage: worker.sh USER JOB}

# emit EVENT JSON [IDEMPOTENCY-KEY]
emit() {
  curl --fail-with-body --silent --show-error --retry 3 "$url/api/emit" \
    -H "Authorization: Bearer $API_KEY" -H "Content-Type: application/json" ${3:+-H "Idempotency-Key: $3"} \
    -d "{\"userId\":\"$user\",\"event\":\"$1\",\"data\":$2}"
  echo
}

emit job_progress "{\"jobId\":\"$job\",\"progress\":10,\"status\":\"initializing\"}"
emit job_progress "{\"jobId\":\"$job\",\"progress\":50,\"status\":\"generating\"}"
# The key makes a repeat harmless: an outcome sent twice arrives once.
emit job_completed "{\"jobId\":\"$job\",\"result\":{\"imageUrl\":\"https://example.com/$job.png\"}}" "$job-completed"
