// The token that a page shows: asked for anew, renewed in time, and another user's.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { at, connections, eventually, page, startProgram, status, token, watch, worker } from "./support.mjs";

describe("a page's token", () => {
  let server;
  before(async () => (server = await startProgram()));
  after(() => server.stop());

  /** A client whose getToken gives these, one after the other, and the last one again and again. */
  function opens(t, ...gives) {
    const asked = [];
    const client = page(t, server, undefined, {
      reconnectionDelay: 10,
      reconnectionDelayMax: 20,
      getToken: () => {
        asked.push(performance.now());
        return gives.length > 1 ? gives.shift()() : gives[0]();
      },
    });
    const connected = watch(client.connected);
    t.after(() => connected.end()); // or who is refused comes back for as long as somebody looks
    return { client, asked, connected };
  }
  const is = (connected) => connected;

  test("is asked for anew at each connection, and may be a promise", async (t) => {
    const { client, asked, connected } = opens(t, async () => token("ada"));
    await connected.until(is);
    client.socket.io.engine.close();
    await connected.until((it) => !it);
    await connected.until(is);
    assert.equal(asked.length, 2);
  });

  test("that ends soon is replaced on the socket that there is", async (t) => {
    const { client, asked, connected } = opens(t, () => token("bob", 5), () => token("bob")); // which a slow login does not use up
    await connected.until(is);
    const { id } = client.socket;
    const job = watch(client.job("1"));
    const ends = Date.now() + 5500;
    await eventually(() => asked.length === 2);
    await eventually(() => Date.now() > ends);
    await worker(server, "bob", "1").progress(10);
    await job.until(at(10));
    assert.equal(client.socket.id, id);
    assert.deepEqual(connected.seen, [false, true]);
  });

  test("is asked for again where getToken still had the old one, which is not shown twice", async (t) => {
    const old = token("cyd", 8); // after a slow login too it is shown again with more than two seconds to go
    const { client, asked, connected } = opens(t, () => old, () => old, () => token("cyd"));
    const shown = [];
    client.socket.onAnyOutgoing((event, argument) => event === "authenticate" && shown.push(argument.token));
    await connected.until(is);
    await eventually(() => shown.length === 1);
    assert.notEqual(shown[0], old);
    assert.equal(asked.length, 3);
  });

  test("that has run out is followed by another one at once", async (t) => {
    const { asked, connected } = opens(t, () => token("dee", -10), () => token("dee"));
    await connected.until(is);
    assert.equal(asked.length, 2);
    assert.ok(asked[1] - asked[0] < 1000);
  });

  test("that is wrong is not shown in a hurry", async (t) => {
    const { client, asked } = opens(t, () => "wrong");
    await eventually(() => asked.length === 3);
    assert.ok(asked[2] - asked[1] > 400, `${asked[2] - asked[1]} ms`);
    assert.equal(client.connected.get(), false);
  });

  test("is asked for again after getToken has failed, which is told on the console", async (t) => {
    const told = t.mock.method(console, "error", () => {});
    const { asked, connected } = opens(t, () => { throw new Error("no network"); }, () => Promise.reject(new Error("none")), () => token("eve"));
    await connected.until(is);
    assert.equal(asked.length, 3);
    assert.equal(told.mock.callCount(), 2);
    assert.match(told.mock.calls[0].arguments[0], /^signalbox: getToken failed/);
  });

  test("is not asked for in a hurry while getToken fails", async (t) => {
    t.mock.method(console, "error", () => {});
    const { asked } = opens(t, () => { throw new Error("signed out"); });
    await eventually(() => asked.length === 4);
    assert.ok(asked[2] - asked[1] > 900, `${asked[2] - asked[1]} ms`);
    assert.ok(asked[3] - asked[2] > 1900, `${asked[3] - asked[2]} ms`);
  });

  test("of another user is a new login, and nothing of the one before is left", async (t) => {
    const users = ["fay", "gus"];
    const { client, connected } = opens(t, () => token(users[0]));
    const [job, jobs, presence] = [client.job("1"), client.jobs, client.presence].map(watch);
    await worker(server, "fay", "1").complete("Fay's");
    await job.until(status("completed"));
    await presence.until((list) => list.includes("fay"));
    users.shift();
    await client.renew();
    await job.until(status("pending"));
    await connected.until(is);
    await presence.until((list) => list.includes("gus") && !list.includes("fay"));
    assert.deepEqual(jobs.seen.at(-1), []);
    await worker(server, "gus", "1").progress(10);
    await job.until(at(10));
  });

  for (const [when, later] of [["before the old one is shown", (renew) => renew()], ["once the old one is shown", setImmediate]])
    test(`of another user counts also while a login is under way, ${when}, and nothing is shown of the user before`, async (t) => {
      const users = ["jan", "kim"];
      await worker(server, "jan", "1").progress(30);
      await worker(server, "kim", "1").progress(60);
      const asked = [];
      const client = page(t, server, undefined, {
        getToken: async () => {
          asked.push(users[0]);
          const shown = token(users[0]);
          if (users.length > 1) users.shift(), later(() => client.renew());
          return shown;
        },
      });
      const job = watch(client.job("1"));
      await job.until(at(60));
      assert.deepEqual(job.seen.map(({ progress }) => progress), [0, 60]);
      assert.deepEqual(asked, ["jan", "kim"]);
      await eventually(async () => (await connections(server, "jan")) === 0);
    });

  test("of another user takes away at once what is known, if nobody looks", async (t) => {
    const { client, connected } = opens(t, () => token("lea"));
    const [job, presence] = [client.job("1"), client.presence].map(watch);
    await worker(server, "lea", "1").complete("Lea's");
    await job.until(status("completed"));
    await presence.until((list) => list.includes("lea"));
    for (const watched of [job, presence, connected]) watched.end();
    void client.renew();
    assert.equal(client.job("1").get().status, "pending");
    assert.deepEqual([client.jobs.get(), client.presence.get()], [[], []]);
    const again = watch(client.job("1"));
    assert.equal((await again.until(status("completed"))).result, "Lea's", "it was the same user");
    await watch(client.presence).until((list) => list.includes("lea"));
  });

  test("of another user counts also while nobody looks for a moment", async (t) => {
    const users = ["hal", "ida"];
    const { client, connected } = opens(t, () => token(users[0]));
    await connected.until(is);
    connected.end();
    users.shift();
    void client.renew();
    const presence = watch(client.presence);
    await presence.until((list) => list.includes("ida"));
    await eventually(async () => (await connections(server, "hal")) === 0);
  });
});
