// bench/dropped measures the same with more users for longer, and Socket.IO beside it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { dropAgainAndAgain } from "./dropped.mjs";
import { Place } from "./works.mjs";

test("lines that drop for two seconds again and again: every outcome arrives", { timeout: 120000 }, async (t) => {
  const place = await Place.open();
  try {
    const { accepted, delivered, again } = await dropAgainAndAgain(place.server, { users: 10, seconds: 10, rate: 50, seed: Number(process.env.SEED ?? 1) });
    assert.equal(delivered, accepted);
    t.diagnostic(`${delivered} of ${accepted} outcomes, ${again} heard again`);
  } finally {
    await place.close();
  }
});
