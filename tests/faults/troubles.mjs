// What happens to a server, its disk, its clock and its clients while jobs are done. Each is a call `({ users, left, over,
// random })`, where `left()` is the share of jobs still to do; all but kills() go on until `over()`. They tell what they did.
import { eventually } from "../e2e/support.mjs";
import { pause } from "../support/server.mjs";

const hour = 3_600_000;

/** The server is killed so many times, up to `delay` ms after a job was done, and started again. */
export const kills = (place, { kills, limit }, delay = 0) => async ({ left, random }) => {
  let hanging = 0;
  for (let i = 1; i <= kills; i++) {
    const due = 1 - (i - random() * 0.5) / (kills + 0.5);
    await eventually(() => left() <= due, limit);
    await pause(random() * delay);
    hanging += place.hanging;
    await place.kill();
    await pause(random() * 300);
    await place.start();
  }
  return `${kills} kills (${hanging} while the disk hung)`;
};

/** The disk does not answer for so long, again and again. */
export const hangs = (place, ms) => async ({ over, random }) => {
  let count = 0;
  for (; !over(); count++) {
    await pause(random() * 2 * ms);
    place.hang(true);
    await pause(ms);
    place.hang(false);
  }
  return `${count} hangs`;
};

/** The lines of all clients die in one moment, and all come back together. */
export const departures = async ({ users, over, random }) => {
  let count = 0;
  for (; !over(); count++) {
    await pause(1000 + random() * 4000);
    users.forEach(({ line }) => line.down());
    await pause(random() * 1000);
    users.forEach(({ line }) => line.up());
  }
  return `${count} departures of all`;
};

/** The wall clock is stepped, also while the server is down; in the end it is right. */
export const steps = (place) => async ({ over, random }) => {
  const wrong = [1, 25, 10 * 365 * 24].flatMap((hours) => [hours * hour, -hours * hour]);
  let count = 0;
  for (; !over(); count++) {
    await pause(random() * 3000);
    place.clock.set(random() < 0.4 ? 0 : wrong[Math.floor(random() * wrong.length)]);
  }
  place.clock.set(0);
  return `${count} steps of the clock`;
};
