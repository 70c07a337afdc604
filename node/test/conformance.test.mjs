// The suites of tests/conformance against a Node process that has the package, on an http.Server of its own and on a port of the engine's.
import { describe } from "node:test";
import { fileURLToPath } from "node:url";

import { describeEngineIo, socketIoEcho } from "../../tests/conformance/engineio.suite.mjs";
import { describeSocketIo } from "../../tests/conformance/socketio.suite.mjs";
import { startServer } from "../../tests/support/server.mjs";

const program = fileURLToPath(new URL("conformance-server.mjs", import.meta.url));
const greeting = [/^42\["authenticated",\{"user":\{"id":"user-\d+"\}\}\]$/];
const lacks = {
  namespaces: "the package has the main namespace alone",
  digits: "a handler in JavaScript gets JavaScript's numbers",
  loginsAtOnce: "a middleware in JavaScript answers in a later turn, and before it nobody is let in, as with Socket.IO's server",
};

// Two at once: this thread has 200 ms for its pongs.
describe("A Node process with the package", { concurrency: 2 }, () => {
  for (const [place, where] of [["server", "on the program's http.Server"], ["port", "on a port of the engine's"]]) {
    const start = () => startServer(process.execPath, [program, place]);
    describeSocketIo(where, start, { greeting, lacks });
    describeEngineIo(where, start, socketIoEcho(2 + greeting.length));
  }
});
