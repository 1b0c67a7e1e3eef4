"""One request of the contract: keys and headers out, an answer dict or one of our errors back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn
from urllib.parse import quote

from requests import Response

from checkout_bridge import __version__
from checkout_bridge.errors import (
    BackendFailed,
    BackendNotFound,
    BackendRefused,
    BackendUnauthorized,
    InvalidInput,
    MalformedAnswer,
    RateLimited,
)
from checkout_bridge.http import DeadlineSession, retry_after

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
    ) -> None:
        """``deadline`` is in seconds; ``replay_safe`` says that the backend honours idempotency keys.

        Raises InvalidInput when ``base_url`` is not an http(s) URL, or a key cannot be a header.
        """
        if not base_url.startswith(("http://", "https://")):
            raise InvalidInput("the base URL must start with http:// or https://")
        self.base_url = base_url.rstrip("/")
        self.deadline = deadline
        self.replay_safe = replay_safe
        self.session = session
        self._headers = {
            "X-App-Id": _header_value(app_id, "app id"),
            "X-App-Token": _header_value(app_token, "app token"),
            "X-Voucherify-API-Version": API_VERSION,
            "Accept": "application/json",
            "User-Agent": f"checkout-bridge/{__version__}",
        }

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
        """
        headers = self._headers.copy()
        if method in _WRITES:
            headers["Idempotency-Key"] = _header_value(idempotency_key or uuid.uuid4().hex, "idempotency key")
        if body is not None:
            headers["Content-Type"] = "application/json"
        response = self.session.call(
            method,
            self.base_url + path,
            deadline=self.deadline if deadline is None else deadline,
            replay_safe=self.replay_safe,
            headers=headers,
            params=query_pairs(params) if params else None,
            data=None if body is None else _encoded(body),
        )
        return _answer_of(response)


def path_of(*parts: str) -> str:
    """``("vouchers", "A/B")`` becomes ``/v1/vouchers/A%2FB``.

    Raises InvalidInput for a part that would address something else: an empty one, ``.`` or ``..``.
    """
    if any(part in ("", ".", "..") for part in parts):
        raise InvalidInput("an id or a code must not be empty, '.' or '..'")
    return "/".join(("/v1", *(quote(part, safe="") for part in parts)))


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


def _header_value(value: str, name: str) -> str:
    """Check it here: the error of the HTTP library would quote the value, which may be a secret."""
    if not (value and value.isascii() and value.isprintable() and value == value.strip()):
        raise InvalidInput(f"the {name} must be printable ASCII with no space around it")
    return value


def _encoded(body: Any) -> bytes:
    try:
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"the body cannot be sent as JSON: {error}") from error


def _answer_of(response: Response) -> dict[str, Any]:
    status = response.status_code
    if status >= 500:
        raise BackendFailed(status)
    if status >= 400:
        raise _refusal(status, response)
    if not response.content:
        return {}
    try:
        return _decoded_object(response.content)
    except (ValueError, RecursionError) as error:
        raise MalformedAnswer("The answer is not a JSON object", details=str(error)) from error


def _refusal(status: int, response: Response) -> BackendRefused:
    try:
        body = _decoded_object(response.content)
    except (ValueError, RecursionError):  # some proxies refuse in HTML; the status alone says enough
        body = {}
    if status == 429:
        return RateLimited(status, body, retry_after(response))
    if status in (401, 403):
        return BackendUnauthorized(status, body)
    return BackendNotFound(status, body) if status == 404 else BackendRefused(status, body)


def _decoded_object(content: bytes) -> dict[str, Any]:
    """The JSON object of a body. Raises ValueError when it is anything else."""
    answer = _DECODER.decode(content.decode("utf-8"))
    if not isinstance(answer, dict):
        raise ValueError(f"it is a {type(answer).__name__}")
    return answer


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
