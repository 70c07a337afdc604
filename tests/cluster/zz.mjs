import { api, emit, login } from "../e2e/support.mjs";
import { Cluster } from "./cluster.mjs";
const quiet = { PRESENCE_EVENTS: "off", LOG_LEVEL: "debug", THREADS: process.env.TH || "2" };
for (let round = 0; round < Number(process.argv[2]||5); ++round) {
  const c = await Cluster.start({ env: quiet });
  const nodes = c.nodes;
  for (let n = 0; n < 100; ++n) {
    const node = nodes[n % 3], user = `user${n % 40}`;
    const t0 = Date.now();
    const client = await login(node, { user, transports: ["websocket"] });
    const t1 = Date.now();
    const r = await emit(nodes[(n + 1) % 3], user, "note", n);
    const t2 = Date.now();
    try { await client.heard("note", 2500); } catch (e) {
      console.log("round", round, "n", n, "login ms", t1 - t0, "emit", t2 - t1, JSON.stringify(r.body), "now", new Date(t2).toISOString());
      const again = await emit(nodes[(n + 1) % 3], user, "note", n); console.log(JSON.stringify(again.body));
      for (const node of nodes) console.log(node.said.split("\n").slice(-12).join("\n"), "\n");
      client.disconnect();
      break;
    }
    client.disconnect();
  }
  await c.stop();
}
