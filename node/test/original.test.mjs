// Every block of server code in the original's documentation, cut out of a copy of it: as it stands there, but for the
// place that is imported from.
import assert from "node:assert/strict";
import { test } from "node:test";

import { blockWith, imported, run, serverBlocks, workerBlock, workerEnd, workerTells } from "./blocks.mjs";
import { eventually } from "./support.mjs";

test("the document has the blocks that these tests are of", () => assert.equal(serverBlocks.length, 5));

for (const type of ["mjs", "cjs"]) {
  test(`a worker sends progress and completion (${type})`, async (t) => {
    const { ada } = await run(t, workerBlock, workerEnd, type);
    await eventually(() => ada.inbox.length === 2);
    assert.deepEqual(ada.inbox, workerTells);
  });

  test(`the complete integration tells progress and result, and failure (${type})`, async (t) => {
    const end = `
      const job = (id, prompt) => ({ id, data: { userId: "ada", prompt }, updateProgress() {} });
      const worker = ${type === "mjs" ? "imageGenerationWorker" : "module.exports"};
      console.log("returned", JSON.stringify(await worker(job("8", "cat.png"))));
      await worker(job("9", "impossible")).catch((error) => console.log("threw", error.message));`;
    const { ada, line } = await run(t, blockWith("generateImage(prompt)"), end, type);
    await line(/returned \{"url":"\/cat.png","width":1,"height":2\}/);
    await line(/threw no such image/);
    await eventually(() => ada.inbox.length === 6);
    assert.deepEqual(ada.inbox.map(([event, { jobId }]) => `${event} ${jobId}`), [
      "job_progress 8", "job_progress 8", "job_completed 8", "job_progress 9", "job_progress 9", "job_failed 9",
    ]);
    assert.deepEqual(ada.inbox[2][1].result, { imageUrl: "/cat.png", width: 1, height: 2 });
    assert.equal(ada.inbox[5][1].error, "no such image");
  });

  test(`presence is asked for (${type})`, async (t) => {
    const block = blockWith("const isOnline");
    const { line } = await run(t, `function ask() {\n${block.replace(/^import.*$/m, "")}\nreturn [isOnline, onlineUsers, count]; }\n${/^import.*$/m.exec(type === "mjs" ? imported(block) : block)[0]}`,
      "console.log(JSON.stringify(ask()));", type);
    await line(/\[true,\["ada"\],1\]/);
  });

  test(`the events have their names (${type})`, async (t) => {
    const { line } = await run(t, blockWith("WS_EVENTS.AUTHENTICATED "), "console.log(JSON.stringify(WS_EVENTS));", type);
    await line(/\{"AUTHENTICATED":"authenticated","UNAUTHORIZED":"unauthorized","USER_ONLINE":"user_online","USER_OFFLINE":"user_offline","JOB_PROGRESS":"job_progress","JOB_COMPLETED":"job_completed","JOB_FAILED":"job_failed",/);
  });

  test(`the helper functions run in a program's own order (${type})`, async (t) => {
    const block = blockWith('"event_name"');
    const { line } = await run(t, block, 'wsUtils.emitToUser(service.getIO(), userId, "event_name", { data }); console.log("sent");', type);
    await line(/sent/);
  });
}
