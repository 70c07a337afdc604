import { useEffect, useState } from "react";
import { Card, Cut, Table } from "./parts.jsx";
import { MOST_ROWS, useTrace } from "./useTrace.js";
import * as say from "./words.js";

const SECONDS = 60;

/** What is sent to a user and comes from them, as it happens, for a minute. */
export function Trace({ id }) {
  const trace = useTrace(id);
  const [withData, setWithData] = useState(false);
  const running = trace.state === "running";
  return (
    <Card title="Trace" note="What this node sends to the user and receives, as it happens.">
      <div className="row">
        {running ? (
          <button onClick={trace.stop}>Stop</button>
        ) : (
          <button onClick={() => trace.start(withData)}>Trace for {SECONDS} s</button>
        )}
        <label className="switch">
          <input type="checkbox" role="switch" checked={withData} disabled={running}
                 onChange={(event) => setWithData(event.target.checked)} />
          Show data
        </label>
        {running && <Left since={trace.since} />}
      </div>
      <div role="alert">{trace.problem && <p className="problem">{trace.problem}</p>}</div>
      <p className="hint" role="status">
        {sentenceOf(trace)}
      </p>
      {trace.rows.length > 0 && (
        <Table tall label="Trace" columns={withData ? WITH_DATA : COLUMNS} rows={trace.rows} keyOf={({ key }) => key} />
      )}
    </Card>
  );
}

function Left({ since }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return <span className="hint">{Math.max(0, Math.ceil(SECONDS - (now - since) / 1000))} s left</span>;
}

function sentenceOf({ state, rows, seen, lost }) {
  if (state === "idle") return "";
  const ends = state === "running" ? "The trace runs" : "The trace has ended";
  const older = seen > rows.length ? `, of which the newest ${MOST_ROWS} are shown` : "";
  const gone = lost > 0 ? ` ${say.plural(lost, "row")} lost: they came faster than they could be told.` : "";
  return `${ends}: ${say.plural(seen, "row")}${older}.${gone}`;
}

const WORDS = {
  sent: { mark: "→", words: "sent" },
  received: { mark: "←", words: "received" },
  confirmed: { mark: "✓", words: "confirmed" },
  connected: { mark: "+", words: "connected" },
  disconnected: { mark: "−", words: "disconnected" },
  dropped: { mark: "✕", words: "dropped" },
};

function What({ what }) {
  const { mark, words } = WORDS[what] ?? { mark: "", words: what };
  return (
    <span className={`what ${what}`}>
      <span aria-hidden="true">{mark}</span> {words}
    </span>
  );
}

/** The event's name; of what is no event, what it is instead, or why it happened. */
function eventOf({ event, packet, reason }) {
  return event ?? (packet ? `(${PACKETS[packet] ?? packet})` : reason);
}
const PACKETS = { connect_error: "connection refused", attachment: "binary part of the event before", ack: "answer" };

const COLUMNS = [
  { name: "Time", of: ({ at }) => say.timeWithMilliseconds(at) },
  { name: "What", of: ({ what }) => <What what={what} /> },
  { name: "Event", of: (entry) => <Cut>{eventOf(entry)}</Cut> },
  { name: "Job", of: ({ jobId }) => <Cut>{jobId}</Cut> },
  { name: "Bytes", of: ({ bytes }) => say.count(bytes), kind: "number" },
  { name: "Socket", of: ({ socket }) => <Cut>{socket}</Cut> },
];
const WITH_DATA = [...COLUMNS, { name: "Data", of: (entry) => <DataOf {...entry} /> }];

/** `data` is text, as it went over the line; the server cuts it when it is long. */
function DataOf({ data, cut }) {
  if (data === undefined) return "–";
  const text = cut ? `${data}…` : data;
  return (
    <code className="data" title={text}>
      {text}
    </code>
  );
}
