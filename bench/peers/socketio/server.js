// The same service on Socket.IO, written as its documentation suggests: rooms by user, a token verified in a middleware.
import { createSecretKey } from "node:crypto";
import { createServer } from "node:http";
import jwt from "jsonwebtoken";
import { Server } from "socket.io";

const PER_TURN = 10_000; // of a burst, before other things have their turn
const secret = createSecretKey(Buffer.from(process.env.JWT_SECRET));
const presence = process.env.PRESENCE_EVENTS !== "off";
const http = createServer(onRequest);
const io = new Server(http, process.env.RECOVERY === "on" ? { connectionStateRecovery: {} } : {});
if (process.env.REDIS_URL) io.adapter(await redisAdapter(process.env.REDIS_URL));
const sockets = new Map(); // user -> count

const emitToUser = (userId, event, data) => io.to(`user:${userId}`).emit(event, data);

/** One of several servers: the classic adapter. */
async function redisAdapter(url) {
  const [{ createAdapter }, { Redis }] = await Promise.all([import("@socket.io/redis-adapter"), import("ioredis")]);
  return createAdapter(new Redis(url), new Redis(url));
}

/** POST /api/emit of one event, as Signalbox has it for workers. */
async function onRequest(request, response) {
  let body = "";
  for await (const part of request) body += part;
  const { userId, event, data } = JSON.parse(body);
  emitToUser(userId, event, data);
  response.writeHead(202).end();
}

io.use((socket, next) => {
  try {
    socket.data.user = jwt.verify(socket.handshake.auth.token, secret, { algorithms: ["HS256"] });
    next();
  } catch {
    next(new Error("unauthorized"));
  }
});

io.on("connection", (socket) => {
  const { user } = socket.data;
  socket.join(`user:${user.id}`);
  socket.emit("authenticated", { user });
  const count = (sockets.get(user.id) ?? 0) + 1;
  sockets.set(user.id, count);
  if (presence && count === 1) socket.broadcast.emit("user_online", { userId: user.id });
  socket.on("disconnect", () => {
    const left = sockets.get(user.id) - 1;
    if (left > 0) return sockets.set(user.id, left);
    sockets.delete(user.id);
    if (presence) socket.broadcast.emit("user_offline", { userId: user.id });
  });
  socket.on("bench_emit", ({ userId, ...rest }) => emitToUser(userId, "job_progress", rest));
  socket.on("bench_burst", ({ count, users }) => {
    let i = 0;
    const part = () => {
      for (const end = Math.min(count, i + PER_TURN); i < end; ++i) {
        emitToUser(`user-${i % users}`, "job_progress", { jobId: `job-${i}`, progress: i % 101, status: "processing" });
      }
      if (i < count) setImmediate(part);
    };
    part();
  });
});

http.listen(Number(process.env.PORT), "127.0.0.1");
