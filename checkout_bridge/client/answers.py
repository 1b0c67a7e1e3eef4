"""What an answer of the backend is worth: a JSON object, or one of our errors."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from requests import Response

from checkout_bridge.errors import (
    BackendFailed,
    BackendNotFound,
    BackendRefused,
    BackendUnauthorized,
    MalformedAnswer,
    RateLimited,
)
from checkout_bridge.http import retry_after


def answer_of(response: Response) -> dict[str, Any]:
    """The JSON object that was answered; ``{}`` when the answer is empty.

    Raises BackendUnauthorized, BackendNotFound, RateLimited or BackendRefused on 4xx, BackendFailed on 5xx, and
    MalformedAnswer when a 2xx is not a JSON object.
    """
    raise_refusal(response)
    if not response.content:
        return {}
    try:
        return _decoded_object(response.content)
    except (ValueError, RecursionError) as error:
        raise MalformedAnswer("The answer is not a JSON object", details=str(error)) from error


def raise_refusal(response: Response) -> None:
    """Raise the error that an answer stands for; let a 2xx pass."""
    status = response.status_code
    if status >= 500:
        raise BackendFailed(status)
    if status >= 400:
        raise _refusal(status, response)


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
