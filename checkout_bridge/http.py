"""A requests session with a total deadline per call and only safe retries.

It owns time and repetition: how long a call may take in all, and when it may be sent again. It refuses to judge
answers (any status but a redirect is handed back), to follow redirects (they would carry the keys elsewhere) and to
keep cookies. One thing it cannot interrupt is the name lookup, which belongs to the system's resolver.
"""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.exceptions import ContentDecodingError, RequestException
from urllib3.exceptions import HTTPError

from checkout_bridge.deadline import Clock, DeadlineAdapter, clock_for, current_clock
from checkout_bridge.errors import (
    BackendUnreachable,
    BridgeError,
    ConnectionLost,
    DeadlineExceeded,
    MalformedAnswer,
    OutcomeUnknown,
)

MAX_ATTEMPTS = 3
FIRST_PAUSE = 0.05  # seconds; doubles with each attempt
CONNECTIONS_KEPT = 32  # per host, one for each thread that calls at the same time

_GATEWAY_TROUBLE = frozenset({502, 503, 504})
_SERVER_TROUBLE = _GATEWAY_TROUBLE | {500}
_DECIDED_BEFORE_THE_KEY = frozenset({401, 403, 429})  # says nothing about an earlier attempt with the same key


def _send_without_authentication(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep a .netrc file on the machine from adding credentials of its own."""
    return request


class DeadlineSession(requests.Session):
    """``call`` is the door; everything else is requests' own. It may be shared by threads.

    ``sleep`` waits between attempts, in seconds; ``backend`` is how errors name who was called.
    """

    def __init__(self, *, sleep: Callable[[float], None] = time.sleep, backend: str = "the promotions API") -> None:
        super().__init__()
        self._sleep = sleep
        self._backend = backend
        self._known_surroundings: dict[tuple[str, Any, str], dict[str, Any]] = {}
        self.auth = _send_without_authentication
        for scheme in ("http://", "https://"):
            self.mount(scheme, DeadlineAdapter(pool_maxsize=CONNECTIONS_KEPT))

    def call(
        self,
        method: str,
        url: str,
        *,
        deadline: float,
        replay_safe: bool = False,
        headers: Mapping[str, str] | None = None,
        params: Iterable[tuple[str, str]] | None = None,
        data: bytes | None = None,
        json: Any = None,
    ) -> requests.Response:
        """Send a request and read the whole answer within ``deadline`` seconds, connects, retries and pauses included;
        within less when it is part of a step (``deadline.within``) that has less time left.

        Sent again, at most twice: anything that found no connection; GET and HEAD when the connection broke or on
        502, 503, 504; anything on 429 once ``Retry-After`` has passed, if that is before the deadline; and a write
        that carries an ``Idempotency-Key``, when the connection broke or on 5xx, only if ``replay_safe`` says that
        the backend honours such keys.

        Answers any status but 3xx. Raises BackendUnreachable when nothing was sent, DeadlineExceeded, ConnectionLost,
        and MalformedAnswer for a redirect or a body that cannot be decoded.
        """
        request = self.prepare_request(
            requests.Request(
                method, url, headers=headers, params=None if params is None else list(params), data=data, json=json
            )
        )
        clock = clock_for(deadline)
        token = current_clock.set(clock)
        try:
            return self._send_until_settled(request, clock, _repeated_on(request, replay_safe))
        finally:
            current_clock.reset(token)

    def _send_until_settled(
        self, request: requests.PreparedRequest, clock: Clock, repeated_on: frozenset[int]
    ) -> requests.Response:
        doubt: OutcomeUnknown | None = None  # an earlier attempt at a write that may have been carried out
        for attempt in range(1, MAX_ATTEMPTS + 1):
            outcome = self._attempt(request, clock)
            pause = _pause(outcome, attempt)
            if attempt == MAX_ATTEMPTS or not _may_repeat(outcome, repeated_on) or pause >= clock.left():
                break
            if doubt is None and request.method not in ("GET", "HEAD"):
                doubt = _doubt_left_by(outcome)
            self._sleep(pause)
        if doubt is not None and _tells_only_of_itself(outcome):
            raise doubt
        if isinstance(outcome, BridgeError):
            raise outcome
        return outcome

    def _attempt(self, request: requests.PreparedRequest, clock: Clock) -> requests.Response | BridgeError:
        left = clock.left()
        if left <= 0:
            return BackendUnreachable("The deadline passed before anything was sent", details=_target(request))
        url = str(request.url)
        try:
            response = self.get_adapter(url).send(request, stream=True, timeout=left, **self._surroundings(url))
            _ = response.content  # read here, inside the deadline
        except ContentDecodingError as error:
            return _caused(MalformedAnswer("The answer's body cannot be decoded", details=_target(request)), error)
        except (RequestException, HTTPError, OSError) as error:
            return _caused(_failure(request, clock, self._backend), error)
        if 300 <= response.status_code < 400:
            return MalformedAnswer(f"A redirect came from {self._backend}", details=_target(request))
        return response

    def _surroundings(self, url: str) -> dict[str, Any]:
        """Proxies and certificates for a backend; found once, since reading the environment costs half a call."""
        origin = (url[: url.find("/", len("https://"))], self.verify, str(self.cert))
        if origin not in self._known_surroundings:
            settings = self.merge_environment_settings(url, {}, True, self.verify, self.cert)
            self._known_surroundings[origin] = {name: settings[name] for name in ("proxies", "verify", "cert")}
        return self._known_surroundings[origin]


def retry_after(response: requests.Response) -> float | None:
    """Seconds that the ``Retry-After`` header asks to wait, given as a number or as a date; None when it does not."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _repeated_on(request: requests.PreparedRequest, replay_safe: bool) -> frozenset[int]:
    """The statuses on which the request may be sent again; none of them: nor after a lost connection."""
    if request.method in ("GET", "HEAD"):
        return _GATEWAY_TROUBLE
    if replay_safe and "Idempotency-Key" in request.headers:
        return _SERVER_TROUBLE
    return frozenset()


def _may_repeat(outcome: requests.Response | BridgeError, repeated_on: frozenset[int]) -> bool:
    if isinstance(outcome, requests.Response):
        return outcome.status_code == 429 or outcome.status_code in repeated_on
    return isinstance(outcome, BackendUnreachable) or (isinstance(outcome, ConnectionLost) and bool(repeated_on))


def _pause(outcome: requests.Response | BridgeError, attempt: int) -> float:
    asked = retry_after(outcome) if isinstance(outcome, requests.Response) else None
    if asked is not None:
        return asked
    longest: float = FIRST_PAUSE * 2 ** (attempt - 1)
    return random.uniform(longest / 2, longest)


def _doubt_left_by(outcome: requests.Response | BridgeError) -> OutcomeUnknown | None:
    if isinstance(outcome, OutcomeUnknown):
        return outcome
    if isinstance(outcome, requests.Response) and outcome.status_code in _SERVER_TROUBLE:
        return ConnectionLost(f"The answer was {outcome.status_code}, and no later attempt settled it")
    return None


def _tells_only_of_itself(outcome: requests.Response | BridgeError) -> bool:
    if isinstance(outcome, requests.Response):
        return outcome.status_code in _DECIDED_BEFORE_THE_KEY
    return isinstance(outcome, BackendUnreachable)


def _failure(request: requests.PreparedRequest, clock: Clock, backend: str) -> BridgeError:
    if not clock.connected:
        return BackendUnreachable(f"No connection to {backend}", details=_target(request))
    if clock.left() <= 0:
        return DeadlineExceeded(f"No answer in time from {backend}", details=_target(request))
    return ConnectionLost(f"The connection to {backend} broke before its answer was whole", details=_target(request))


def _caused(error: BridgeError, cause: Exception) -> BridgeError:
    error.__cause__ = cause
    return error


def _target(request: requests.PreparedRequest) -> str:
    """The method and the URL without its query, for messages."""
    parts = urlsplit(str(request.url))
    return f"{request.method} {parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"
