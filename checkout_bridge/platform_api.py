"""Reads JSON from a platform's own API: what its deliveries leave out, in time, with errors in the platform's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests

from checkout_bridge.deadline import within
from checkout_bridge.errors import (
    BackendFailed,
    BackendNotFound,
    BackendRefused,
    BackendUnauthorized,
    InvalidInput,
    MalformedAnswer,
    OutcomeUnknown,
    RateLimited,
)
from checkout_bridge.http import DeadlineSession, retry_after
from checkout_bridge.money import read_json

DEADLINE = 10.0  # seconds

# A path below the API's address, with its query -> the JSON there; None where there is nothing (204)
Read = Callable[[str], Any]

_REFUSALS: Mapping[int, type[BackendRefused]] = {
    401: BackendUnauthorized,
    403: BackendUnauthorized,
    404: BackendNotFound,
}


class PlatformApi:
    """``platform`` is its name for people, ``url`` its API's address; ``headers`` go with every request. Threads may
    share it. ``deadline`` is in seconds, ``DEADLINE`` where none is given.

    Reading raises BackendNotFound for what the platform does not know, or not yet, BackendRefused for any other 4xx,
    BackendUnreachable and OutcomeUnknown: whichever it is, a delivery can be tried again. Errors repeat nothing of an
    answer, which may be about a person or have a part of a key in it.
    """

    def __init__(
        self, platform: str, url: str, headers: Mapping[str, str] | None = None, *, deadline: float | None = None
    ) -> None:
        self._platform = platform
        self._url = url.rstrip("/")
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._own_deadline = deadline

    @contextmanager
    def reading(self) -> Iterator[Read]:
        """Several readings over one connection, all of them within one deadline."""
        with DeadlineSession(backend=self._platform) as session, within(self._deadline):
            yield lambda path: self._call(session, "GET", path)

    def get(self, path: str, *, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON under a path, whatever it is; None where there is nothing."""
        with DeadlineSession(backend=self._platform) as session:
            return self._call(session, "GET", path, headers=headers)

    def get_object(self, path: str, *, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object under a path. Raises MalformedAnswer for anything else."""
        return self._object(self.get(path, headers=headers), path)

    def post(self, path: str, body: bytes, content_type: str) -> dict[str, Any]:
        """The JSON object that a POST is answered with."""
        with DeadlineSession(backend=self._platform) as session:
            answer = self._call(session, "POST", path, headers={"Content-Type": content_type}, data=body)
        return self._object(answer, path)

    @property
    def _deadline(self) -> float:
        return DEADLINE if self._own_deadline is None else self._own_deadline

    def _call(
        self,
        session: DeadlineSession,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
    ) -> Any:
        sent = {**self._headers, **(headers or {})}
        answer = session.call(method, self._url + path, deadline=self._deadline, headers=sent, data=data)
        if answer.status_code >= 400:
            raise self._refusal(answer, _without_query(path))
        if answer.status_code == 204:
            return None
        try:
            return read_json(answer.content)
        except InvalidInput:
            raise MalformedAnswer(f"{self._platform}'s answer is not JSON", details=_without_query(path)) from None

    def _refusal(self, answer: requests.Response, path: str) -> BackendRefused | OutcomeUnknown:
        code, message = answer.status_code, f"{self._platform} answered {answer.status_code}"
        if code >= 500:
            return BackendFailed(code, f"{message}: {path}")
        if code == 429:
            return RateLimited(code, _told(message, path), retry_after(answer))
        return _REFUSALS.get(code, BackendRefused)(code, _told(message, path))

    def _object(self, told: Any, path: str) -> dict[str, Any]:
        if not isinstance(told, dict):
            raise MalformedAnswer(f"{self._platform}'s answer is not a JSON object", details=_without_query(path))
        return told


def not_known(platform: str, what: str) -> BackendNotFound:
    """What is raised for a thing that an answer does not have, and a later one may: deliveries can be faster."""
    return BackendNotFound(404, _told(f"{platform} does not know it yet", what))


def _told(message: str, details: str) -> dict[str, Any]:
    return {"key": "platform_refused", "message": message, "details": details}


def _without_query(path: str) -> str:
    return path.partition("?")[0]
