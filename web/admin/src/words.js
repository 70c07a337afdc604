// Numbers, sizes and times as a person reads them.

const integer = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const clockWithSeconds = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayOfYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

const NOT_KNOWN = "–";
const known = (say) => (value) => (typeof value === "number" && Number.isFinite(value) ? say(value) : NOT_KNOWN);
const short = (value) => (value < 10 && value % 1 !== 0 ? tenth : integer).format(value);

export const count = known((value) => integer.format(value));
export const rate = known((value) => `${value > 0 && value < 0.1 ? "< 0.1" : short(value)} /s`);
export const percent = known((share) => `${short(share * 100)} %`);

export const bytes = known((value) => {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let at = 0;
  while (value >= 1000 && at + 1 < units.length) (value /= 1000), ++at;
  return `${short(value)} ${units[at]}`;
});

export const duration = known((seconds) => {
  if (seconds === 0) return "0";
  if (seconds < 0.001) return `${short(seconds * 1e6)} µs`;
  return seconds < 1 ? `${short(seconds * 1000)} ms` : `${short(seconds)} s`;
});

export const timeOfDay = known((ms) => clock.format(ms));
export const timeWithSeconds = known((ms) => clockWithSeconds.format(ms));
export const timeWithMilliseconds = known((ms) => `${clockWithSeconds.format(ms)}.${String(Math.floor(ms) % 1000).padStart(3, "0")}`);
/** The time, and its day where that is not today. */
export const moment = known((ms) => {
  const time = clockWithSeconds.format(ms), on = dayOfYear.format(ms);
  return on === dayOfYear.format(Date.now()) ? time : `${on}, ${time}`;
});
export const dateAndTime = known((ms) => `${day.format(ms)}, ${clockWithSeconds.format(ms)}`);

/** How long ago `ms` was, in one unit: "12 min". */
export const age = (ms, now = Date.now()) =>
  known((since) => {
    const seconds = Math.max(0, (now - since) / 1000);
    if (seconds < 60) return `${Math.floor(seconds)} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
    return seconds < 172800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} days`;
  })(ms);

/** "1 user", "2 users". */
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
