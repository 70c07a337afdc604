// Every code block of the original system's documentation: the browser's as they stand there, the worker's through C++ and through HTTP.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { io } from "socket.io-client";

import { api, connect, emit, eventually, Inbox, login, startLibrary, token, transports } from "./support.mjs";

let server;
before(async () => (server = await startLibrary()));
after(() => server.stop());

describe("the client connection of the original", () => {
  // The block as it stands, but for the address and the token's text.
  const block = `
const socket = io("http://localhost:3000", {
  auth: { token: "your-jwt-token" }
});

// Listen for authentication
socket.on("authenticated", (data) => {
  console.log("Connected as:", data.user.email);
});

// Listen for job updates
socket.on("job_progress", (data) => {
  console.log(\`Job \${data.jobId}: \${data.progress}%\`);
  updateProgressBar(data.progress);
});

socket.on("job_completed", (data) => {
  console.log("Job done:", data.result);
});

socket.on("job_failed", (data) => {
  console.error("Job failed:", data.error);
});

// Listen for user presence
socket.on("user_online", (data) => {
  console.log(\`User \${data.userId} is online\`);
});

socket.on("user_offline", (data) => {
  console.log(\`User \${data.userId} is offline\`);
});
return socket;`;
  const run = (user) => {
    const lines = new Inbox();
    const put = (...line) => lines.put(line);
    const code = block.replace("http://localhost:3000", server.url).replace("your-jwt-token", token({ id: user, email: `${user}@example.com` }));
    const socket = new Function("io", "console", "updateProgressBar", code)(io, { log: put, error: put }, (value) => put("bar", value));
    return { socket, lines };
  };

  test("is told of its login, its jobs and who comes and goes", async () => {
    const { socket, lines } = run("ada");
    assert.deepEqual(await lines.take(), ["Connected as:", "ada@example.com"]);

    await server.order("generate_image", { user: "ada", jobId: "7" });
    for (const line of [["Job 7: 10%"], ["bar", 10], ["Job 7: 50%"], ["bar", 50],
      ["Job done:", { imageUrl: "https://example.com/7.png", width: 512, height: 512 }]]) assert.deepEqual(await lines.take(), line);

    await server.order("generate_image", { user: "ada", jobId: "8", error: "out of paint" });
    for (const line of [["Job 8: 10%"], ["bar", 10], ["Job 8: 50%"], ["bar", 50], ["Job failed:", "out of paint"]])
      assert.deepEqual(await lines.take(), line);

    const grace = await login(server, { user: "grace" });
    assert.deepEqual(await lines.take(), ["User grace is online"]);
    grace.disconnect();
    assert.deepEqual(await lines.take(), ["User grace is offline"]);
    socket.disconnect();
  });
});

for (const [name, over] of Object.entries(transports)) {
  describe(`workers, ${name}`, () => {
    const user = `painter by ${name}`; // of their own: a login is told the outcomes that its user had lately
    let ada, bob;
    before(async () => {
      ada = await login(server, { user, transports: over });
      bob = await login(server, { user: "bob", transports: over });
    });
    after(() => [ada, bob].forEach((socket) => socket.disconnect()));
    const hears = async (...events) => {
      for (const [event, data] of events) assert.deepEqual((await ada.inbox.take(({ name: got }) => got.startsWith("job_"))), { name: event, values: [data] });
    };
    const progress = (jobId, value, status) => ["job_progress", { jobId, progress: value, status }];
    const image = { imageUrl: "https://example.com/j.png", width: 512, height: 512 };

    test("the worker in the same process: progress and completion", async () => {
      assert.deepEqual(await server.order("quick_job", { user, jobId: "q" }), { sockets: 1 });
      await hears(progress("q", 50, "processing"), ["job_completed", { jobId: "q", result: { imageUrl: "..." } }]);
    });

    test("the whole image generation worker, to its completion and to its failure", async () => {
      await server.order("generate_image", { user, jobId: "j" });
      await hears(progress("j", 10, "initializing"), progress("j", 50, "generating"), ["job_completed", { jobId: "j", result: image }]);
      await server.order("generate_image", { user, jobId: "j", error: "no GPU" });
      await hears(progress("j", 10, "initializing"), progress("j", 50, "generating"), ["job_failed", { jobId: "j", error: "no GPU" }]);
    });

    test("the same worker in JavaScript, through HTTP", async () => {
      const worker = async (job) => {
        const send = async (event, data) => assert.equal((await emit(server, job.userId, event, data)).status, 202);
        try {
          await send("job_progress", { jobId: job.id, progress: 10, status: "initializing" });
          await send("job_progress", { jobId: job.id, progress: 50, status: "generating" });
          await send("job_completed", { jobId: job.id, result: job.generate() });
        } catch (error) {
          await send("job_failed", { jobId: job.id, error: error.message });
        }
      };
      await worker({ id: "h", userId: user, generate: () => image });
      await hears(progress("h", 10, "initializing"), progress("h", 50, "generating"), ["job_completed", { jobId: "h", result: image }]);
      await worker({ id: "i", userId: user, generate: () => { throw new Error("no paper"); } });
      await hears(progress("i", 10, "initializing"), progress("i", 50, "generating"), ["job_failed", { jobId: "i", error: "no paper" }]);
    });

    test("any event name, and nobody else hears it", async () => {
      assert.deepEqual(await server.order("emit", { user, event: "event_name", data: { data: 1 } }), { sockets: 1 });
      assert.deepEqual(await ada.heard("event_name"), { data: 1 });
      assert.deepEqual(bob.inbox.all.filter((item) => item.name.startsWith("job_") || item.name === "event_name"), []);
    });
  });
}

describe("user presence", () => {
  test("is told through C++ and through HTTP alike", async () => {
    const nobody = async () => (await server.order("presence", { user: "ada" })).count === 0;
    await eventually(nobody);
    const tabs = [await login(server, { user: "ada" }), await login(server, { user: "ada" })];
    const grace = await login(server, { user: "grace" });
    assert.deepEqual(await server.order("presence", { user: "ada" }), { online: true, users: ["ada", "grace"], count: 2, connections: 2 });
    assert.deepEqual((await api(server, "GET", "/api/presence")).body, { count: 2, users: ["ada", "grace"] });
    assert.deepEqual((await api(server, "GET", "/api/presence/ada")).body, { userId: "ada", online: true, connections: 2 });
    for (const socket of [...tabs, grace]) socket.disconnect();
    await eventually(nobody);
    assert.deepEqual(await server.order("presence", { user: "ada" }), { online: false, users: [], count: 0, connections: 0 });
  });
});

describe("the events of the original", () => {
  test("authenticated carries the claims under user, unauthorized says why and the socket is sent away", async () => {
    const socket = connect(server, { auth: { token: token({ id: "ada", email: "ada@example.com", role: "painter" }) } });
    assert.deepEqual(await socket.heard("authenticated"), { user: { id: "ada", email: "ada@example.com", role: "painter" } });
    socket.disconnect();
    const stranger = connect(server, { auth: { token: "wrong" } });
    assert.equal((await stranger.heard("unauthorized")).code, "token_invalid");
    assert.equal(await stranger.heard("disconnect"), "io server disconnect");
  });
});
