"""A real HTTP server that misbehaves on request, for the tests of the client."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from checkout_bridge.http import DeadlineSession

PATIENCE = 10.0  # seconds; a client without a deadline fails its test then, rather than never ending


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes


class Backend(socketserver.ThreadingTCPServer):
    """Answers each request with the next step it was told, else ``200 {}``; keeps connections alive."""

    allow_reuse_address = True

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.tls = tls
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_address[1]}"
        self.seen: list[Seen] = []
        self.connections: list[socket.socket] = []
        self.steps: deque[Callable[[socket.socket], bool]] = deque()
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def reply(self, status: int = 200, body: bytes = b"{}", **headers: str) -> Backend:
        """Answer at once. Header names are given with underscores for dashes."""
        fields = {"Content_Type": "application/json", "Content_Length": str(len(body)), **headers}
        lines = [
            f"HTTP/1.1 {status} Because",
            *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items()),
        ]
        return self.send_raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def send_raw(self, data: bytes, *, then_hang_up: bool = False) -> Backend:
        """Answer with these bytes."""

        def step(sock: socket.socket) -> bool:
            sock.sendall(data)
            return not then_hang_up

        self.steps.append(step)
        return self

    def drip(self, head: bytes, piece: bytes) -> Backend:
        """Answer ``head``, then ``piece`` again and again, for longer than any deadline here."""

        def step(sock: socket.socket) -> bool:
            sock.sendall(head)
            until = time.monotonic() + PATIENCE
            while time.monotonic() < until and not self.stopping.wait(0.02):
                sock.sendall(piece)
            return False

        self.steps.append(step)
        return self

    def hang(self) -> Backend:
        """Do not answer, for longer than any deadline here."""

        def step(_: socket.socket) -> bool:
            self.stopping.wait(PATIENCE)
            return False

        self.steps.append(step)
        return self

    def hang_up(self) -> Backend:
        """Close the connection instead of answering."""
        self.steps.append(lambda _: False)
        return self

    def has_lost(self, connection: socket.socket, *, within: float) -> bool:
        """Whether the client closes this connection within so many seconds."""
        until = time.monotonic() + within
        while connection.fileno() != -1 and time.monotonic() < until:
            time.sleep(0.01)
        return connection.fileno() == -1

    def close(self) -> None:
        self.stopping.set()
        self.shutdown()
        for connection in self.connections:
            with contextlib.suppress(OSError):  # closed by its own handler already
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self._thread.join()


class _Connection(socketserver.BaseRequestHandler):
    server: Backend

    def handle(self) -> None:
        sock: socket.socket = self.request
        self.server.connections.append(sock)
        try:
            if self.server.tls is not None:
                sock = self.server.tls.wrap_socket(sock, server_side=True)
                self.server.connections.append(sock)
            with sock, sock.makefile("rb") as stream:
                while (seen := _read_request(stream)) is not None:
                    self.server.seen.append(seen)
                    step = self.server.steps.popleft() if self.server.steps else _empty_object
                    if not step(sock):
                        return
        except OSError:
            return  # the client went away, which is what many tests want


def _empty_object(sock: socket.socket) -> bool:
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
    return True


def _read_request(stream: socket.SocketIO) -> Seen | None:
    line = stream.readline()
    if not line:
        return None
    method, target, _ = line.decode("latin-1").split()
    headers: dict[str, str] = {}
    while (field := stream.readline().decode("latin-1").strip()) != "":
        name, _, value = field.partition(":")
        headers[name.lower()] = value.strip()
    return Seen(method, target, headers, stream.read(int(headers.get("content-length", 0))))


@pytest.fixture
def backend() -> Iterator[Backend]:
    server = Backend()
    yield server
    server.close()


@pytest.fixture
def start_backend() -> Iterator[Callable[[ssl.SSLContext], Backend]]:
    """Starts backends that speak TLS."""
    started: list[Backend] = []

    def start(tls: ssl.SSLContext) -> Backend:
        started.append(Backend(tls))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture
def pauses() -> list[float]:
    """What ``session`` would have slept between attempts, in seconds."""
    return []


@pytest.fixture
def session(pauses: list[float]) -> Iterator[DeadlineSession]:
    with DeadlineSession(sleep=pauses.append) as session:
        yield session


@pytest.fixture
def refused_url() -> Iterator[str]:
    """A port that is taken and that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
