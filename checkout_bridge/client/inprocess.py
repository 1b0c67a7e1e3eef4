"""A requests adapter that calls a WSGI app in the same process: the wire contract without a wire.

The time left of the call travels as ``environ["checkout_bridge.deadline_ms"]``, so that the app can bound its own
waits; nothing here interrupts it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO, RawIOBase
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from checkout_bridge.errors import BackendFailed

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

BASE_URL = "http://engine.invalid/"
DEADLINE_KEY = "checkout_bridge.deadline_ms"

ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class InProcessAdapter(BaseAdapter):
    """Mounted on a session at ``BASE_URL``; each request becomes one call of ``app``."""

    def __init__(self, app: WSGIApplication) -> None:
        super().__init__()
        self._app = app

    def send(self, request: PreparedRequest, *_: Any, timeout: Any = None, **__: Any) -> Response:
        """Answer what the app answers. Raises BackendFailed when it raises, or breaks the protocol."""
        environ = build_environ(request)
        if isinstance(timeout, int | float):
            environ[DEADLINE_KEY] = max(0, int(timeout * 1000))
        with _told_in_our_words():
            answer = _Answer(self._app, environ)
            return answer.to_response(request)

    def close(self) -> None:
        """Nothing to let go of: the app belongs to whoever made it."""


class _Answer(RawIOBase):
    """What one call of a WSGI app answers; the body is drawn from the app only as it is read, and closed at its end."""

    def __init__(self, app: WSGIApplication, environ: dict[str, Any]) -> None:
        self._status = ""
        self._headers: list[tuple[str, str]] = []
        self._has_sent = False
        self._ready = bytearray()
        self._body: Iterable[bytes] = ()
        self._body = app(environ, self._start_response)
        self._pieces = iter(self._body)
        self._draw()
        if not self._status:
            raise AssertionError("the app answered without start_response")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the next piece goes. Raises BackendFailed."""
        if not self._ready:
            with _told_in_our_words():
                self._draw()
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        del self._ready[:count]
        return count

    def close(self) -> None:
        self._let_go()
        super().close()

    def _draw(self) -> None:
        """Make the next piece ready that is not empty; let the body go when there is none, or it breaks."""
        is_there = False
        try:
            is_there = any(self._send(piece) for piece in self._pieces)
        finally:
            if not is_there:
                self._let_go()

    def _send(self, piece: bytes) -> bool:
        self._ready += piece
        self._has_sent = self._has_sent or bool(piece)
        return bool(piece)

    def _let_go(self) -> None:
        body, self._body = self._body, ()
        close = getattr(body, "close", None)
        if close is not None:
            close()

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        if exc_info is not None:
            try:
                if self._has_sent and exc_info[1] is not None:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # breaks the cycle from the traceback to this frame
        elif self._status:
            raise AssertionError("start_response was called twice without exc_info")
        self._status, self._headers = status, headers
        return self._send

    def to_response(self, request: PreparedRequest) -> Response:
        """The answer as requests knows it. Raises ValueError for a status that is none."""
        code, _, reason = self._status.partition(" ")
        response = Response()
        response.status_code = int(code)
        response.reason = reason
        response.headers = _joined(self._headers)
        response.encoding = get_encoding_from_headers(response.headers)
        response.raw = self
        response.url = str(request.url)
        response.request = request
        return response


@contextmanager
def _told_in_our_words() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise BackendFailed(500, f"the promotions engine raised {type(error).__name__}") from error


def build_environ(request: PreparedRequest) -> dict[str, Any]:
    """The WSGI environ (PEP 3333) of a prepared request; ``REQUEST_URI`` keeps the path as it was encoded."""
    url = urlsplit(str(request.url))
    body = request.body or b""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path or "/").decode("latin-1"),
        "QUERY_STRING": url.query,
        "REQUEST_URI": request.path_url,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": url.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": BytesIO(body.encode() if isinstance(body, str) else body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return environ


def _joined(headers: list[tuple[str, str]]) -> CaseInsensitiveDict[str]:
    """Headers by name; the values of a repeated one are joined by commas, as requests does."""
    joined: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    for name, value in headers:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined
