// A wall clock that a test steps under a server of ours, by a library that is loaded before it (stepped_clock.cpp).
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { program } from "./server.mjs";

export class SteppedClock {
  #folder = mkdtempSync(join(tmpdir(), "signalbox-clock-"));
  #file = openSync(join(this.#folder, "offset"), "w");
  /** So far is it ahead of the real one, in milliseconds. */
  ahead = 0;
  constructor() {
    this.set(0);
  }
  /** For the environment of the server. */
  get env() {
    return { LD_PRELOAD: program("libstepped_clock.so"), STEPPED_CLOCK: join(this.#folder, "offset") };
  }
  /** From now on it is so many milliseconds ahead. */
  set(ahead) {
    this.ahead = ahead;
    writeSync(this.#file, new Uint8Array(BigInt64Array.of(BigInt(ahead) * 1_000_000n).buffer), 0, 8, 0);
  }
  now() {
    return Date.now() + this.ahead;
  }
  close() {
    closeSync(this.#file);
    rmSync(this.#folder, { recursive: true });
  }
}
