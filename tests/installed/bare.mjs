// A bare Debian 12 in a folder, into which apt installs as on any other; and, where the machine lets it, with systemd running.
import { spawn } from "node:child_process";
import { copyFileSync, cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { pause } from "../support/server.mjs";
import { deb, folder, output, project } from "./packages.mjs";

const programs = ["/usr/sbin/debootstrap", "/usr/bin/systemd-nspawn", "/usr/bin/setpriv"];

/** Why there is no bare Debian here, or false: it takes minutes and a mirror, so BARE_DEBIAN=1 asks for it. */
export const skipWithoutBareDebian = !process.env.BARE_DEBIAN ? "BARE_DEBIAN=1 asks for it" : process.getuid() !== 0 ? "it wants root" : !programs.every(existsSync) && `it wants ${programs.join(", ")}`;

export class BareDebian {
  #booted;

  static async bootstrapped(...options) {
    const system = new BareDebian();
    system.root = folder();
    const site = (await output("bash", ["-c", ". tools/setup.sh; debian_site"], { cwd: project })).trim();
    await output("debootstrap", ["--variant=minbase", ...options, "bookworm", system.root, site]);
    // How this machine reaches the mirror.
    for (const file of ["/etc/resolv.conf", "/etc/hosts"]) copyFileSync(file, system.path(file));
    cpSync("/etc/apt/apt.conf.d", system.path("/etc/apt/apt.conf.d"), { recursive: true });
    return system;
  }

  /** With systemd, and the Debian package to install. */
  static async made() {
    const system = await BareDebian.bootstrapped("--include=systemd-sysv");
    copyFileSync(deb, system.path("/signalbox.deb"));
    await system.run("apt-get", "update", "-qq");
    return system;
  }

  /** A tarball of it, as the base of an image, with what this machine has to reach npm's registry. */
  async packed() {
    const kept = ["/etc/ssl/certs", "/usr/local/share/ca-certificates", "/etc/npmrc", "/root/.npmrc"].filter(existsSync);
    for (const path of kept) cpSync(path, this.path(path), { recursive: true, verbatimSymlinks: true });
    const tarball = join(folder(), "debian.tar");
    await output("tar", ["--create", "--file", tarball, "--directory", this.root, "."]);
    return tarball;
  }

  path = (name) => join(this.root, name);
  text = (name) => readFileSync(this.path(name), "utf8");

  /** Runs a command in it: in its namespaces once it has booted. Resolves to what it prints. */
  run(...command) {
    const env = { ...process.env, PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
    return this.#booted ? output("nsenter", ["-a", "-t", this.#booted.pid, ...command], { env }) : output("chroot", [this.root, ...command], { env });
  }

  /** Starts its systemd, as the first process of namespaces of their own, but for the network. False: the machine does not let it. */
  async boot() {
    const machine = `signalbox-${process.pid}`;
    const args = ["--directory", this.root, "--boot", "--register=no", "--keep-unit", "--console=pipe", `--machine=${machine}`];
    const child = spawn("systemd-nspawn", args, { stdio: ["ignore", "pipe", "pipe"] });
    child.log = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (child.log += data));
    const children = `/proc/${child.pid}/task/${child.pid}/children`;
    for (; child.exitCode === null; await pause(50)) {
      const pid = existsSync(children) && readFileSync(children, "utf8").trim().split(" ").pop();
      if (!pid) continue;
      this.#booted = { child, pid };
      const state = await this.run("systemctl", "is-system-running", "--wait").catch(({ stdout }) => stdout ?? "");
      if (["running", "degraded"].includes(state.trim())) return true;
    }
    this.#booted = undefined;
    this.whyNot = child.log;
    return false;
  }

  async shutDown() {
    if (!this.#booted) return;
    const { child } = this.#booted;
    const ended = new Promise((done) => child.once("exit", done));
    await this.run("systemctl", "poweroff", "--no-block").catch(() => child.kill("SIGKILL"));
    await ended;
    this.#booted = undefined;
  }
}
