// What the page knows of jobs and of who is online, whatever the order in which it is told.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Jobs, PENDING } from "../../browser/jobs.js";
import { Presence } from "../../browser/presence.js";
import { ALL } from "../../browser/topics.js";

const progress = (jobId, value) => ["job_progress", { jobId, progress: value, status: "working" }];
const completed = (jobId, result) => ["job_completed", { jobId, result }];
const failed = (jobId, error) => ["job_failed", { jobId, error }];
const answer = ([event, data]) => ({ jobId: data.jobId, event, data });

function list(jobs, ids) {
  jobs.beginList();
  jobs.listed(ids);
}

function loggedIn() {
  const jobs = new Jobs();
  jobs.begin(1);
  return jobs;
}

describe("a job", () => {
  test("is what its newest event says", () => {
    const jobs = loggedIn();
    assert.equal(jobs.state("1"), PENDING);
    jobs.hear(...progress("1", 30));
    assert.deepEqual(jobs.state("1"), { progress: 30, status: "working", result: null, error: null });
    jobs.hear(...failed("1", "no paper"));
    assert.deepEqual(jobs.state("1"), { progress: 30, status: "failed", result: null, error: "no paper" });
    jobs.hear(...progress("1", 10));
    assert.deepEqual(jobs.state("1"), { progress: 10, status: "working", result: null, error: null }, "it is tried again");
    jobs.hear(...completed("1", { url: "/a" }));
    assert.deepEqual(jobs.state("1"), { progress: 100, status: "completed", result: { url: "/a" }, error: null });
  });

  test("has an id that is text or a number, and is else none", () => {
    const jobs = loggedIn();
    jobs.hear(...progress(7, 30));
    assert.equal(jobs.state("7").progress, 30);
    for (const data of [undefined, null, {}, { jobId: null }, { jobId: { a: 1 } }]) jobs.hear("job_progress", data);
    assert.deepEqual(jobs.list.map(({ jobId }) => jobId), ["7"]);
  });

  test("that is told again stays the same object, and nobody is called", () => {
    const jobs = loggedIn();
    let calls = 0;
    jobs.watchers.listen("1", () => ++calls);
    jobs.hear(...completed("1", { url: "/a" }));
    const [state, list] = [jobs.state("1"), jobs.list];
    jobs.begin(2);
    jobs.hear(...completed("1", { url: "/a" }));
    assert.equal(jobs.state("1"), state);
    assert.equal(jobs.list, list);
    assert.equal(calls, 1);
  });

  test("calls those who look at it and at all, and no others", () => {
    const jobs = loggedIn();
    const called = [];
    for (const topic of ["1", "2", ALL]) jobs.watchers.listen(topic, () => called.push(topic));
    jobs.hear(...progress("1", 30));
    assert.deepEqual(called, ["1", ALL]);
  });
});

describe("an answer", () => {
  test("says what was not heard", () => {
    const jobs = loggedIn();
    jobs.watchers.listen("1", () => {});
    assert.deepEqual(jobs.unsure, ["1"]);
    jobs.learn(answer(completed("1", "a")));
    assert.equal(jobs.state("1").result, "a");
    assert.deepEqual(jobs.unsure, []);
  });

  test("does not take back what was heard since the login", () => {
    const jobs = loggedIn();
    jobs.hear(...completed("1", "a"));
    jobs.learn(answer(progress("1", 90)));
    assert.equal(jobs.state("1").status, "completed");
  });

  test("changes nothing where the server has nothing, or cannot read it", () => {
    const jobs = loggedIn();
    jobs.hear(...completed("1", "a"));
    jobs.begin(2);
    jobs.learn({ jobId: "1", event: null, data: null });
    assert.equal(jobs.state("1").status, "completed");
    jobs.learn({ jobId: "2", event: null, data: null });
    assert.deepEqual(jobs.list.map(({ jobId }) => jobId), ["1"]);
  });

  test("that overtook older progress is not taken back by it", () => {
    const jobs = loggedIn();
    jobs.watchers.listen("1", () => {});
    jobs.learn(answer(completed("1", "a")));
    assert.equal(jobs.hear(...progress("1", 90)), true, "somebody should ask");
    assert.equal(jobs.state("1").status, "completed");
    assert.deepEqual(jobs.unsure, ["1"]);
    jobs.learn(answer(completed("1", "a")));
    assert.equal(jobs.state("1").status, "completed");
    assert.deepEqual(jobs.unsure, []);
  });

  test("gives way to a retry, whose newest progress is the one that was heard", () => {
    const jobs = loggedIn();
    jobs.learn(answer(failed("1", "no paper")));
    jobs.hear(...progress("1", 10));
    jobs.hear(...progress("1", 20));
    jobs.learn(answer(progress("1", 10)));
    assert.equal(jobs.state("1").progress, 20);
    assert.equal(jobs.hear(...progress("1", 30)), false);
    assert.equal(jobs.state("1").progress, 30);
  });

  test("of progress is not an outcome, though the worker calls it completed", () => {
    const jobs = loggedIn();
    jobs.learn(answer(["job_progress", { jobId: "1", progress: 100, status: "completed" }]));
    assert.equal(jobs.hear(...progress("1", 10)), false);
    assert.equal(jobs.state("1").progress, 10);
  });

  test("to a doubt that is out of date by then is not taken", () => {
    const jobs = loggedIn();
    jobs.learn(answer(failed("1", "no paper")));
    jobs.hear(...progress("1", 10));
    jobs.hear(...completed("1", "a"));
    jobs.learn(answer(progress("1", 10)));
    assert.equal(jobs.state("1").status, "completed");
  });
});

describe("a new login", () => {
  test("keeps what is shown, asks for it again, and believes what is told then", () => {
    const jobs = loggedIn();
    jobs.watchers.listen("1", () => {});
    jobs.learn(answer(failed("1", "no paper")));
    jobs.begin(2);
    assert.equal(jobs.state("1").status, "failed");
    assert.deepEqual(jobs.unsure, ["1"]);
    assert.equal(jobs.hear(...progress("1", 10)), false, "a retry, which the login tells");
    assert.equal(jobs.state("1").progress, 10);
    assert.deepEqual(jobs.unsure, []);
  });

  test("of which too many are remembered is forgotten with all that are too many, once nobody looks at it", () => {
    const jobs = loggedIn();
    const ends = [];
    for (let i = 0; i < 2000; ++i) {
      ends.push(jobs.watchers.listen(`looked at ${i}`, () => {}));
      jobs.hear(...progress(`looked at ${i}`, 1));
    }
    for (const end of ends) end();
    jobs.hear(...progress("new", 1));
    assert.equal(jobs.list.length, 1000);
    assert.equal(jobs.list.at(-1).jobId, "new");
  });

  test("asks for a job that was forgotten, though the list had it, when somebody looks at it again", () => {
    const jobs = loggedIn();
    jobs.watchers.listen(ALL, () => {});
    const ids = Array.from({ length: 1500 }, (_, i) => `${i}`);
    for (const id of ids) jobs.learn(answer(completed(id, "a")));
    list(jobs, ids);
    const looked = ["0", "1", "2", "3", "4", "none"];
    for (const id of looked) jobs.watchers.listen(id, () => {});
    assert.deepEqual(jobs.unsure, looked);
    assert.equal(jobs.wantsList, false, "they are asked for one by one");
    for (const id of looked.slice(0, -1)) jobs.learn(answer(completed(id, "a")));
    jobs.learn({ jobId: "none", event: null, data: null });
    assert.deepEqual(jobs.unsure, []);
    assert.equal(jobs.state("0").result, "a");
  });

  test("of another user forgets all", () => {
    const jobs = loggedIn();
    const called = [];
    for (const topic of ["1", ALL]) jobs.watchers.listen(topic, () => called.push(topic));
    jobs.hear(...completed("1", "a"));
    called.length = 0;
    jobs.clear();
    assert.equal(jobs.state("1"), PENDING);
    assert.deepEqual(jobs.list, []);
    assert.deepEqual(called, ["1", ALL]);
  });
});

describe("the list", () => {
  test("is wanted once a login by who looks at all", () => {
    const jobs = loggedIn();
    assert.equal(jobs.wantsList, false);
    jobs.watchers.listen(ALL, () => {});
    assert.equal(jobs.wantsList, true);
    list(jobs, []);
    assert.equal(jobs.wantsList, false);
    assert.deepEqual(jobs.unsure, []);
    jobs.begin(2);
    assert.equal(jobs.wantsList, true);
  });

  test("whose jobs were forgotten before it was whole is asked for again", () => {
    const jobs = loggedIn();
    jobs.watchers.listen(ALL, () => {});
    jobs.beginList();
    jobs.learn(answer(completed("1", "a")));
    jobs.clear();
    jobs.listed(["1"]);
    assert.equal(jobs.wantsList, true);
  });

  test("is in the order of the first answer, and later ones move nothing", () => {
    const jobs = loggedIn();
    jobs.watchers.listen(ALL, () => {});
    const ids = () => jobs.list.map(({ jobId }) => jobId);
    for (const id of ["3", "1", "2"]) jobs.hear(...progress(id, 1));
    list(jobs, ["1", "2", "3"]);
    assert.deepEqual(ids(), ["1", "2", "3"]);
    jobs.begin(2);
    jobs.hear(...progress("4", 1));
    list(jobs, ["3", "4", "1", "2"]);
    assert.deepEqual(ids(), ["1", "2", "3", "4"]);
  });

  test("keeps the objects of jobs that have not changed", () => {
    const jobs = loggedIn();
    for (const id of ["1", "2"]) jobs.hear(...progress(id, 1));
    const before = jobs.list;
    jobs.hear(...progress("2", 2));
    assert.notEqual(jobs.list, before);
    assert.equal(jobs.list[0], before[0]);
    assert.deepEqual(jobs.list[1], { jobId: "2", progress: 2, status: "working", result: null, error: null });
  });

  test("has at most 1,000 jobs that nobody looks at: the oldest go", () => {
    const jobs = loggedIn();
    jobs.watchers.listen("0", () => {});
    for (let id = 0; id < 1500; ++id) jobs.hear(...progress(`${id}`, 1));
    assert.equal(jobs.list.length, 1001);
    assert.equal(jobs.list[0].jobId, "0", "somebody looks at this one");
    assert.equal(jobs.list[1].jobId, "500");
  });

  test("has all jobs that somebody looks at, however many, and the newest of the others", () => {
    const jobs = loggedIn();
    const ids = Array.from({ length: 1100 }, (_, i) => `looked at ${i}`);
    for (const id of ids) jobs.watchers.listen(id, () => {});
    for (const id of ids) jobs.learn(answer(progress(id, 1)));
    jobs.hear(...progress("new", 5));
    assert.deepEqual(jobs.list.map(({ jobId }) => jobId), [...ids, "new"]);
    assert.deepEqual(jobs.unsure, []);
  });
});

describe("who is online", () => {
  function asked(users, meanwhile = () => {}) {
    const presence = new Presence();
    presence.watchers.listen(ALL, () => {});
    presence.begin(1);
    presence.beginAnswer();
    meanwhile(presence);
    presence.learn(users);
    presence.endAnswer();
    return presence;
  }

  test("is the answer, and what is heard from then on", () => {
    const presence = asked(["ada", "bob"]);
    assert.deepEqual(presence.list, ["ada", "bob"]);
    presence.hear("cyd", true);
    presence.hear("ada", false);
    assert.deepEqual(presence.list, ["bob", "cyd"]);
  });

  test("is newer where it was heard between question and answer", () => {
    const presence = asked(["ada", "bob"], (it) => {
      it.hear("ada", false);
      it.hear("cyd", true);
    });
    assert.deepEqual(presence.list, ["bob", "cyd"]);
  });

  test("stays as it was until the answer of the next login is whole", () => {
    const presence = asked(["ada", "bob"]);
    const before = presence.list;
    presence.begin(2);
    assert.equal(presence.wanted, true);
    presence.beginAnswer();
    presence.learn(["bob"]);
    assert.equal(presence.list, before);
    presence.learn(["ada"]);
    presence.endAnswer();
    assert.equal(presence.list, before, "the same users are the same list");
    assert.equal(presence.wanted, false);
  });

  test("is asked three times a login at most, as a server may not tell it", () => {
    const presence = new Presence();
    presence.watchers.listen("ada", () => {});
    presence.begin(1);
    let asks = 0;
    for (; presence.wanted; ++asks) presence.beginAnswer();
    assert.equal(asks, 3);
    presence.begin(2);
    assert.equal(presence.wanted, true);
  });

  test("is nobody while nobody wants to know it", () => {
    const presence = new Presence();
    presence.begin(1);
    presence.hear("ada", true);
    assert.equal(presence.wanted, false);
    assert.deepEqual(presence.list, []);
  });
});
