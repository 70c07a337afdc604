// Measures rows of a table for several kinds of servers in one run, and says which of our bars were reached. --quick: one run each, with a
// tenth of the load; --only TEXT: the rows whose name has it.
import { parseArgs } from "node:util";

const { values: options } = parseArgs({ options: { quick: { type: "boolean" }, only: { type: "string" }, help: { type: "boolean", short: "h" } } });
if (options.help) {
  console.log("usage: run [--quick] [--only TEXT]\n\n  --quick      one run each, with a tenth of the load\n  --only TEXT  the rows whose name has TEXT");
  process.exit();
}
const runs = options.quick ? 1 : 3, scale = options.quick ? 0.1 : 1;
const median = (values) => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];
const shown = (value) => (value === undefined ? "failed" : value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3));

/** Every kind of server in turn, so that a slow minute of the machine is everybody's. */
async function measured({ name, measure, only }, kinds) {
  const taken = Object.fromEntries(kinds.filter((kind) => !only || kind === only).map((kind) => [kind, []]));
  for (let run = 0; run < runs; ++run) {
    for (const kind of Object.keys(taken)) {
      try {
        taken[kind].push(await measure(kind, { scale, run }));
      } catch (error) {
        console.error(`${name}, ${kind}: ${error.message}`);
        process.exitCode = 1;
      }
    }
  }
  return taken;
}

/** `rows`: { name, measure(kind, { scale, run }), only? }; `kinds`: their names, ours first; `bars`: what is to be reached, how it comes
    from the medians (row's number, kind), at least, aim; `more` is better. */
export async function table({ rows, kinds, bars }) {
  const [ours] = kinds;
  console.log("| scenario | server | median of runs | spread | Signalbox is better |\n|---|---|---|---|---|");
  const medians = new Map();
  for (const row of rows.filter(({ name }) => name.includes(options.only ?? ""))) {
    const taken = await measured(row, kinds);
    for (const [kind, values] of Object.entries(taken)) {
      const middle = median(values), spread = values.length > 1 ? `${Math.round((100 * (Math.max(...values) - Math.min(...values))) / middle)} %` : "";
      medians.set(`${rows.indexOf(row)} ${kind}`, middle);
      const own = medians.get(`${rows.indexOf(row)} ${ours}`), times = row.more ? own / middle : middle / own;
      console.log(`| ${row.name} | ${kind} | ${shown(middle)} | ${spread} | ${kind !== ours && own > 0 ? `${times.toFixed(2)} ×` : ""} |`);
    }
  }

  console.log("\n| what Signalbox is to reach | measured | at least | aim | |\n|---|---|---|---|---|");
  for (const { what, value, least, aim, more } of bars) {
    const measured = value((row, kind) => medians.get(`${row} ${kind}`) ?? NaN);
    if (Number.isNaN(measured)) continue;
    const reaches = (bar) => (more ? measured >= bar : measured <= bar);
    console.log(`| ${what} | ${shown(measured)} | ${least} | ${aim} | ${reaches(aim) ? "aim reached" : reaches(least) ? "reached" : "**missed**"} |`);
  }
}
