"""What bench/run writes: a table, the bars that Signalbox has to reach, a chart."""
import statistics


def shown(value):
    if value is None:
        return "failed"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def first(row):
    """The program that is ours: it stands before its peers."""
    return next(iter(row["servers"]))


def times_better(row, program):
    """How many times better Signalbox is than that program; None where one of them has no figure."""
    ours, theirs = (row["servers"].get(name, {}).get("median") for name in (first(row), program))
    if not ours or not theirs:
        return None
    return ours / theirs if row["more_is_better"] else theirs / ours


def share(entry, key):
    known = [run[key] for run in entry["runs"] if key in run]
    return f"{statistics.median(known):.0%}" if known else ""


def table(results):
    lines = ["| scenario | server | median of runs | spread | CPU of server | load busy | Signalbox is better |", "|---|---|---|---|---|---|---|"]
    for row in results:
        for program, entry in row["servers"].items():
            ratio = times_better(row, program) if program != first(row) else None
            spread = f"{entry['spread']:.0%}" if entry["spread"] is not None else ""
            lines.append(f"| {row['name']} | {program} | {shown(entry['median'])} | {spread} | {share(entry, 'server_cpu_share')} "
                         f"| {share(entry, 'load_busy_share')} | {f'{ratio:.2f} ×' if ratio else ''} |")
    return "\n".join(lines) + "\n"


class Figures:
    """Results by name, for the bars; a missing one makes a bar unknown (KeyError)."""

    def __init__(self, results):
        self.rows = {row["name"]: row for row in results}

    def better(self, name, program):
        ratio = times_better(self.rows[name], program)
        if ratio is None:
            raise KeyError(program)
        return ratio

    def ours(self, name, key=None):
        row = self.rows[name]
        known = [run[key or row["figure"]] for run in row["servers"]["signalbox"]["runs"] if (key or row["figure"]) in run]
        if not known:
            raise KeyError(name)
        return statistics.median(known)

    def growth(self, program):
        cost = [statistics.median(run["server_cpu_us_per_event"] for run in self.rows[f"burst, {users} users"]["servers"][program]["runs"])
                for users in ("1,000", "10,000")]
        return cost[1] / cost[0]


# what, the floor, the aim (None: it is computed), how it is computed, is more better
BARS = [
    ("burst to 1,000 users against Socket.IO, times", 27, 40, lambda f: f.better("burst, 1,000 users", "socket.io"), True),
    ("burst against the batched bare server", 0.5, 0.8, lambda f: f.better("burst, 1,000 users", "bare, batched"), True),
    ("burst to 10,000 users, 1,000 events a turn, against the bare server", 1, 1.2, lambda f: f.better("burst, 10,000 users, 1,000 a turn", "bare"), True),
    ("burst of free-form JSON against the typed one", 0.55, 0.7, lambda f: f.ours("burst, free-form JSON") / f.ours("burst, 1,000 users"), True),
    ("relay against Socket.IO, times", 6, 8, lambda f: f.better("relay", "socket.io"), True),
    ("relay against the bare server", 0.9, 1.3, lambda f: f.better("relay", "bare"), True),
    ("relay to 1,000 users in turn against the bare server", 0.8, 1, lambda f: f.better("relay to 1,000 users in turn", "bare"), True),
    ("CPU of a login, µs", 60, 35, lambda f: f.ours("logins, CPU µs each"), False),
    ("a login at 128 under way, p99, ms", 12, 6, lambda f: f.ours("logins, 128 under way, p99 µs") / 1000, False),
    ("2,000 logins with presence against Socket.IO, times less", 30, 60, lambda f: f.better("2,000 logins told of each other, s", "socket.io"), True),
    ("presence against Socket.IO, times", 2.5, 3, lambda f: f.better("presence, one flapping, deliveries/s", "socket.io"), True),
    ("presence against the bare server", 0.85, 1, lambda f: f.better("presence, one flapping, deliveries/s", "bare"), True),
    ("memory of an idle connection, 10,000 users, bytes", 1250, 1024, lambda f: f.ours("memory per idle user, 10,000, bytes"), False),
    ("memory of an idle connection, 19,000 users, bytes", 1250, 1024, lambda f: f.ours("memory per idle user, 19,000, bytes"), False),
    ("19,000 cut off and back against Socket.IO, times less", 10, 20, lambda f: f.better("19,000 cut off and back, s", "socket.io"), True),
    ("relay at 20,000/s, p50, of the bare server's", 1.3, 1.1, lambda f: 1 / f.better("relay at 20,000/s, p50 µs", "bare"), False),
    ("CPU of a delivery, two shards against one", 1.15, 1.05,
     lambda f: f.ours("burst, two shards, CPU µs each") / f.ours("burst, one shard, CPU µs each"), False),
    ("CPU of a delivery, 10,000 users against 1,000", 1.6, lambda f: f.growth("bare, batched"), lambda f: f.growth("signalbox"), False),
    ("memory after ten minutes of churn, growth", 0.1, 0.03, lambda f: f.ours("ten minutes of churn, growth"), False),
    ("10,000 idle users, share of a core", 0.015, 0.008, lambda f: f.ours("10,000 idle users, share of a core"), False),
]


def bars(results):
    figures = Figures(results)
    lines = []
    for what, floor, aim, compute, more in BARS:
        try:
            value, aim = compute(figures), aim(figures) if callable(aim) else aim
        except KeyError:
            continue
        reaches = lambda bar: value >= bar if more else value <= bar
        verdict = "aim reached" if reaches(aim) else "reached" if reaches(floor) else "**missed**"
        lines.append(f"| {what} | {shown(value)} | {shown(floor)} | {shown(aim)} | {verdict} |")
    if not lines:
        return ""
    return "\n".join(["\n| what Signalbox is to reach | measured | at least | aim | |", "|---|---|---|---|---|", *lines]) + "\n"


def chart(results):
    """How many times better Signalbox is than Socket.IO, one bar a scenario."""
    drawn = [(row["name"], times_better(row, "socket.io")) for row in results if times_better(row, "socket.io")]
    longest = max((ratio for _, ratio in drawn), default=1)
    height = 40 + 30 * len(drawn)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {height}" font-family="system-ui, sans-serif" font-size="13">',
           f'<rect width="760" height="{height}" fill="#fff"/><text x="10" y="22" font-weight="600">Signalbox against Socket.IO on Node, times better</text>']
    for i, (name, ratio) in enumerate(drawn):
        y, width = 34 + 30 * i, max(2, 400 * ratio / longest)
        out.append(f'<text x="290" y="{y + 16}" text-anchor="end">{name}</text><rect x="300" y="{y}" width="{width:.0f}" height="22" rx="3" fill="#1f6f54"/>'
                   f'<text x="{308 + width:.0f}" y="{y + 16}">{ratio:.1f} ×</text>')
    return "\n".join(out) + "\n</svg>\n"
