// Where the points and the axes of a chart stand.

const MINUTE_MS = 60000;
const HOUR_MS = 60 * MINUTE_MS;
const SHORTEST_MS = 5 * MINUTE_MS; // a server that has just started is not drawn as one steep line
const TICKS_ABOVE_ZERO = 3;
const STEPS_OF_MINUTES = [1, 2, 5, 10, 15, 20, 30];

const known = (value) => typeof value === "number" && Number.isFinite(value);

/** The least of 1, 2, 5, 10, 20 … that is not below `value`. */
function roundStep(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= value * (1 - 1e-9));
}

/** From 0 on, so that no small change looks like a large one. */
export function valueTicks(values, leastStep) {
  const most = Math.max(0, ...values.filter(known));
  const step = Math.max(leastStep, most > 0 ? roundStep(most / TICKS_ABOVE_ZERO) : 0);
  const ticks = Math.max(1, Math.ceil(most / step - 1e-9));
  return Array.from({ length: ticks + 1 }, (_, at) => at * step);
}

export function timeSpan(times) {
  const to = times.at(-1);
  return { from: Math.min(to - SHORTEST_MS, Math.max(times[0], to - HOUR_MS)), to };
}

/** Whole minutes of the clock within the span, at most `most` of them. */
export function timeTicks({ from, to }, most) {
  const fits = (minutes) => (to - from) / (minutes * MINUTE_MS) <= most;
  const step = (STEPS_OF_MINUTES.find(fits) ?? 60) * MINUTE_MS;
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return ticks;
}

/** Runs of `{ x, y, at }` without a gap: one ends where nothing is known, or where time was left out. */
export function runsOf(times, values, place, everyMs) {
  const runs = [];
  let before = -Infinity;
  times.forEach((time, at) => {
    if (!known(values[at])) return;
    if (time - before > everyMs * 2.5) runs.push([]);
    before = time;
    runs.at(-1).push({ at, ...place(time, values[at]) });
  });
  return runs;
}

export const lineOf = (run) => run.map(({ x, y }, at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/** The known value last measured, the least and the greatest; null where there is none. */
export function rangeOf(values) {
  const all = values.filter(known);
  return all.length ? { last: known(values.at(-1)) ? values.at(-1) : null, least: Math.min(...all), most: Math.max(...all) } : null;
}
