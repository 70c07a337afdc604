// The server: Express has the page and the routes, and Signalbox is on the same port.
import { randomUUID } from "node:crypto";
import http from "node:http";
import express from "express";
import jwt from "jsonwebtoken";
import websocketService, { wsUtils, WS_EVENTS } from "signalbox";
import { Queue, connection } from "./queue.mjs";

const { PORT, JWT_SECRET } = process.env;
const app = express();
const server = http.createServer(app);
websocketService.initialize(server, { apiPath: "/signalbox" }); // and there it listens to workers
const queue = new Queue("pictures", { connection });

const isText = (value, most) => typeof value === "string" && value.trim() !== "" && value.length <= most;

// This login believes everybody, so the server listens on this machine alone. Yours goes here.
app.get("/token", ({ query: { user } }, response) => {
  if (!isText(user, 40)) return response.status(400).send("Say who you are, in 1 to 40 characters: /token?user=Ada");
  response.type("text").send(jwt.sign({ id: user }, JWT_SECRET, { expiresIn: "1h" }));
});

function signedIn(request, response, next) {
  try {
    request.user = jwt.verify(request.get("Authorization")?.replace("Bearer ", ""), JWT_SECRET, { algorithms: ["HS256"] }).id;
  } catch {
    return response.status(401).send("Sign in first.");
  }
  next();
}

/** To be called before the queue has the job, so that what the worker says of it comes later. */
function tellWaiting(userId, jobId, prompt) {
  wsUtils.emitToUser(websocketService.getIO(), userId, WS_EVENTS.JOB_PROGRESS, { jobId, progress: 0, status: `${prompt}: waiting` });
}

app.post("/jobs", signedIn, express.json(), async ({ user: userId, body }, response) => {
  const { prompt, fails = false } = body ?? {};
  if (!isText(prompt, 100)) return response.status(400).send("Say what to paint, in 1 to 100 characters.");
  const jobId = `${Date.now()}-${randomUUID()}`;
  tellWaiting(userId, jobId, prompt);
  await queue.add("picture", { userId, prompt, fails }, { jobId });
  response.status(202).json({ jobId });
});

app.post("/jobs/:jobId/retry", signedIn, async ({ user: userId, params: { jobId } }, response) => {
  const job = await queue.getJob(jobId);
  if (job?.data.userId !== userId || !(await job.isFailed())) return response.status(404).send("No such job of yours has failed.");
  tellWaiting(userId, jobId, job.data.prompt);
  await job.retry();
  response.status(202).json({ jobId });
});

app.use(express.static("public"));
server.listen(PORT, "127.0.0.1", () => {
  console.log(`Open http://127.0.0.1:${PORT}`);
  process.send?.("listening"); // to start.mjs, which then starts the worker
});

async function end() {
  await websocketService.close(); // pages come back to the next one
  process.exit();
}
for (const event of ["SIGINT", "SIGTERM", "disconnect"]) process.once(event, end);
