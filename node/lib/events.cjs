"use strict";

/** The names of the events, as clients know them. */
const WS_EVENTS = Object.freeze({
  AUTHENTICATED: "authenticated",
  UNAUTHORIZED: "unauthorized",
  USER_ONLINE: "user_online",
  USER_OFFLINE: "user_offline",
  JOB_PROGRESS: "job_progress",
  JOB_COMPLETED: "job_completed",
  JOB_FAILED: "job_failed",
  TOKEN_EXPIRING: "token_expiring",
  AUTHENTICATE: "authenticate",
});

module.exports = { WS_EVENTS };
