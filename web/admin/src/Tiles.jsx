import { isNearlyFull } from "./health.js";
import * as say from "./words.js";

function tilesOf({ numbers, rates }) {
  const full = isNearlyFull(numbers);
  return [
    { name: "Users online", value: say.count(numbers.usersOnline), note: "on all nodes" },
    {
      name: "Connections", value: say.count(numbers.connections), warns: full,
      note: `${full ? "nearly full: " : ""}${say.count(numbers.connectionsLimit)} at most`,
    },
    { name: "Logins", value: say.rate(rates.logins), note: `${say.rate(rates.loginsRefused)} refused`, warns: rates.loginsRefused > 0 },
    { name: "Events", value: say.rate(rates.events), note: `${say.rate(rates.outcomes)} outcomes` },
    { name: "Outcomes waiting", value: say.bytes(numbers.outcomesWaiting), note: "for the disk" },
    { name: "Outcomes unread", value: say.count(numbers.outcomesUnheard), note: "not confirmed yet" },
    {
      name: "Slow clients", value: say.count(numbers.slowNow), warns: numbers.slowNow > 0,
      note: `now; ${say.count(numbers.slowClients)} closed so far`,
    },
    {
      name: "Memory", value: say.bytes(numbers.memoryBytes),
      note: `jobs ${say.bytes(numbers.ledgerBytes)}, unsent ${say.bytes(numbers.sendQueueBytes)}`,
    },
    { name: "CPU", value: say.percent(rates.cpu), note: "of one core" },
  ];
}

export function Tiles({ overview }) {
  return (
    <section aria-label="Now">
      <dl className="tiles">
        {tilesOf(overview).map(({ name, value, note, warns }) => (
          <div key={name} className={warns ? "card tile warns" : "card tile"}>
            <dt>{name}</dt>
            <dd className="value">{value}</dd>
            <dd className="note">
              {warns && <span aria-hidden="true">! </span>}
              {note}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
