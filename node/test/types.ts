// All of the package in one program, which tsc takes as an ES module and as CommonJS (package.test.mjs).
import http from "node:http";
import https from "node:https";
import websocketService, { EmitError, wsUtils, WS_EVENTS } from "signalbox";
import type { Emission, EmitErrorCode, FoundSocket, InitializeOptions, Io, JobCompleted, Socket, SocketUser, UserId, WebSocketService } from "signalbox";
import events, { WS_EVENTS as again } from "signalbox/config";
import "signalbox/config.js";
import utils, { emitToUser, getOnlineUsers, getOnlineUsersCount, isUserOnline } from "signalbox/utils";
import "signalbox/utils.js";

declare module "signalbox" {
  interface SignalboxEvents {
    invoice_paid: { amount: number };
  }
}

const server: http.Server = http.createServer();
const options: InitializeOptions = { jwt: false, apiPath: "/signalbox", corsOrigin: ["https://example.com"], pingIntervalMs: 1000, requireExp: true, dataDir: "" };
const service: WebSocketService = websocketService.initialize(server, { apiPath: "/signalbox" }).init(3000).attach({ port: 3000, ...options });
service.initialize(https.createServer({}));
service.initialize(3000, { host: "127.0.0.1" });
service.initialize();
service.connect({ url: "http://localhost:3000", apiKey: "key" });

const io: Io = websocketService.getIO();
const sent: Emission = wsUtils.emitToUser(io, 42, WS_EVENTS.JOB_PROGRESS, { jobId: "7", progress: 50, status: "processing", more: 1 });
const sockets: number = sent.sockets;
async function emits(): Promise<void> {
  const { sockets } = await emitToUser(io, 42n, "job_completed", { jobId: 7, result: { imageUrl: "…" } });
  sockets.toFixed();
  await wsUtils.emitToUser(io, "ada", "invoice_paid", { amount: 5 });
  await io.emitToUser("ada", "of_no_declared_type", [1, "two"]);
  await io.to("user:ada").emit("invoice_paid", { amount: 5 });
  await io.in("user:ada").emit(WS_EVENTS.JOB_FAILED, { jobId: 7, error: "no" });
  const code: EmitErrorCode | 0 = await sent.catch((error) => error.code).then((value) => (typeof value === "string" ? value : 0));
  console.log(code, new EmitError("overloaded").message);
  await service.flush();
  await service.close();
}
io.emit("everybody", { data: 1 });
const clients: number = io.engine.clientsCount + io.refused;

const user: UserId = "ada";
const online: boolean = wsUtils.isUserOnline(user) && isUserOnline(7) && utils.isUserOnline(user) && io.isUserOnline(user);
const users: string[] = [...getOnlineUsers(), ...wsUtils.getOnlineUsers()];
const count: number = getOnlineUsersCount() + wsUtils.getOnlineUsersCount();
const name: "job_completed" = events.JOB_COMPLETED;
const same: typeof WS_EVENTS = again;

websocketService.on("ask", async (socket, question: string, answer: (text: string) => void) => answer(`${socket.user.email} asks ${question}`));
io.use((socket, next) => {
  socket.user = { id: 7, email: "a@example.com" } satisfies SocketUser;
  next(Object.assign(new Error("no"), { data: { code: "no" } }));
}).use(async (socket) => void (socket.data = 1));
io.on("connection", async (socket: Socket) => {
  socket.on("disconnect", (reason) => reason.toUpperCase()).once("x", (y: number) => y).off("x", () => {});
  socket.emit("hello", 1, 2);
  const answer: unknown = await socket.timeout(1000).emitWithAck("really?", socket.id, socket.handshake.auth["token"]);
  console.log(answer, socket.recovered, socket.connected);
  socket.disconnect(true);
  const found: FoundSocket[] = await io.fetchSockets();
  found[0]?.emit("x");
});

// Mistakes.
// @ts-expect-error the port is the server's
websocketService.initialize(server, { port: 1 });
// @ts-expect-error an application is no server
websocketService.initialize(Object.assign(() => {}, { listen() {} }));
// @ts-expect-error nor is a function that gives one
websocketService.initialize(() => server);
// @ts-expect-error there is no such option
websocketService.initialize(3000, { pingInterval: 1 });
// @ts-expect-error of the declared type
wsUtils.emitToUser(io, "ada", "invoice_paid", { amount: "much" });
// @ts-expect-error a job has an id
wsUtils.emitToUser(io, "ada", WS_EVENTS.JOB_COMPLETED, { result: 1 });
// @ts-expect-error an id is text or an integer
wsUtils.emitToUser(io, { id: 1 }, "x", 1);
// @ts-expect-error a room is a user's
io.to("everybody");
// @ts-expect-error there are no rooms
io.on("connection", (socket) => socket.join("room"));
// @ts-expect-error of the server's side there is this event alone
io.on("new_namespace", () => {});
// @ts-expect-error it is one of the names
new EmitError("something");
// @ts-expect-error they are constants
WS_EVENTS.JOB_FAILED = "x";

export { clients, count, emits, name, online, same, sockets, users };
export type { JobCompleted };
