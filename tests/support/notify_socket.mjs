// A supervisor's socket for sd_notify(3): Unix datagrams, which Node has not and Python has.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const code = `
import socket, sys
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind(sys.argv[1].replace("@", "\\0", 1) if sys.argv[1].startswith("@") else sys.argv[1])
print("bound", flush=True)
while True: print(repr(heard.recv(4096).decode())[1:-1], flush=True)
`;

export class NotifySocket {
  #child;
  #lines;

  /** One that can be told. `file`: its name is a path; else it is in no folder. */
  static async open(file) {
    const socket = new NotifySocket();
    const name = `signalbox-notify-${randomUUID()}`;
    socket.address = file ? join(tmpdir(), name) : `@${name}`;
    socket.#child = spawn("/usr/bin/python3", ["-c", code, socket.address], { stdio: ["ignore", "pipe", "inherit"] });
    socket.#lines = createInterface({ input: socket.#child.stdout })[Symbol.asyncIterator]();
    await socket.message();
    return socket;
  }

  /** The next message, with its line ends as \n. */
  async message() {
    return (await this.#lines.next()).value;
  }

  close() {
    this.#child.kill();
    rmSync(this.address, { force: true });
  }
}
