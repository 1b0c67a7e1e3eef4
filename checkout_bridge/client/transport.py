"""One request of the contract: keys and headers out, an answer dict or one of our errors back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from requests import Response

from checkout_bridge import __version__
from checkout_bridge.client.answers import answer_of
from checkout_bridge.client.credentials import AccessToken, Credentials, Headers, Keys, header_value
from checkout_bridge.client.oauth import token_issuer
from checkout_bridge.client.streaming import Stream, open_stream
from checkout_bridge.deadline import Clock
from checkout_bridge.errors import InvalidInput
from checkout_bridge.http import DeadlineSession

API_VERSION = "v2018-08-01"
DEFAULT_DEADLINE = 10.0  # seconds

_WRITES = frozenset({"POST", "PUT", "DELETE"})


class Transport:
    """Sends requests to one backend with one pair of keys; neither shows in ``repr`` nor in an error."""

    def __init__(
        self,
        base_url: str,
        app_id: str,
        app_token: str,
        *,
        session: DeadlineSession,
        deadline: float = DEFAULT_DEADLINE,
        replay_safe: bool = False,
        key_headers: tuple[str, str] = ("X-App-Id", "X-App-Token"),
        oauth_scope: str | None = None,
    ) -> None:
        """``deadline`` is in seconds; ``replay_safe`` says that the backend honours idempotency keys. The keys go into
        ``key_headers``; with ``oauth_scope`` they only get access tokens of this scope, and those go into the requests.

        Raises InvalidInput when ``base_url`` is not an http(s) URL, or a key cannot be a header.
        """
        if not base_url.startswith(("http://", "https://")):
            raise InvalidInput("the base URL must start with http:// or https://")
        self.base_url = base_url.rstrip("/")
        self.deadline = deadline
        self.replay_safe = replay_safe
        self.session = session
        self._headers = {
            "X-Voucherify-API-Version": API_VERSION,
            "Accept": "application/json",
            "User-Agent": f"checkout-bridge/{__version__}",
        }
        keys = {
            key_headers[0]: header_value(app_id, "app id"),
            key_headers[1]: header_value(app_token, "app token"),
        }
        self._credentials: Credentials = Keys(keys)
        if oauth_scope is not None:
            self._credentials = AccessToken(
                token_issuer(session, self.base_url, {**self._headers, **keys}, oauth_scope)
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r}, app_id='***', app_token='***')"

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        idempotency_key: str | None = None,
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Send one request and answer its JSON object exactly as it came; ``{}`` when the answer is empty.

        ``path`` starts with a slash and is encoded already (``path_of``). ``params`` may nest (``query_pairs``).
        A write carries ``idempotency_key``, or a fresh one. ``deadline`` (seconds) replaces the transport's own.

        Raises BackendUnauthorized, BackendNotFound, RateLimited or BackendRefused on 4xx, BackendFailed on 5xx,
        MalformedAnswer when a 2xx is not a JSON object, InvalidInput when ``body`` cannot be JSON or the key cannot be
        a header, and what ``DeadlineSession.call`` raises: BackendUnreachable, DeadlineExceeded, ConnectionLost.
        An access token that is refused is renewed once.
        """
        headers = self._headers.copy()
        if method in _WRITES:
            headers["Idempotency-Key"] = header_value(idempotency_key or uuid.uuid4().hex, "idempotency key")
        if body is not None:
            headers["Content-Type"] = "application/json"
        data = None if body is None else _encoded(body)

        def send(shown: Headers, left: float) -> Response:
            return self.session.call(
                method,
                self.base_url + path,
                deadline=left,
                replay_safe=self.replay_safe,
                headers={**headers, **shown},
                params=query_pairs(params) if params else None,
                data=data,
            )

        return answer_of(self._let_in(send, deadline))

    @contextmanager
    def stream(
        self, path: str, *, accept: str, params: Mapping[str, Any] | None = None, deadline: float | None = None
    ) -> Iterator[Stream]:
        """Read what a GET answers piece by piece, closed when left. ``deadline`` bounds the wait for each piece.

        Raises like ``request``, while reading too; MalformedAnswer when the answer does not tell where it ends.
        """
        headers = {**self._headers, "Accept": accept, "Accept-Encoding": "identity"}
        pairs = query_pairs(params or {})

        def send(shown: Headers, left: float) -> Response:
            return open_stream(
                self.session, self.base_url + path, headers={**headers, **shown}, params=pairs, deadline=left
            )

        with self._let_in(send, deadline) as response:
            yield Stream(self.session, response, self.deadline if deadline is None else deadline)

    def _let_in(self, send: Callable[[Headers, float], Response], deadline: float | None) -> Response:
        """Send with what lets in; refused at the door nothing was done, so it may be sent again with what is new."""
        clock = Clock(self.deadline if deadline is None else deadline)
        shown = self._credentials.headers(clock.left())
        response = send(shown, clock.left())
        if response.status_code == 401 and self._credentials.refused(shown):
            response.close()
            shown = self._credentials.headers(clock.left())
            response = send(shown, clock.left())
        return response


def path_of(*parts: str, start: str = "/v1") -> str:
    """``("vouchers", "A/B")`` becomes ``/v1/vouchers/A%2FB``.

    Raises InvalidInput for a part that would address something else: an empty one, ``.`` or ``..``.
    """
    if any(part in ("", ".", "..") for part in parts):
        raise InvalidInput("an id or a code must not be empty, '.' or '..'")
    return "/".join((start, *(quote(part, safe="") for part in parts)))


def query_pairs(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Flatten query parameters; None is dropped, booleans become ``true`` and ``false``.

    ``{"filters": {"status": {"conditions": {"$in": ["A"]}}}}`` becomes ``filters[status][conditions][$in][0]=A``;
    any other nested name is bracketed: ``{"created_at": {"after": D}}`` becomes ``[created_at][after]=D``.
    """
    pairs: list[tuple[str, str]] = []
    for name, value in params.items():
        plain = name == "filters" or name.startswith("[") or not isinstance(value, Mapping)
        pairs.extend(_flattened(name if plain else f"[{name}]", value))
    return pairs


def _flattened(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flattened(f"{name}[{key}]", inner)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _flattened(f"{name}[{index}]", inner)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif value is not None:
        yield name, str(value)


def _encoded(body: Any) -> bytes:
    try:
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"the body cannot be sent as JSON: {error}") from error
