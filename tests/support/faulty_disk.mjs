// A disk with faults for a server of ours, by a library that is loaded before it (faulty_disk.cpp).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { program } from "./server.mjs";

export class FaultyDisk {
  #folder = mkdtempSync(join(tmpdir(), "signalbox-faulty-"));
  /** For the environment of the server. */
  get env() {
    return { LD_PRELOAD: program("libfaulty_disk.so"), FAULTY_DISK: this.#folder };
  }
  /** From now on, or no more: "hang", "slow", "no-locks", "network". */
  begin(fault) {
    writeFileSync(join(this.#folder, fault), "");
  }
  end(fault) {
    rmSync(join(this.#folder, fault), { force: true });
  }
  close() {
    rmSync(this.#folder, { recursive: true });
  }
}
