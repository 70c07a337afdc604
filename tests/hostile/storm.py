"""A part of a storm of logins: node's sockets come too slowly, and each process has only so many descriptors.

storm.py PORT FROM: the input has a client's login packet in each line up to an empty one. All log in at once over WebSocket,
each in two writes, as a client does that does not wait for an answer, from the address FROM: for so many connections
from one address the kernel searches long for ports. Prints how many are in, and holds them until the
input ends.
"""
import resource, socket, sys

upgrade = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
port, source = int(sys.argv[1]), sys.argv[2]
ip_bind_address_no_port = 24
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def logged_in(client):
    got = b""
    while b'42["authenticated"' not in got:
        data = client.recv(65536)
        if not data:
            return False
        got += data
    return True


clients = []
for line in sys.stdin:
    login = line.strip().encode()
    if not login:
        break
    client = socket.socket()
    client.settimeout(20)
    client.setsockopt(socket.IPPROTO_IP, ip_bind_address_no_port, 1)
    client.bind((source, 0))
    client.connect(("127.0.0.1", port))
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sendall(upgrade)
    length = bytes([0x80 | len(login)]) if len(login) < 126 else b"\xfe" + len(login).to_bytes(2, "big")
    client.sendall(b"\x81" + length + bytes(4) + login)  # masked with zeros
    clients.append(client)
print(sum(map(logged_in, clients)), flush=True)
sys.stdin.read()
