import { Chart } from "./Chart.jsx";
import { Polled } from "./parts.jsx";
import { usePolled } from "./usePolled.js";
import * as say from "./words.js";

const CHARTS_MS = 5000;
const CHARTS = [
  { series: "usersOnline", title: "Users online", words: say.count, leastStep: 1 },
  { series: "connections", title: "Connections", words: say.count, leastStep: 1 },
  { series: "logins", title: "Logins", words: say.rate, leastStep: 0.1 },
  { series: "events", title: "Events", words: say.rate, leastStep: 0.1 },
  { series: "outcomes", title: "Outcomes", words: say.rate, leastStep: 0.1 },
  { series: "refusals", title: "Refusals", words: say.rate, leastStep: 0.1, alarming: true },
  { series: "unheard", title: "Outcomes unread", words: say.count, leastStep: 1 },
  { series: "deliveryP99", title: "Event delay (99 %)", words: say.duration, leastStep: 1e-6 },
  { series: "memoryBytes", title: "Memory", words: say.bytes, leastStep: 1 },
  { series: "cpu", title: "CPU, of one core", words: say.percent, leastStep: 0.01 },
];

export function Charts() {
  const history = usePolled("data/history", CHARTS_MS);
  return (
    <section aria-labelledby="charts-title">
      <h2 id="charts-title">The last hour</h2>
      <Polled of={history}>{(data) => <Drawn {...data} />}</Polled>
    </section>
  );
}

function Drawn({ every, series }) {
  if (series.time.length < 2) return <p className="hint">The charts begin {every * 2} seconds after the server’s start.</p>;
  return (
    <div className="charts">
      {CHARTS.map(({ series: name, ...chart }) => (
        <Chart key={name} {...chart} times={series.time} values={series[name] ?? []} everyMs={every * 1000} />
      ))}
    </div>
  );
}
