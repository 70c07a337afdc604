// The wall clock is stepped under a server, by NTP or by hand, or is not yet set when it starts: no outcome is lost for
// it, none is told for ever, and nobody is disconnected.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { api, connect, eventually, login, startLibrary, token } from "../e2e/support.mjs";
import { Line } from "../support/line.mjs";
import { pause } from "../support/server.mjs";
import { SteppedClock } from "../support/stepped_clock.mjs";
import { Place } from "./works.mjs";

const hour = 3_600_000, years = 10 * 365 * 24 * hour;
const steps = Object.entries({ "an hour ahead": hour, "an hour back": -hour, "25 hours ahead": 25 * hour, "25 hours back": -25 * hour, "ten years ahead": years, "ten years back": -years });
const patience = process.env.SIGNALBOX_BUILD ? 60_000 : 20_000; // a sanitizer's build is slow
const limit = { timeout: 6 * patience };
// Each second the server looks at a sixteenth of its users for what is past its time: of so many at some in any case.
const users = Array.from({ length: 100 }, (_, i) => `user-${i}`);
const aLook = () => pause(3000);

const atPlace = (run, env = {}, ahead = 0) => async () => {
  const place = await Place.open({ LOG_LEVEL: "info", ...env }, ahead);
  try {
    await run(place);
    assert.equal(place.server.child.exitCode ?? place.server.child.signalCode, null);
  } finally {
    await place.close();
  }
};

/** What the log says of the clock. */
const jumps = ({ child }) => child.log.split("\n").filter((line) => /the wall clock/.test(line));

/** Steps the clock and waits for the one line that says so. */
async function step(place, ahead) {
  const before = jumps(place.server).length;
  place.clock.set(ahead);
  await eventually(() => jumps(place.server).length > before, patience);
  return () => assert.equal(jumps(place.server).length, before + 1, place.server.child.log);
}

async function makeOutcomes(place, names = users) {
  const events = names.map((userId) => ({ userId, event: "job_completed", data: { jobId: "job", result: userId } }));
  assert.equal((await api(place.server, "POST", "/api/emit", events)).status, 202);
}

/** Who is told of an outcome at a login, and of no more than one; the pong behind it is the receipt. */
async function told(place, names = users) {
  const sockets = names.map((user) => connect(place.server, { user, transports: ["websocket"] }));
  await Promise.all(sockets.map((socket) => socket.heard("authenticated", patience)));
  // Behind what the login brought.
  assert.equal((await api(place.server, "POST", "/api/emit", names.map((userId) => ({ userId, event: "last", data: null })))).status, 202);
  await Promise.all(sockets.map((socket) => socket.heard("last", patience)));
  const heard = sockets.map((socket) => socket.inbox.all.filter(({ name }) => name === "job_completed").length);
  assert.ok(heard.every((count) => count <= 1), `${heard}`);
  const those = names.filter((_, i) => heard[i] === 1);
  for (const name of those) await eventually(async () => (await had(place, name)) !== false, patience);
  sockets.forEach((socket) => socket.disconnect());
  return those;
}

/** Whether the user's outcome was received; undefined: it is not kept. */
const had = async (place, name) => (await place.jobsOf(name))[0]?.had;
/** One after the other, so that clients in this process have their turn. */
async function areHad(place, wanted, names = users, ms = patience) {
  for (const name of names) await eventually(async () => (await had(place, name)) === wanted, ms);
}

async function allAreTold(place) {
  assert.deepEqual(await told(place), users);
  assert.deepEqual(await told(place), [], "once");
}

/** `run` for every step, all at once. */
const atEveryStep = (name, run, options = () => ({})) =>
  describe(name, { concurrency: true }, () => {
    for (const [what, ahead] of steps) {
      const { env, clock } = options(ahead);
      test(what, limit, atPlace((place) => run(place, ahead), env, clock));
    }
  });

/** `run(place, ahead, line, enter)`, where `enter(user, transport)` is a page that comes back by itself over that line. */
const overLine = (run) => async (place, ahead) => {
  const line = await Line.to(place.server.port);
  const pages = [];
  const enter = (user, transport) => {
    pages.push(connect(line, { user, transports: [transport], reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 100 }));
    return pages.at(-1);
  };
  try {
    await run(place, ahead, line, enter);
  } finally {
    pages.forEach((page) => page.disconnect());
    line.close();
  }
};

const soon = { OUTCOME_TTL_MS: "8000", OUTCOME_REPLAY_MS: "2000" };
/** Received outcomes are told again for OUTCOME_REPLAY_MS, and go after OUTCOME_TTL_MS. */
const goesAfterItsTime = async (place) => {
  assert.deepEqual(await told(place), users);
  await eventually(async () => (await told(place)).length === 0, patience);
  await areHad(place, undefined, users, 8000 + 18_000 + patience);
};

// Two of these at once: each waits most of its time.
describe("a wall clock that is stepped", { concurrency: 2 }, () => {
  atEveryStep("a clock that is wrong before the start and put right within ten minutes loses no outcome", async (place) => {
    await makeOutcomes(place);
    const once = await step(place, 0);
    await aLook();
    await allAreTold(place);
    once();
  }, (clock) => ({ clock }));

  atEveryStep("a clock that is stepped before outcomes are made loses none", async (place, ahead) => {
    const once = await step(place, ahead);
    await makeOutcomes(place);
    const [{ time }] = await place.jobsOf(users[0]);
    const { headers } = await api(place.server, "GET", "/healthz");
    for (const shown of [time, Date.parse(headers.get("date"))])
      assert.ok(Math.abs(shown - place.clock.now()) < patience, `${shown} is not the wall clock's time`);
    await aLook();
    await allAreTold(place);
    once();
  });

  atEveryStep("a clock that is stepped between an outcome and its login loses none", async (place, ahead) => {
    await makeOutcomes(place);
    await step(place, ahead);
    await aLook();
    await areHad(place, false);
    await step(place, 0);
    await aLook();
    await allAreTold(place);
  });

  atEveryStep("a clock that is stepped while the client is away loses no outcome", overLine(async (place, ahead, line, enter) => {
    const pages = users.map((user, i) => enter(user, i % 2 ? "polling" : "websocket"));
    await Promise.all(pages.map((page) => page.heard("authenticated", patience)));
    line.down();
    await makeOutcomes(place);
    await step(place, ahead);
    await aLook();
    line.up();
    await Promise.all(pages.map((page) => page.heard("job_completed", patience)));
    await areHad(place, true);
    assert.deepEqual(await told(place), [], "once");
  }));

  atEveryStep("a clock that is stepped during a replay loses none of it", overLine(async (place, ahead, line, enter) => {
    const jobs = Array.from({ length: 30 }, (_, i) => `job ${i}`);
    const events = jobs.map((jobId) => ({ userId: "ada", event: "job_completed", data: { jobId, result: "x".repeat(10_000) } }));
    assert.equal((await api(place.server, "POST", "/api/emit", events)).status, 202);
    line.slow(150_000);
    const heard = new Set();
    enter("ada", "websocket").on("job_completed", ({ jobId }) => heard.add(jobId));
    await eventually(() => heard.size > 0, patience);
    place.clock.set(ahead);
    await eventually(() => heard.size > 5, patience);
    line.cut(); // the rest comes at the next login
    await eventually(() => heard.size === jobs.length, patience);
    await eventually(async () => (await place.jobsOf("ada")).every(({ had }) => had), patience);
  }));

  atEveryStep("a clock that is stepped between a kill and the next start loses no outcome", async (place, ahead) => {
    await makeOutcomes(place);
    await place.kill();
    place.clock.set(ahead);
    await place.start();
    await aLook();
    await allAreTold(place);
  });

  atEveryStep("a clock that is wrong at a start and put right within ten minutes loses no outcome", async (place, ahead) => {
    await makeOutcomes(place);
    await place.kill();
    place.clock.set(ahead);
    await place.start();
    await aLook();
    const once = await step(place, 0);
    await aLook();
    await allAreTold(place);
    once();
  });

  for (const [what, between] of [
    ["", async () => {}],
    [", also behind a kill", async (place) => (await place.kill(), await place.start())],
  ]) {
    atEveryStep(`an outcome that was made at a wrong time goes after its own${what}`, async (place) => {
      await makeOutcomes(place);
      place.clock.set(0);
      await between(place);
      await goesAfterItsTime(place);
    }, (clock) => ({ clock, env: soon }));
  }

  test("time while the server was down counts, and unread outcomes stay for the first ten minutes all the same", limit, atPlace(async (place) => {
    const [received, unread] = [users.slice(0, 50), users.slice(50)];
    await makeOutcomes(place);
    assert.deepEqual(await told(place, received), received);
    await makeOutcomes(place, ["another"]); // whose commit has the receipts as well
    await place.kill();
    place.clock.set(25 * hour);
    await place.start();
    await areHad(place, undefined, received, 18_000 + patience);
    await areHad(place, false, unread);
    assert.deepEqual(await told(place, unread), unread);
  }));

  describe("those who are connected", { concurrency: true }, () => {
    const rightNow = () => Math.floor(Date.now() / 1000);
    const claims = {
      "without exp": () => ({}),
      "whose token lasts an hour": () => ({ exp: rightNow() + 3600, iat: rightNow() - 60 }),
      "whose token lasts twenty years": () => ({ exp: rightNow() + 20 * 365 * 24 * 3600, nbf: rightNow() - 60 }),
    };
    /** One of each kind over each transport, with what happens to it. */
    const everyKind = (server) => {
      const kinds = Object.entries(claims).flatMap(([kind, of]) => ["polling", "websocket"].map((transport) => ({ kind, of, transport })));
      return Promise.all(kinds.map(async ({ kind, of, transport }, i) => {
        const socket = await login(server, { auth: { token: token({ id: `user-${i}`, ...of() }) }, transports: [transport] });
        return Object.assign(socket, { kind: `${transport}, ${kind}`, of });
      }));
    };
    const seconds = (child) => readFileSync(`/proc/${child.pid}/stat`, "latin1").split(" ").slice(13, 15).reduce((sum, ticks) => sum + Number(ticks) / 100, 0);

    const steady = { PING_INTERVAL_MS: "300", PING_TIMEOUT_MS: String(patience), LOG_LEVEL: "info", PRESENCE_EVENTS: "off" };
    for (const [what, ahead] of steps) {
      test(`${what}: stay, are told nothing, and renew their tokens; the server idles`, limit, async () => {
        const clock = new SteppedClock();
        const server = await startLibrary({ ...clock.env, ...steady });
        try {
          const sockets = await everyKind(server);
          for (const offset of [ahead, 0, ahead, 0]) {
            clock.set(offset);
            const before = seconds(server.child);
            await pause(1000);
            assert.ok(seconds(server.child) - before < 0.5, "the server idles");
            for (const socket of sockets) assert.equal(await socket.emitWithAck("ask", 1), 1, socket.kind);
          }
          for (const socket of sockets) {
            const answer = await socket.timeout(patience).emitWithAck("authenticate", { token: token({ id: `user-${sockets.indexOf(socket)}`, ...socket.of() }) });
            assert.deepEqual([answer, socket.connected], [{ ok: true }, true], socket.kind);
            assert.deepEqual(socket.inbox.all.filter(({ name }) => name !== "connect"), [], socket.kind);
            socket.disconnect();
          }
        } finally {
          clock.close();
          await server.stop("SIGKILL");
        }
      });
    }

    test("who comes is judged by the clock as it is, and stays when it is set", limit, async () => {
      const clock = new SteppedClock();
      const server = await startLibrary({ ...clock.env, ...steady });
      const sockets = [];
      /** What a client is told at its login: "authenticated", or the code with which it is refused. */
      const enter = async (more) => {
        const socket = connect(server, { auth: { token: token({ id: "ada", ...more }) } });
        sockets.push(socket);
        const { name, values } = await socket.inbox.take(({ name }) => ["authenticated", "unauthorized"].includes(name), patience);
        return name === "authenticated" ? name : values[0].code;
      };
      const ofToday = () => ({ exp: rightNow() + 3600, nbf: rightNow() - 60, iat: rightNow() - 60 });
      try {
        for (const [ahead, today] of [[years, "token_expired"], [-years, "token_invalid"], [0, "authenticated"]]) {
          clock.set(ahead);
          assert.deepEqual([await enter(ofToday()), await enter({})], [today, "authenticated"], `${ahead}`);
          assert.equal(await enter({ exp: Math.floor(clock.now() / 1000) + 3600 }), "authenticated");
        }
        for (const socket of sockets.filter(({ connected }) => connected)) assert.equal(await socket.emitWithAck("ask", 1), 1);
        assert.equal(sockets.filter(({ connected }) => connected).length, 7);
      } finally {
        sockets.forEach((socket) => socket.disconnect());
        clock.close();
        await server.stop("SIGKILL");
      }
    });
  });
});
