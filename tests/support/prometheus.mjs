// What Prometheus' own tools say of our metrics, rules and dashboard, and Prometheus itself on a port of its own.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freePort, pause, untilItListens } from "./server.mjs";

export const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
export const withPromtool = { skip: !hasPromtool && "promtool is not installed" };
/** Why tests that want the server are skipped, or false. */
export const skipWithoutPrometheus = spawnSync("prometheus", ["--version"]).status !== 0 && "prometheus is not installed";

function promtool(args, input) {
  const { status, stdout, stderr } = spawnSync("promtool", args, { input });
  return { status, said: `${stdout}${stderr}` };
}
export const checks = (args, input) => promtool(["check", ...args], input);

/** The same with a file of this content: an object, for JSON is YAML. */
export function withFile(words, content) {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-promtool-"));
  const file = join(folder, "file.yml");
  writeFileSync(file, JSON.stringify(content));
  const result = promtool([...words, file]);
  rmSync(folder, { recursive: true });
  return result;
}

/** What stands behind each series: {"signalbox_users_online": 3, …}. */
export const values = (text) => Object.fromEntries(text.split("\n").filter((line) => line && !line.startsWith("#")).map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));

const monitoring = new URL("../../examples/monitoring/", import.meta.url);
export const rulesFile = new URL("alerts.yml", monitoring).pathname;
export const dashboard = JSON.parse(readFileSync(new URL("dashboard.json", monitoring), "utf8"));
/** [panel's title, expression] of all panels, with the variables as Grafana fills them in. */
export const dashboardQueries = ({ job = "signalbox", instance = ".+", interval = "1m" } = {}) =>
  dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr.replaceAll("$job", job).replaceAll("$instance", instance).replaceAll("$__rate_interval", interval)]));

/** Prometheus with our alert rules, which asks PORT of these servers on loopback as often as `every` says. */
export class Prometheus {
  static async start(ports, { apiKey, every = "200ms" }) {
    const server = new Prometheus();
    server.folder = mkdtempSync(join(tmpdir(), "signalbox-prometheus-"));
    const port = await freePort();
    server.url = `http://127.0.0.1:${port}`;
    const config = join(server.folder, "prometheus.yml");
    writeFileSync(config, JSON.stringify({
      global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
      rule_files: [rulesFile],
      scrape_configs: [{ job_name: "signalbox", authorization: { credentials: apiKey }, static_configs: [{ targets: ports.map((one) => `127.0.0.1:${one}`) }] }],
    }));
    server.child = spawn("prometheus", [`--config.file=${config}`, `--storage.tsdb.path=${join(server.folder, "data")}`, `--web.listen-address=127.0.0.1:${port}`], { stdio: ["ignore", "ignore", "pipe"] });
    server.child.log = "";
    server.child.stderr.on("data", (data) => (server.child.log += data));
    await untilItListens(port, server.child);
    while ((await fetch(`${server.url}/-/ready`)).status !== 200) await pause(10); // it listens before it answers
    return server;
  }
  async #ask(path) {
    const answer = await (await fetch(`${this.url}/api/v1/${path}`)).json();
    if (answer.status !== "success") throw new Error(`${path}: ${answer.error}`);
    return answer.data;
  }
  /** The series that an expression has now; rejects where it cannot be evaluated. */
  async query(expression) {
    return (await this.#ask(`query?query=${encodeURIComponent(expression)}`)).result;
  }
  /** Each alert with its state and its health. */
  async alerts() {
    return (await this.#ask("rules")).groups.flatMap(({ rules }) => rules);
  }
  async stop() {
    const ended = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await ended;
    rmSync(this.folder, { recursive: true });
  }
}
