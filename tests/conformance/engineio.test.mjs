import { startServer } from "../support/server.mjs";
import { describeEngineIo } from "./engineio.suite.mjs";

for (const threads of [2, 3])
  describeEngineIo(`on ${threads} threads`, () => startServer("conformance_server", ["--suite", "engineio"], { THREADS: String(threads) }));
