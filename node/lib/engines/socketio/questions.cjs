"use strict";

// The questions that every client may ask with an acknowledgement: `jobs`, `job_status`, `presence`. Answers are
// arguments.

const mostJobs = 1000;
const wrongOptions = "jobs takes an object with after, the `next` of an answer, and limit, a whole number from 1 to 1000; or nothing.";

const mostUsers = 10_000;
const usualUsers = 1000;
const wrongPresence = "presence takes an object with after, a user id, and limit, a whole number from 1 to 10000; or nothing.";

const isOptions = (value) => value == null || (typeof value === "object" && !Array.isArray(value));
const whole = (value) => Number.isSafeInteger(value) && value >= 0;

const shown = (jobId, { event, data, time, receivedAt }) => ({ jobId, event, data, time: Math.floor(time), had: receivedAt !== undefined });

function jobs(ledger, user, options, { now, maxBytes }) {
  const { after = 0, limit = mostJobs } = options ?? {};
  if (!isOptions(options) || !whole(after) || !whole(limit) || limit < 1 || limit > mostJobs) return [{ error: wrongOptions }];
  const found = ledger.after(user, after, now);
  let bytes = 0, end = 0;
  while (end < found.length && end < limit && (end === 0 || bytes + found[end][1].size <= maxBytes)) bytes += found[end++][1].size;
  const page = found.slice(0, end).map(([jobId, entry]) => shown(jobId, entry));
  return end < found.length ? [page, { next: found[end - 1][1].number }] : [page];
}

function jobStatus(ledger, user, id, now) {
  const jobId = typeof id === "string" ? id : id === undefined ? "" : JSON.stringify(id);
  const entry = ledger.find(user, jobId, now);
  return [entry ? shown(jobId, entry) : { jobId, event: null, data: null, time: null, had: false }];
}

/** A page of who is online; undefined: the options are wrong. */
function usersPage(presence, options) {
  const { after = "", limit = usualUsers } = options ?? {};
  if (!isOptions(options) || typeof after !== "string" || !whole(limit) || limit < 1 || limit > mostUsers) return undefined;
  const behind = Buffer.from(after);
  const users = presence.users().filter((id) => Buffer.compare(Buffer.from(id), behind) > 0);
  return { count: presence.count, users: users.slice(0, limit) };
}

const presenceOff = { error: "PRESENCE_EVENTS is off: this server tells nobody who is online." };
const whoIsOnline = (presence, options) => [usersPage(presence, options) ?? { error: wrongPresence }];

module.exports = { jobs, jobStatus, presenceOff, usersPage, whoIsOnline };
