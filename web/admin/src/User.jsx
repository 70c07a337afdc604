import { Disconnect } from "./Disconnect.jsx";
import { Jobs } from "./Jobs.jsx";
import { Card, Cut, Node, Polled, State, Table, Title } from "./parts.jsx";
import { pathOfUser } from "./server.js";
import { TestEvent } from "./TestEvent.jsx";
import { Trace } from "./Trace.jsx";
import { hrefOf } from "./usePlace.js";
import { usePolled } from "./usePolled.js";
import { LookUp } from "./Users.jsx";
import * as say from "./words.js";

const EVERY_MS = 3000;

export function User({ id, own }) {
  const user = usePolled(pathOfUser(id), EVERY_MS);
  const { data, refresh } = user;
  return (
    <>
      <p className="back">
        <a href={hrefOf.users}>All users</a>
      </p>
      <Title page={`User ${id}`}>
        User <Cut>{id}</Cut>
      </Title>
      <Polled of={user}>{(known) => <Standing user={known} own={own} />}</Polled>
      {data?.online === false && <p className="hint">Did you expect them online? You asked for {JSON.stringify(id)}: case and blanks count.</p>}
      <Card title="Sockets" note="Those of this node.">
        {data && <Sockets user={data} />}
        <Disconnect id={id} sockets={data ? data.sockets.length + (data.more ?? 0) : 0} nodes={data?.nodes} done={refresh} />
      </Card>
      <Trace id={id} />
      <TestEvent id={id} />
      <Jobs id={id} />
      <Card title="Look up another user">
        <LookUp />
      </Card>
    </>
  );
}

function Standing({ user: { online, connections, nodes }, own }) {
  return (
    <p className="standing" role="status">
      <State level={online ? "good" : "off"}>{online ? "online" : "offline"}</State>, {say.plural(connections, "connection")}
      {nodes?.length > 0 && <Where ids={nodes} own={own} />}
    </p>
  );
}

/** The server names a user's nodes as Redis does. */
function Where({ ids, own }) {
  const { data } = usePolled("data/nodes", EVERY_MS);
  const tagOf = (id) => data?.nodes.find((node) => node.id === id)?.about?.tag ?? id;
  return (
    <>
      {` on ${ids.length === 1 ? "node" : "nodes"} `}
      {ids.map((id, at) => (
        <span key={id}>
          {at > 0 && ", "}
          <Node tag={tagOf(id)} own={own} />
        </span>
      ))}
    </>
  );
}

const TRANSPORTS = { websocket: "WebSocket", polling: "polling" };
const COLUMNS = [
  { name: "Socket", of: ({ id }) => <Cut>{id}</Cut> },
  { name: "Transport", of: ({ transport }) => TRANSPORTS[transport] ?? transport },
  { name: "Connected for", of: ({ since }) => <span title={`since ${say.dateAndTime(since)}`}>{say.age(since)}</span> },
  { name: "Address", of: ({ address }) => <Cut>{address}</Cut> },
  { name: "Before the proxy", of: ({ forwardedFor }) => <Cut>{forwardedFor}</Cut> },
  { name: "Waiting", of: ({ waitingBytes }) => say.bytes(waitingBytes), kind: "number" },
  { name: "Namespace", of: ({ namespace }) => <Cut>{namespace}</Cut> },
  { name: "Thread", of: ({ shard }) => shard, kind: "number" },
];

function Sockets({ user: { sockets, more, incomplete } }) {
  return (
    <>
      <Table label="Sockets" columns={COLUMNS} rows={sockets} keyOf={({ id, namespace }) => id + namespace} empty="None on this node." />
      {more > 0 && <p className="hint">And {say.count(more)} more.</p>}
      {incomplete && <p className="hint">A thread of the server has not answered in time: some may be missing.</p>}
    </>
  );
}
