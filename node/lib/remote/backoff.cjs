"use strict";

const shortest = 100;
const longest = 10_000;

/** How many milliseconds to wait after so many failures in a row (from 0): from 0.1 s to 10 s, each time twice as long,
    and spread, so that many who failed together do not come back together. */
function backoff(failures, random = Math.random) {
  const most = Math.min(longest, shortest * 2 ** Math.min(failures, 20));
  return Math.max(shortest, most * (0.5 + random() / 2));
}

module.exports = { backoff, longest };
