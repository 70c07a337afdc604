// The public suites, against three nodes behind a proxy that sends each request to the next one.
import { Polling } from "../conformance/wire.mjs";
import { describeClient } from "../conformance/client.suite.mjs";
import { describeEngineIo, socketIoEcho } from "../conformance/engineio.suite.mjs";
import { describeSocketIo } from "../conformance/socketio.suite.mjs";
import { eventually } from "../e2e/support.mjs";
import { Cluster, skip } from "./cluster.mjs";

/** Nodes that play the server of a suite, and serve each other's sessions. */
const startNodes = (suite) => async () => {
  const cluster = await Cluster.start({ program: "conformance_server", args: ["--suite", suite] });
  for (const home of cluster.nodes) {
    for (const other of cluster.nodes) {
      await eventually(async () => {
        const session = await Polling.open(`${home.url}/socket.io/`);
        session.address = session.address.replace(home.url, other.url);
        return (await session.post("1")).status === 200;
      });
    }
  }
  return cluster;
};

if (!skip) {
  describeSocketIo("on three nodes", startNodes("socketio"));
  describeEngineIo("on three nodes", startNodes("socketio"), socketIoEcho(2)); // which answers a login with its sid and the event `auth`
  describeClient("on three nodes", startNodes("client"));
}
