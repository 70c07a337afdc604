import { startServer } from "../support/server.mjs";
import { describeClient } from "./client.suite.mjs";

for (const threads of [2, 3])
  describeClient(`on ${threads} threads`, () => startServer("conformance_server", ["--suite", "client"], { THREADS: String(threads) }));
