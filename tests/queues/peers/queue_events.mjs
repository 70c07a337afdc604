// What people write today to show a queue's jobs: QueueEvents for each queue, which fetches the job at each event, and Socket.IO.
// It is started as `signalbox serve` is: PORT, JWT_SECRET, and BULLMQ_QUEUES of REDIS_URL. BULLMQ (5 or 6) is the package.
import { createHmac, timingSafeEqual } from "node:crypto";
import http from "node:http";

import { Server } from "socket.io";

const { PORT, JWT_SECRET, REDIS_URL, BULLMQ_QUEUES, BULLMQ = "5" } = process.env;
const { Job, Queue, QueueEvents } = await import(`bullmq-${BULLMQ}`);
const { hostname: host, port } = new URL(REDIS_URL);
const connection = { host, port: Number(port) };

const server = http.createServer();
const io = new Server(server);

function userOf(token) {
  const [head, claims, signature] = String(token).split(".");
  const right = createHmac("sha256", JWT_SECRET).update(`${head}.${claims}`).digest();
  const given = Buffer.from(signature ?? "", "base64url");
  if (given.length !== right.length || !timingSafeEqual(given, right)) throw new Error("unauthorized");
  return JSON.parse(Buffer.from(claims, "base64url"));
}

io.use((socket, next) => {
  try {
    socket.data.user = userOf(socket.handshake.auth.token);
    next();
  } catch (error) {
    next(error);
  }
});
io.on("connection", (socket) => {
  socket.join(`user:${socket.data.user.id}`);
  socket.emit("authenticated", { user: socket.data.user });
});

for (const name of BULLMQ_QUEUES.split(",")) {
  const queue = new Queue(name, { connection });
  const events = new QueueEvents(name, { connection });
  const tell = async (jobId, event, data) => {
    const job = await Job.fromId(queue, jobId);
    if (job) io.to(`user:${job.data.userId}`).emit(event, { jobId, queue: name, ...data });
  };
  events.on("progress", ({ jobId, data }) => tell(jobId, "job_progress", { progress: data, status: "processing" }));
  events.on("completed", ({ jobId, returnvalue }) => tell(jobId, "job_completed", { result: returnvalue }));
  events.on("failed", ({ jobId, failedReason }) => tell(jobId, "job_failed", { error: failedReason }));
  events.on("error", (error) => console.error(error.message));
  await events.waitUntilReady();
}

server.listen(Number(PORT), "127.0.0.1");
