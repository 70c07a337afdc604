"""A browser on a slow line, which node's sockets cannot be: its kernel takes little.

slow_reader.py PORT LOGIN SECONDS: logs in, reads 10 KB a second for so long, then all there is; prints each message,
and answers the pings among them. Ends with its input.
"""
import os, select, socket, sys, time

port, login, slow_for = int(sys.argv[1]), sys.argv[2].encode(), float(sys.argv[3])
line = socket.socket()
line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
line.connect(("127.0.0.1", port))


def send(text):
    head = bytes([0x81, 0x80 | len(text)]) if len(text) < 126 else bytes([0x81, 0xFE]) + len(text).to_bytes(2, "big")
    line.sendall(head + bytes(4) + text)  # masked with zeros


line.sendall(
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
send(login)
got = b""
begun = time.monotonic()
while True:
    slow = time.monotonic() - begun < slow_for
    if slow:
        time.sleep(0.05)
    ready, _, _ = select.select([line, sys.stdin], [], [])
    if sys.stdin in ready:
        break
    data = line.recv(500 if slow else 65536)
    if not data:
        print("closed", flush=True)
        break
    got += data
    if got.startswith(b"HTTP"):
        head, end, rest = got.partition(b"\r\n\r\n")
        if not end:
            continue
        got = rest
    while len(got) >= 4:
        longer = got[1] == 126
        start = 4 if longer else 2
        size = int.from_bytes(got[2:4], "big") if longer else got[1]
        if len(got) < start + size:
            break
        message, got = got[start : start + size].decode(errors="replace"), got[start + size :]
        if message == "2":
            send(b"3")
        print(message, flush=True)
