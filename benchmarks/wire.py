"""Keep-alive connections that cost next to nothing, so that the server is what is measured."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Connections:
    """Several connections to a server; ``exchange`` keeps a request going on each of them."""

    def __init__(self, port: int, count: int) -> None:
        self._sockets = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(count)]
        for sock in self._sockets:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def exchange(self, requests: Iterator[bytes]) -> int:
        """Send one request on every connection and read every answer. Raises RuntimeError for one that is not 200."""
        for sock, request in zip(self._sockets, requests, strict=False):
            sock.sendall(request)
        for sock in self._sockets:
            _read_answer(sock)
        return len(self._sockets)

    def close(self) -> None:
        """Hang up."""
        for sock in self._sockets:
            sock.close()


@contextmanager
def connected(port: int, count: int) -> Iterator[Connections]:
    """Connections that are closed at the end."""
    connections = Connections(port, count)
    try:
        yield connections
    finally:
        connections.close()


def get(path: str) -> bytes:
    """A GET as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def post(path: str, body: Any, headers: Mapping[str, str]) -> bytes:
    """A POST of JSON as it goes over the wire."""
    content = json.dumps(body, separators=(",", ":")).encode()
    fields = {
        "Host": "127.0.0.1",
        "Content-Type": "application/json",
        "Content-Length": str(len(content)),
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + content


def _read_answer(sock: socket.socket) -> None:
    data = sock.recv(65536)
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _more(sock)
    found = _LENGTH.search(data, 0, end)
    if not data.startswith(b"HTTP/1.1 200") or found is None:
        raise RuntimeError(f"the server answered {data[:500]!r}")
    missing = end + 4 + int(found[1]) - len(data)
    while missing > 0:
        missing -= len(_more(sock))


def _more(sock: socket.socket) -> bytes:
    data = sock.recv(65536)
    if not data:
        raise RuntimeError("the server hung up")
    return data
