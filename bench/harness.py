"""What bench/run, bench/delivery and bench/instructions share: the programs that are measured, started on a free port and put under a load."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
PEER = ROOT / "bench" / "peers" / "socketio"
SECRET = "0123456789abcdef0123456789abcdef"
API_KEY = "bench"
# All limits are on but those that a load generator would meet first: one client emits for all, one user may have many sockets.
ENVIRONMENT = {"JWT_SECRET": SECRET, "API_KEY": API_KEY, "THREADS": "1", "LOG_LEVEL": "error", "DATA_DIR": "", "PRESENCE_GRACE_MS": "0",
               "CLIENT_EVENTS_PER_S": "0", "MAX_CONNECTIONS_PER_USER": "0", "MAILBOX_MESSAGES": "1000000"}


def build(*targets):
    subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", BUILD, "--target", *targets, "signalbox_bench"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def build_addon():
    subprocess.run([ROOT / "node" / "build", "--addon"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def install_peer():
    if not (PEER / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=PEER, check=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process):
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    sys.exit("a server did not start" + (":\n" + process.stderr.read() if process.stderr else ""))


class Server:
    """A program that listens, until the end of its with block."""

    def __init__(self, command, settings, **popen):
        self.port = free_port()
        self.start = lambda: subprocess.Popen(command, env={"PATH": os.environ["PATH"], **ENVIRONMENT, "PORT": str(self.port), **settings}, text=True, **popen)
        self.process = self.start()

    def __enter__(self):
        wait_for(self.port, self.process)
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def restart_when_ended(self):
        """Waits for its end, which somebody else brings about; then it listens again, on the same port."""
        self.process.wait()
        self.process = self.start()
        wait_for(self.port, self.process)

    def load(self, scenario, prefix=()):
        """The figures of one scenario of signalbox-bench, or {"error": what went wrong}."""
        done = subprocess.run([*prefix, BUILD / "signalbox-bench", *scenario, "--json", "--port", str(self.port), "--pid", str(self.process.pid),
                               "--secret", SECRET, "--api-key", API_KEY], capture_output=True, text=True)
        return json.loads(done.stdout) if done.returncode == 0 else {"error": done.stderr.strip()}
