"""What bench/run and bench/pairs measure: the scenarios, and how one of them is run once."""
from harness import BUILD, PEER, ROOT, Server

SERVER_CORE, LOAD_CORE = "0", "1"
PROGRAMS = {
    "signalbox": ([BUILD / "bench_server"], {}),
    "socket.io": (["node", PEER / "server.js"], {}),
    "npm package": (["node", ROOT / "bench" / "node" / "server.mjs"], {}),
    "npm package, on a server": (["node", ROOT / "bench" / "node" / "server.mjs"], {"ATTACH": "on"}),
    "bare": ([BUILD / "bench_bare"], {"BATCH": "0"}),
    "bare, batched": ([BUILD / "bench_bare"], {"BATCH": "1"}),
}
OURS, UNBATCHED, ALL = ["signalbox"], ["signalbox", "socket.io", "bare"], ["signalbox", "socket.io", "bare", "bare, batched"]
NODE, NODES = ["npm package", "socket.io"], ["npm package", "npm package, on a server", "socket.io"]
ALONE = {"PRESENCE_EVENTS": "off"}  # users do not hear of each other
MORE, LESS = True, False  # which is better
# name, scenario and its arguments, settings, programs, figure, is more better
SCENARIOS = [
    ("burst, 1,000 users", ["burst", "--users", "1000"], ALONE, ALL, "events_per_s", MORE),
    ("burst, 10,000 users", ["burst", "--users", "10000"], ALONE, ALL, "events_per_s", MORE),
    ("burst, 10,000 users, 1,000 a turn", ["burst", "--users", "10000", "--per-turn", "1000"], ALONE, ["signalbox", "bare"], "events_per_s", MORE),
    ("burst, free-form JSON", ["burst", "--users", "1000", "--free-form"], ALONE, OURS, "events_per_s", MORE),
    ("burst, free-form JSON values", ["burst", "--users", "1000", "--values"], ALONE, OURS, "events_per_s", MORE),
    ("burst, one shard, CPU µs each", ["burst", "--users", "1000", "--sleep"], ALONE, OURS, "server_cpu_us_per_event", LESS),
    ("burst, two shards, CPU µs each", ["burst", "--users", "1000", "--sleep"], {**ALONE, "THREADS": "2"}, OURS, "server_cpu_us_per_event", LESS),
    ("POST /api/emit, 100 a request", ["http", "--count", "300000"], ALONE, OURS, "events_per_s", MORE),
    ("relay", ["relay", "--users", "1", "--count", "300000"], ALONE, UNBATCHED, "events_per_s", MORE),
    ("relay to 1,000 users in turn", ["relay", "--users", "1000", "--count", "200000"], ALONE, UNBATCHED, "events_per_s", MORE),
    ("relay by JSON values", ["relay", "--users", "1", "--count", "200000", "--free-form"], ALONE, OURS, "events_per_s", MORE),
    ("relay at 20,000/s, p50 µs", ["relay", "--users", "1", "--count", "100000", "--rate", "20000"], ALONE, UNBATCHED, "p50_us", LESS),
    ("logins, CPU µs each", ["logins", "--users", "5000"], ALONE, UNBATCHED, "server_cpu_us_per_event", LESS),
    ("logins, 128 under way, p99 µs", ["logins", "--users", "10000", "--at-once", "128"], ALONE, UNBATCHED, "p99_us", LESS),
    ("2,000 logins told of each other, s", ["storm", "--users", "2000"], {}, ALL, "seconds", LESS),
    ("presence, one flapping, deliveries/s", ["presence", "--users", "2000", "--count", "400000"], {}, UNBATCHED, "events_per_s", MORE),
    ("memory per idle user, 10,000, bytes", ["idle", "--users", "10000", "--seconds", "1"], ALONE, UNBATCHED, "bytes_per_user", LESS),
    ("memory per idle user, 19,000, bytes", ["idle", "--users", "19000", "--seconds", "1"], ALONE, ["signalbox", "bare"], "bytes_per_user", LESS),
    ("10,000 idle users, share of a core", ["idle", "--users", "10000", "--seconds", "50"], ALONE, OURS, "server_cpu_share", LESS),
    ("Node: burst, 1,000 users", ["burst", "--users", "1000"], ALONE, NODE, "events_per_s", MORE),
    ("Node: logins, CPU µs each", ["logins", "--users", "5000"], ALONE, NODES, "server_cpu_us_per_event", LESS),
    ("Node: memory per idle user, 10,000, bytes", ["idle", "--users", "10000", "--seconds", "1"], ALONE, NODES, "bytes_per_user", LESS),
    ("19,000 cut off and back, s", ["return", "--users", "19000"], ALONE, UNBATCHED, "seconds", LESS),
]
# Of bench/node/thread.mjs: the rows with their figures, and what it calls the programs.
THREAD = [("Node: JavaScript's thread for an emit, ns", "emit_ns"), ("Node: the same for a hand-over, µs", "hand_over_us"),
          ("Node: event loop delay, p99, ms", "delay_p99_ms")]
THREAD_PROGRAMS = {"npm package": "signalbox-port", "npm package, on a server": "signalbox", "socket.io": "socket.io"}
LONG = [("ten minutes of churn, growth", ["churn", "--seconds", "600"], {}, OURS, "growth", LESS)]


def one_run(command, scenario, settings):
    """The figures of one run: the server on one core, unless it has two shards, the load on another."""
    cores = SERVER_CORE if settings.get("THREADS", "1") == "1" else f"{SERVER_CORE},{LOAD_CORE}"
    with Server(["taskset", "-c", cores, *command], settings) as server:
        return server.load(scenario, prefix=["taskset", "-c", LOAD_CORE])
