"""The API of a platform, played on a local port out of the samples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit


class ShopApi(ThreadingHTTPServer):
    """Answers a path with its query, else the path alone, whatever the method; 404 for others.

    While it is ``down`` it answers 500. ``asked`` has the paths that it was asked for.
    """

    daemon_threads = True

    def __init__(self, answers: Mapping[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.down = False
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        self.asked.append(path)
        if self.down:
            return 500, b"{}"
        for known in (path, urlsplit(path).path):
            if known in self.answers:
                told = self.answers[known]
                return 200, told if isinstance(told, bytes) else json.dumps(told).encode()
        return 404, b"{}"


class _Handler(BaseHTTPRequestHandler):
    server: ShopApi
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, body = self.server.answer(self.path)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(answers: Mapping[str, Any]) -> Iterator[ShopApi]:
    """The API while it is needed."""
    api = ShopApi(answers)
    thread = Thread(target=api.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.shutdown()
        thread.join()
        api.server_close()
