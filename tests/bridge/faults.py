"""A proxy in front of a served engine that fails as networks do: it refuses, hangs, drips, cuts and turns away."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, Literal

from flask import Flask
from werkzeug.serving import make_server

Kind = Literal["refuse", "hang", "rate_limited", "server_error", "drip", "cut", "slow"]
BYTE_EVERY = 0.05  # seconds; a whole answer takes longer than any deadline here
SLOW = 0.7  # seconds until a slow answer comes, whole
_NEVER_CARRIED_OUT = b'{"id": "nobody has made this", "object": "nothing"}'


@dataclass(frozen=True)
class Fault:
    """What goes wrong. ``is_forwarded`` says that the engine got the request and carried it out: the answer is lost."""

    kind: Kind
    is_forwarded: bool = False

    def __str__(self) -> str:
        return f"{self.kind}{'_forwarded' if self.is_forwarded else ''}"


# One that is refused, or turned away at the door, has never been carried out.
FAULTS = (
    *(Fault(kind) for kind in ("refuse", "hang", "rate_limited", "server_error", "drip", "cut")),
    *(Fault(kind, is_forwarded=True) for kind in ("hang", "server_error", "drip", "cut")),
)
# Those that only the deadline ends.
ENDLESS = ("hang", "drip")


class FaultProxy:
    """Carries requests on to a server on this machine, and fails where it is told to. ``seen`` is what it was sent."""

    def __init__(self, upstream: int) -> None:
        self.seen: list[tuple[str, str]] = []
        self._upstream = upstream
        self._fault: tuple[Fault, str, str] | None = None
        self._mended = threading.Event()
        self._held: socket.socket | None = None
        self._server = _Server(self, 0)
        self._port: int = self._server.server_address[1]

    @property
    def url(self) -> str:
        """Where it is, also while it refuses."""
        return f"http://127.0.0.1:{self._port}"

    def fail(self, fault: Fault, *, method: str = "", path: str = "") -> None:
        """From now on fail so; if told, only requests of this method whose path ends so."""
        self.mend()
        self._mended = threading.Event()
        if fault.kind == "refuse":
            if method or path:
                raise ValueError("who refuses connections has not read a request")
            self._server.stop()
            self._held = socket.socket()  # a port that is taken and that nobody listens on
            self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._held.bind(("127.0.0.1", self._port))
        else:
            self._fault = (fault, method, path)

    def mend(self) -> None:
        """Carry everything on again; answers that hang or drip end unfinished."""
        self._fault = None
        self._mended.set()
        if self._held is not None:
            self._held.close()
            self._held = None
            self._server = _Server(self, self._port)

    def close(self) -> None:
        """End everything."""
        self.mend()
        self._server.stop()

    def count(self, method: str, ending: str) -> int:
        """How many requests of this kind have come."""
        return sum(sent == method and path.endswith(ending) for sent, path in self.seen)

    def answer(self, connection: socket.socket, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        """Deal with one request."""
        path, mended = target.split("?")[0], self._mended
        self.seen.append((method, path))
        fault, only_method, ending = self._fault or (None, "", "")
        if fault is None or only_method not in ("", method) or not path.endswith(ending):
            connection.sendall(self._carried_on(method, target, headers, body))
            return
        if fault.is_forwarded:
            answer = self._carried_on(method, target, headers, body)
        else:
            answer = _message(200, _NEVER_CARRIED_OUT)
        _give(connection, fault.kind, answer, mended)

    def _carried_on(self, method: str, target: str, headers: dict[str, str], body: bytes) -> bytes:
        upstream = HTTPConnection("127.0.0.1", self._upstream, timeout=10)
        try:
            upstream.request(method, target, body or None, headers)
            answer = upstream.getresponse()
            return _message(answer.status, answer.read())
        finally:
            upstream.close()


def _give(connection: socket.socket, kind: Kind, answer: bytes, mended: threading.Event) -> None:
    if kind == "hang":
        mended.wait(10)
    elif kind == "slow":
        mended.wait(SLOW)
        connection.sendall(answer)
    elif kind == "drip":
        for byte in answer:
            if mended.wait(BYTE_EVERY):
                return
            connection.sendall(bytes([byte]))
    elif kind == "cut":
        head, body = answer.split(b"\r\n\r\n", 1)
        connection.sendall(head + b"\r\n\r\n" + body[: len(body) // 2])
    elif kind == "rate_limited":
        connection.sendall(_message(429, b'{"code": 429, "key": "too_many_requests", "message": "Slow down"}', 30))
    else:
        connection.sendall(_message(500, b"<h1>Internal Server Error</h1>"))


def _message(status: int, body: bytes, retry_after: int | None = None) -> bytes:
    fields = ["Content-Type: application/json", f"Content-Length: {len(body)}", "Connection: close"]
    if retry_after is not None:
        fields.append(f"Retry-After: {retry_after}")
    return "\r\n".join([f"HTTP/1.1 {status} Because", *fields, "", ""]).encode() + body


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, proxy: FaultProxy, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.proxy = proxy
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Connection(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # whoever asked has gone, which is what deadlines are for
            line = self.rfile.readline()
            if line:
                self._answer(*line.decode("latin-1").split()[:2])

    def _answer(self, method: str, target: str) -> None:
        headers: dict[str, str] = {}
        while field := self.rfile.readline().decode("latin-1").strip():
            name, _, value = field.partition(":")
            if name.lower() not in ("connection", "accept-encoding"):
                headers[name] = value.strip()
        length = next((value for name, value in headers.items() if name.lower() == "content-length"), "0")
        self.server.proxy.answer(self.connection, method, target, headers, self.rfile.read(int(length)))


@contextmanager
def proxied(upstream: int) -> Iterator[FaultProxy]:
    """A proxy while it is needed."""
    proxy = FaultProxy(upstream)
    try:
        yield proxy
    finally:
        proxy.close()


@contextmanager
def served(app: Flask) -> Iterator[int]:
    """An app on a real HTTP server; gives its port."""
    server: Any = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
