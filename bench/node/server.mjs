// The same service on the npm package: what bench_server does in C++, with every event emitted in JavaScript. On a port of the
// engine's own or, with ATTACH=on, on that of an http.Server.
import http from "node:http";

import service, { wsUtils } from "../../node/index.mjs";
import { optionOf, settings } from "../../node/lib/settings.cjs";

const PER_TURN = 10_000; // of a burst, before other things have their turn
const attach = process.env.ATTACH === "on";
const options = Object.fromEntries([...settings.values()].filter(({ name }) => process.env[name] !== undefined).map(({ name }) => [optionOf(name), process.env[name]]));
const { port, ...others } = options;

if (attach) {
  const server = http.createServer((request, response) => response.end());
  service.initialize(server, others);
  server.listen(Number(port), "127.0.0.1");
} else {
  service.initialize({ ...options, host: "127.0.0.1" });
}
const io = service.getIO();

/** False: the shard has no room at this moment. */
function emit(user, data) {
  const before = io.refused;
  wsUtils.emitToUser(io, user, "job_progress", data);
  return io.refused === before;
}

service.on("bench_emit", (socket, { userId, ...rest }) => emit(userId, rest));
service.on("bench_burst", (socket, { count, users }, ack) => {
  let i = 0;
  const part = () => {
    for (const end = Math.min(count, i + PER_TURN); i < end; ++i) {
      if (!emit(`user-${i % users}`, { jobId: `job-${i}`, progress: i % 101, status: "processing" })) break;
    }
    if (i < count) setImmediate(part);
    else ack?.({ sent: count, refused: 0 });
  };
  part();
});
