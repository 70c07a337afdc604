// Podman with all that it keeps in a folder of a test's own, and images of what this machine has installed: no other registry is asked.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { folder, output } from "./packages.mjs";

const programs = ["/usr/bin/podman", "/usr/bin/podman-compose", "/usr/bin/buildah", "/usr/bin/crun", "/usr/lib/podman/netavark", "/usr/lib/podman/aardvark-dns", "/usr/bin/redis-server", "/usr/sbin/nginx"];
const mayMakeNetworks = () => spawnSync("unshare", ["--mount", "--net", "sh", "-c", "ip link add name probe type bridge && iptables --table nat --list --numeric"], { stdio: "ignore" }).status === 0;

// crun, on a machine too whose limits cannot be raised, or on which cgroups of both versions are mounted: what a container may use is not tested.
const runtime = `#!/usr/bin/python3
import json, os, sys
arguments = sys.argv[1:]
after = lambda flag: arguments[arguments.index(flag) + 1] if flag in arguments else None
def without_limits(path, process):
    config = json.load(open(path))
    process(config).pop("rlimits", None)
    json.dump(config, open(path, "w"))
if "create" in arguments: without_limits(os.path.join(after("--bundle"), "config.json"), lambda config: config["process"])
if "exec" in arguments: without_limits(after("--process"), lambda config: config)
alone = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec /usr/bin/crun "$@"'
os.execv("/usr/bin/unshare", ["unshare", "--mount", "sh", "-c", alone, "crun", *arguments])
`;

/** Copies programs into the root of an image, and the libraries that they load. */
async function copied(root, paths) {
  for (const path of paths) {
    const libraries = [...(await output("ldd", [path])).matchAll(/\/\S+/g)].map(([library]) => library);
    for (const file of [path, ...libraries]) {
      mkdirSync(join(root, dirname(file)), { recursive: true });
      cpSync(file, join(root, file), { dereference: true });
    }
  }
}

export class Containers {
  constructor() {
    const place = (this.place = folder());
    mkdirSync(join(place, "runtime"));
    writeFileSync(join(place, "runtime/crun"), runtime);
    chmodSync(join(place, "runtime/crun"), 0o755);
    const engine = `[engine]\ncgroup_manager="cgroupfs"\nevents_logger="file"\nruntime="crun"\ntmp_dir="${place}/libpod"\n[engine.runtimes]\ncrun=["${place}/runtime/crun"]\n`;
    writeFileSync(join(place, "containers.conf"), `[containers]\ncgroups="disabled"\n${engine}[network]\nnetwork_backend="netavark"\nnetwork_config_dir="${place}/networks"\n`);
    writeFileSync(join(place, "storage.conf"), `[storage]\ndriver="vfs"\ngraphroot="${place}/images"\nrunroot="${place}/run"\n`);
    this.env = { ...process.env, CONTAINERS_CONF: join(place, "containers.conf"), CONTAINERS_STORAGE_CONF: join(place, "storage.conf") };
  }

  run = (command, args, options = {}) => output(command, args, { env: this.env, ...options });
  podman = async (...args) => (await this.run("podman", args)).trim();

  /** The image of that name which a Dockerfile's text makes of a folder. */
  async built(image, dockerfile, from) {
    const file = join(folder(), "Dockerfile");
    writeFileSync(file, dockerfile);
    await this.run("buildah", ["build", "--pull-never", "--isolation", "chroot", "--format", "docker", "--file", file, "--tag", image, from]);
  }

  /** What stands for the official image of Redis: this machine's, which other containers may reach, as they may that one's. */
  async redis(image) {
    const root = folder();
    await copied(root, ["/bin/sh", "/usr/bin/redis-server"]);
    const entrypoint = JSON.stringify(["/bin/sh", "-c", 'exec "$@" --protected-mode no', "sh"]);
    await this.built(image, `FROM scratch\nCOPY . /\nVOLUME /data\nWORKDIR /data\nENTRYPOINT ${entrypoint}\nCMD ["redis-server"]\n`, root);
  }

  /** What stands for the official image of nginx: this machine's, and the little that is beside it there. */
  async nginx(image) {
    const root = folder();
    await copied(root, ["/bin/sh", "/bin/sed", "/bin/sleep", "/usr/bin/getent", "/usr/sbin/nginx"]);
    for (const path of ["etc/nginx", "run", "tmp", "var/lib/nginx", "var/log/nginx"]) mkdirSync(join(root, path), { recursive: true });
    for (const file of ["etc/passwd", "etc/group"]) cpSync(`/${file}`, join(root, file));
    writeFileSync(join(root, "etc/nsswitch.conf"), "hosts: files dns\n");
    await this.built(image, `FROM scratch\nCOPY . /\nCMD ["nginx", "-g", "daemon off;"]\n`, root);
  }
}

/** Why there are no containers here, or false. */
export async function whyNoContainers() {
  if (process.getuid() !== 0) return "it wants root";
  if (!programs.every(existsSync)) return `it wants ${programs.join(", ")}`;
  if (!mayMakeNetworks()) return "the machine lets nobody make a bridge";
  const containers = new Containers(), started = ["run", "--rm", "--network", "bridge", "probe", "redis-server", "--version"];
  return containers.redis("probe").then(() => containers.run("podman", started, { timeout: 60000 })).then(
    () => false,
    ({ message }) => `the machine lets Podman start no container: ${message}`,
  );
}
