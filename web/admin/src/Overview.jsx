import { Charts } from "./Charts.jsx";
import { healthOf, headlineOf, SILENT } from "./health.js";
import { Card, Cut, Node, Polled, State, Table, Title, Waiting } from "./parts.jsx";
import { Tiles } from "./Tiles.jsx";
import { usePolled } from "./usePolled.js";
import * as say from "./words.js";

const TABLES_MS = 5000;

export function Overview({ overview, problem }) {
  const nodes = usePolled("data/nodes", TABLES_MS);
  const queues = usePolled("data/queues", TABLES_MS);
  const refusals = usePolled("data/refusals", TABLES_MS);
  return (
    <>
      <Title page="Overview">Overview</Title>
      {overview ? <Now overview={overview} nodes={nodes.data?.nodes} queues={queues.data?.queues} problem={problem} /> : <Waiting />}
      <Charts />
      <div className="columns">
        <Card title="Last refusals" note="What this node refused, the newest first, at most 100.">
          <Polled of={refusals}>{(data) => <Refusals rows={data.refusals} />}</Polled>
        </Card>
        <div className="stack">
          {overview && <Latencies latencies={overview.latencies} />}
          <Card title="Queues" note="Counts of this node, since its start. A queue is counted at the node that reads it.">
            <Polled of={queues}>{(data) => <Queues rows={data.queues} own={overview?.node} />}</Polled>
          </Card>
          <Card title="Nodes">
            <Polled of={nodes}>{(data) => <Nodes rows={data.nodes} own={overview?.node} />}</Polled>
          </Card>
        </div>
      </div>
    </>
  );
}

function Now({ overview, nodes, queues, problem }) {
  return (
    <>
      <Health health={healthOf(overview, nodes, queues)} since={overview.startedAt} now={overview.now} problem={problem} />
      <Tiles overview={overview} />
    </>
  );
}

function Health({ health, since, now, problem }) {
  const headline = problem ? SILENT : headlineOf(health);
  return (
    <section className={`card health ${headline.level}`} aria-label="Health">
      <p className="headline" role="status">
        <State level={headline.level}>{headline.words}</State>
      </p>
      <dl>
        {health.map(({ name, level, words }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <State level={problem ? "off" : level}>{words}</State>
            </dd>
          </div>
        ))}
        <div>
          <dt>Running for</dt>
          <dd title={`since ${say.dateAndTime(since)}`}>{say.age(since, now)}</dd>
        </div>
      </dl>
    </section>
  );
}

const KINDS = { login: "Login", emit: "Event", origin: "Origin", limit: "Limit", worker: "Worker", admin: "This page" };
const REFUSAL_COLUMNS = [
  { name: "Time", of: ({ at }) => <span title={say.dateAndTime(at)}>{say.moment(at)}</span> },
  { name: "What", of: ({ what }) => KINDS[what] ?? what },
  { name: "Reason", of: ({ reason }) => reason, kind: "wraps" },
  { name: "Times", of: ({ count }) => say.count(count ?? 1), kind: "number" },
];
const Refusals = ({ rows }) => (
  <Table tall label="Last refusals" columns={REFUSAL_COLUMNS} rows={rows} keyOf={(_, at) => at} empty="Nothing was refused." />
);

const LATENCY_NAMES = {
  delivery: "Event taken to event written",
  commit: "Outcome written to the disk",
  receipt: "Outcome sent to confirmed by a client",
  login: "Login",
  turn: "One turn of a thread",
};
const LATENCY_COLUMNS = [
  { name: "What", of: ({ name }) => name, kind: "wraps" },
  { name: "Half within", of: ({ p50 }) => say.duration(p50), kind: "number" },
  { name: "99 % within", of: ({ p99 }) => say.duration(p99), kind: "number" },
];
function Latencies({ latencies }) {
  const rows = Object.entries(latencies ?? {}).map(([key, times]) => ({ name: LATENCY_NAMES[key] ?? key, ...times }));
  return (
    <Card title="How long things take">
      <Table label="How long things take" columns={LATENCY_COLUMNS} rows={rows} keyOf={({ name }) => name} empty="Nothing was measured." />
    </Card>
  );
}

const queueColumns = (own) => [
  { name: "Queue", of: ({ name }) => <Cut>{name}</Cut> },
  { name: "Read by", of: ({ reader }) => (reader && reader === own ? "this node" : <Cut>{reader ?? "not known"}</Cut>) },
  { name: "Kind", of: ({ source }) => source },
  { name: "Events", of: ({ events }) => say.count(events), kind: "number" },
  { name: "Outcomes", of: ({ outcomes }) => say.count(outcomes), kind: "number" },
  { name: "Behind", of: ({ behind }) => say.count(behind), kind: "number" },
  { name: "No user", of: ({ unattributed }) => say.count(unattributed), kind: "number" },
  { name: "Refused", of: ({ refused }) => say.count(refused), kind: "number" },
  { name: "Gaps", of: ({ gaps }) => say.count(gaps), kind: "number" },
];
const Queues = ({ rows, own }) => (
  <Table label="Queues" columns={queueColumns(own)} rows={rows} keyOf={({ name }) => name} empty="No queue is read." />
);

/** `own` is the tag of the process that this page is of. */
const nodeColumns = (own) => [
  { name: "Node", of: ({ id, about }) => <Node tag={about?.tag ?? id} own={own} /> },
  { name: "Version", of: ({ about }) => about?.version ?? "–" },
  { name: "Running for", of: ({ about }) => <span title={say.dateAndTime(about?.started)}>{say.age(about?.started)}</span> },
  { name: "Gone if silent for", of: ({ leaseMs }) => say.duration(leaseMs / 1000), kind: "number" },
  { name: "In Redis", of: ({ id }) => <Cut>{id}</Cut> },
];
const Nodes = ({ rows, own }) => (
  <Table label="Nodes" columns={nodeColumns(own)} rows={rows} keyOf={({ id }) => id} empty="This node is alone: REDIS_URL is not set." />
);
