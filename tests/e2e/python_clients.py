"""Clients of Debian's python3-socketio: logs in N of them at one server and prints what each heard, a JSON line each.

usage: python_clients.py URL SECRET COUNT TRANSPORT   (TRANSPORT: polling, websocket, or upgrade)
Prints "ready" once all are logged in; ends when each has heard `done`.
"""
import base64
import hashlib
import hmac
import json
import sys
import threading

import socketio


def token(claims, secret):
    def encode(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=")

    text = encode(b'{"alg":"HS256","typ":"JWT"}') + b"." + encode(json.dumps(claims).encode())
    return (text + b"." + encode(hmac.new(secret.encode(), text, hashlib.sha256).digest())).decode()


class Client:
    def __init__(self, url, secret, user, transports):
        self.heard, self.login, self.done = [], threading.Event(), threading.Event()
        self.socket = socketio.Client(reconnection=False)
        self.socket.on("authenticated", self.on_authenticated)
        self.socket.on("message", lambda data: self.heard.append(data))
        self.socket.on("done", lambda data: self.done.set())
        auth = {"token": token({"id": user}, secret)}
        self.socket.connect(url, auth=auth, transports=transports, wait_timeout=20)

    def on_authenticated(self, data):
        self.heard.append(data["user"]["id"])
        self.login.set()


def main():
    url, secret, count, transport = sys.argv[1:]
    transports = None if transport == "upgrade" else [transport]
    clients = [Client(url, secret, f"p{i}", transports) for i in range(int(count))]
    for client in clients:
        assert client.login.wait(20), "no login"
    print("ready", flush=True)
    for client in clients:
        client.done.wait(20)
        answer = client.socket.call("ask", ["ü", 1], timeout=20)
        print(json.dumps({"heard": client.heard, "answer": answer, "transport": client.socket.transport()}), flush=True)
    for client in clients:
        client.socket.disconnect()


main()
