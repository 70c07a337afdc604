import { startServer } from "../support/server.mjs";
import { describeSocketIo } from "./socketio.suite.mjs";

for (const threads of [2, 3])
  describeSocketIo(`on ${threads} threads`, () => startServer("conformance_server", ["--suite", "socketio"], { THREADS: String(threads) }));
