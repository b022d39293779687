"""What every pooler does that a client can tell: its connections carry other process ids than the server's own."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Relay:
    """Passes connections on to a server's socket, and changes the process id that the server gives them.

    A message is a type, its length as four bytes and its body; BackendKeyData is of type K (PostgreSQL's documentation,
    "Message Formats").
    """

    def __init__(self, server_socket: str) -> None:
        self._server_socket = server_socket
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._server_socket)
        threading.Thread(target=_pass_on, args=(client, server), daemon=True).start()
        with suppress(OSError):
            stream = server.makefile("rb")
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while head := stream.read(5):
                body = stream.read(int.from_bytes(head[1:], "big") - 4)
                if head[:1] == b"K":
                    body = (int.from_bytes(body[:4], "big") ^ 0x55555555).to_bytes(4, "big") + body[4:]
                client.sendall(head + body)
        client.close()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
