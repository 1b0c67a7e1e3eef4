"""What a request shows to be let in: a pair of keys, or an access token that was got for them (OAuth 2.0).

Credentials never show in ``repr`` nor in an error.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from checkout_bridge.errors import BackendUnreachable, InvalidInput

# Seconds before its end from which a token is not used any more: the request with it must arrive in time.
RENEWED_BEFORE = 30.0

Headers = dict[str, str]


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """A token, and for how many seconds it is good."""

    token: str
    lifetime: float


# Gets a new token within so many seconds.
Issue = Callable[[float], Issued]


class Credentials(Protocol):
    """Whatever may be shown at the door."""

    def headers(self, deadline: float) -> Headers:
        """The headers to send, had within ``deadline`` seconds."""

    def refused(self, headers: Mapping[str, str]) -> bool:
        """Note that these were answered with 401. Whether others may be tried."""


class Keys:
    """A pair of keys, each under the name of its header; when they are refused there are no others."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def headers(self, deadline: float) -> Headers:
        """The same every time."""
        return self._headers

    def refused(self, headers: Mapping[str, str]) -> bool:
        """There are no others."""
        return False


class AccessToken:
    """A token: got when it is first needed, by one of the threads that need it, and again before it expires."""

    def __init__(self, issue: Issue, *, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` tells seconds."""
        self._issue = issue
        self._clock = clock
        self._renewing = Lock()
        self._token = ("", 0.0)  # with the time until which it is used

    def headers(self, deadline: float) -> Headers:
        """The token's header. Raises what ``issue`` raises, and BackendUnreachable when it is not had in time."""
        return _bearing(self._usable() or self._renewed(deadline))

    def refused(self, headers: Mapping[str, str]) -> bool:
        """Forget the token, unless another thread has a new one already. The next may be let in."""
        if headers == _bearing(self._token[0]):
            self._token = ("", 0.0)
        return True

    def _usable(self) -> str:
        token, used_until = self._token
        return token if self._clock() < used_until else ""

    def _renewed(self, deadline: float) -> str:
        asked_at = self._clock()
        if not self._renewing.acquire(timeout=max(0.0, deadline)):
            raise BackendUnreachable("The deadline passed before there was an access token")
        try:
            if token := self._usable():  # another thread has got it meanwhile
                return token
            begun = self._clock()
            issued = self._issue(deadline - (begun - asked_at))
            self._token = (issued.token, begun + issued.lifetime - RENEWED_BEFORE)
            return issued.token
        finally:
            self._renewing.release()


def header_value(value: str, name: str) -> str:
    """Check it here: the error of the HTTP library would quote the value, which may be a secret."""
    if not (value and value.isascii() and value.isprintable() and value == value.strip()):
        raise InvalidInput(f"the {name} must be printable ASCII with no space around it")
    return value


def _bearing(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}
