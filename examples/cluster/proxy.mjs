// Where nginx is not installed: a proxy for this example. node proxy.mjs PORT NODE'S_PORT…
import { RoundRobin } from "../../tests/support/round_robin.mjs";

const [port, ...nodes] = process.argv.slice(2).map(Number);
await RoundRobin.to(nodes, port);
