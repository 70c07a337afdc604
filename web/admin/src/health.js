// What the top of the overview says: each part's level ("good", "warn", "bad" or "off") and words.

const STORES = {
  ok: { level: "good", words: "writes to the disk" },
  memory: { level: "off", words: "in memory: a restart loses outcomes" },
  full: { level: "bad", words: "the disk is slow: outcomes are refused until fewer wait for it" },
  failing: { level: "bad", words: "the disk refuses what is written" },
  hanging: { level: "bad", words: "the disk does not answer" },
};
const REDIS = {
  none: { level: "off", words: "not used" },
  up: { level: "good", words: "answers" },
  down: { level: "bad", words: "does not answer" },
};
const unknown = (said) => ({ level: "warn", words: String(said) });

const NEARLY_FULL = 0.9;

export const isNearlyFull = ({ connections, connectionsLimit }) => connections >= connectionsLimit * NEARLY_FULL;

function readiness({ ready, reason, numbers }) {
  if (ready && isNearlyFull(numbers)) return { level: "warn", words: "takes connections, and is nearly full" };
  return ready ? { level: "good", words: "takes connections" } : { level: "bad", words: reason ?? "not ready" };
}

/** `nodes` is what /data/nodes says, or null as long as it has not answered. */
function nodesOf({ redis }, nodes) {
  if (redis === "none") return { level: "off", words: "this one alone" };
  if (redis !== "up" || !nodes) return { level: "warn", words: "not known" };
  return { level: "good", words: nodes.length === 1 ? "this one alone lives" : `${nodes.length} live` };
}

function queuesOf(queues) {
  if (!queues?.length) return [];
  const unread = queues.filter(({ reader }) => reader === null).length;
  if (unread > 0) return [{ name: "Queues", level: "warn", words: `${unread} of ${queues.length} without a known reader` }];
  return [{ name: "Queues", level: "good", words: `${queues.length} read` }];
}

/** `queues` is what /data/queues says, or null likewise. */
export function healthOf(overview, nodes, queues) {
  return [
    { name: "Ready", ...readiness(overview) },
    { name: "Store", ...(STORES[overview.store] ?? unknown(overview.store)) },
    { name: "Redis", ...(REDIS[overview.redis] ?? unknown(overview.redis)) },
    { name: "Nodes", ...nodesOf(overview, nodes) },
    ...queuesOf(queues),
  ];
}

/** The headline while nothing new is heard: whatever was well may be so no more. */
export const SILENT = { level: "bad", words: "Not known: the server does not answer." };

export function headlineOf(health) {
  if (health.some(({ level }) => level === "bad")) return { level: "bad", words: "Something is wrong." };
  if (health.some(({ level }) => level === "warn")) return { level: "warn", words: "Something is nearly full, or not known yet." };
  return { level: "good", words: "All is well." };
}
