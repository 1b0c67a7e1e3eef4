"""The shop's requests and answers as plugins see them, and running the shop's app so that they can."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.formparser import parse_form_data

from checkout_bridge.errors import PayloadTooLarge

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]


# What a fetch from the shop's own app takes over from the shopper's request.
_FETCH_KEEPS = (
    "SERVER_",
    "REMOTE_",
    "SCRIPT_",
    "wsgi.",
    "HTTP_COOKIE",
    "HTTP_HOST",
    "HTTP_AUTHORIZATION",
    "HTTP_X_FORWARDED",
)


class Headers(Mapping[str, str]):
    """Header fields by name in any case."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._by_name: dict[str, str] = {}
        for name, value in pairs:
            self._by_name.setdefault(name.lower(), value)

    def __getitem__(self, name: str) -> str:
        return self._by_name[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)


class Request:
    """A request to the shop. Reading the body leaves it for the shop's view to read again."""

    def __init__(self, environ: Environ, *, ref: str | None, max_body: int) -> None:
        self._environ = environ
        self._max_body = max_body
        self.ref = ref
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = environ.get("PATH_INFO", "")

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The query parameters, the first value of each."""
        return _first_values(self._environ.get("QUERY_STRING", ""))

    @cached_property
    def headers(self) -> Headers:
        """The header fields."""
        pairs = [(name[5:].replace("_", "-"), value) for name, value in self._environ.items() if name[:5] == "HTTP_"]
        pairs.append(("Content-Type", self._environ.get("CONTENT_TYPE", "")))
        return Headers(pairs)

    def body(self) -> bytes:
        """The raw bytes. Raises PayloadTooLarge over the limit; the shop's view still gets them all."""
        return self._body

    @cached_property
    def _body(self) -> bytes:
        told = self._environ.get("CONTENT_LENGTH") or ""
        stream = self._environ["wsgi.input"]
        if told.isdecimal() and int(told) > self._max_body:
            raise self._too_large()
        if told.isdecimal():
            body: bytes = stream.read(int(told))
        elif self._environ.get("wsgi.input_terminated"):  # sent in chunks: its length shows only at its end
            body = stream.read(self._max_body + 1)
        else:
            return b""
        if len(body) > self._max_body:
            self._environ["wsgi.input"] = io.BufferedReader(_Rejoined(body, stream))
            raise self._too_large()
        self._environ["wsgi.input"] = io.BytesIO(body)
        return body

    def _too_large(self) -> PayloadTooLarge:
        return PayloadTooLarge("Payload too large", details=f"The body is over {self._max_body} bytes")

    def json(self) -> Any:
        """The body parsed as JSON, or None when it is not JSON."""
        return _parsed(self.body()) if "json" in self.headers["Content-Type"] else None

    def form(self) -> Mapping[str, str]:
        """The fields of a posted form, urlencoded or multipart, the first value of each."""
        body = self.body()
        sent = {**self._environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        # Uploads are in memory already: no temporary files, which would have to be closed even when parsing breaks off.
        _, fields, _ = parse_form_data(sent, lambda *_, **__: io.BytesIO(), max_content_length=self._max_body)
        return fields.to_dict()


class _Rejoined(io.RawIOBase):
    """What was read of a stream, and then the rest of it."""

    def __init__(self, read: bytes, rest: Any) -> None:
        self._read = io.BytesIO(read)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._read.read(len(buffer)) or self._rest.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class Answer:
    """The answer of the shop's app, begun: its status and headers are there, its body is still to be streamed."""

    def __init__(self, app: WsgiApp, environ: Environ) -> None:
        self._started: tuple[Any, ...] = ()
        self._written: list[bytes] = []
        self._server: StartResponse | None = None
        self._write: Callable[[bytes], Any] = self._written.append
        self._body = app(environ, self._start)
        try:
            self._chunks = self._begin()
        except BaseException:
            self.close()
            raise

    def _start(self, *args: Any) -> Callable[[bytes], None]:
        if self._server is None:
            self._started = args
        else:
            # It begins again, with its failure, while it is read: that is the server's to judge.
            self._write = self._server(*args)
        return self._take

    def _take(self, data: bytes) -> None:
        self._write(data)

    def _begin(self) -> Iterator[bytes]:
        """Pull chunks until the app has told status and headers, which it may do as late as with the first of them."""
        iterator, pulled = iter(self._body), []
        while not self._started:
            try:
                pulled.append(next(iterator))
            except StopIteration:
                break
        if not self._started:
            raise RuntimeError("the application gave no status")
        return chain(pulled, iterator)

    @property
    def status(self) -> int:
        """The status code."""
        return int(self._started[0].split(" ", 1)[0])

    @cached_property
    def headers(self) -> Headers:
        """The header fields."""
        return Headers(self._started[1])

    def body(self) -> bytes:
        """The whole body; asking for it buffers it."""
        self._buffered = b"".join([*self._written, *self._chunks])
        self._written.clear()
        self._chunks = iter([self._buffered])
        return self._buffered

    def json(self) -> Any:
        """The body parsed as JSON, or None when it is not JSON."""
        return _parsed(self.body()) if "json" in self.headers.get("Content-Type", "") else None

    def pass_on(self, start_response: StartResponse) -> Iterable[bytes]:
        """Hand status, headers and body to the server, as they came."""
        self._write = start_response(*self._started)
        self._server = start_response
        return _Closing(chain(tuple(self._written), self._chunks), self.close)

    def close(self) -> None:
        """Close the app's own iterable, as its server would have."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


class _Closing:
    """An iterable that closes what it came from."""

    def __init__(self, chunks: Iterator[bytes], close: Callable[[], None]) -> None:
        self._chunks = chunks
        self.close = close

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks


def fetch_json(app: WsgiApp, environ: Environ, path: str) -> Any:
    """GET a path of the shop's own app with the request's cookies and host; the parsed JSON, or None."""
    path, _, query = path.partition("?")
    inner = {name: value for name, value in environ.items() if name.startswith(_FETCH_KEEPS)}
    inner |= {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_ACCEPT": "application/json",
        "wsgi.input": io.BytesIO(),
    }
    answer = Answer(app, inner)
    try:
        return answer.json() if answer.status == 200 else None
    finally:
        answer.close()


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _first_values(encoded: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True, max_num_fields=None):
        values.setdefault(name, value)
    return values
