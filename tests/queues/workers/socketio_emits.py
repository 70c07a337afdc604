# A process that emits through python-socketio's write-only manager: a line of Python each, in which `emit` is its call.
import sys

import socketio

emit = socketio.RedisManager(sys.argv[1], channel=sys.argv[2], write_only=True).emit
for line in sys.stdin:
    eval(line)
    print("done", flush=True)
