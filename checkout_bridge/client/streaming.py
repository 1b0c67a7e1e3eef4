"""Answers that are read piece by piece, so that the longest needs no more memory than the shortest.

``DeadlineSession.call`` bounds a whole call; what is longer than any deadline is bounded here for each piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from requests import Request, Response
from requests.exceptions import ContentDecodingError, RequestException
from urllib3.exceptions import HTTPError

from checkout_bridge.client.answers import raise_refusal
from checkout_bridge.client.inprocess import InProcessAdapter
from checkout_bridge.deadline import Clock, current_clock
from checkout_bridge.errors import BackendUnreachable, ConnectionLost, DeadlineExceeded, MalformedAnswer
from checkout_bridge.http import DeadlineSession

PIECE = 64 * 1024  # bytes


class Stream:
    """The body of an answer. ``length`` is in bytes, None when it is not told."""

    def __init__(self, session: DeadlineSession, response: Response, patience: float) -> None:
        """``patience`` is how many seconds to wait for each piece.

        Raises what the answer stands for when it is no 2xx, and MalformedAnswer when a lost connection could not be
        told from the end.
        """
        with _timed(patience):
            raise_refusal(response)
        told = response.headers.get("Content-Length", "")
        self.length = int(told) if told.isdecimal() and "Content-Encoding" not in response.headers else None
        is_chunked = "chunked" in response.headers.get("Transfer-Encoding", "").lower()
        is_in_process = isinstance(session.get_adapter(str(response.url)), InProcessAdapter)
        if not (told or is_chunked or is_in_process):
            raise MalformedAnswer("The answer does not tell where it ends")
        self._response = response
        self._patience = patience

    def __iter__(self) -> Iterator[bytes]:
        """The pieces, to the last one. Raises DeadlineExceeded, ConnectionLost, MalformedAnswer."""
        pieces = self._response.iter_content(PIECE)
        received = 0
        while True:
            with _timed(self._patience):
                piece = next(pieces, None)
            if piece is None:
                break
            received += len(piece)
            yield piece
        if self.length is not None and received != self.length:
            raise ConnectionLost("The answer ended early", details=f"{received} of {self.length} bytes came")


def open_stream(
    session: DeadlineSession,
    url: str,
    *,
    headers: Mapping[str, str],
    params: Sequence[tuple[str, str]],
    deadline: float,
) -> Response:
    """Send a GET, once, and answer when its headers are there, within ``deadline`` seconds; the body is unread.

    Answers any status but 3xx. Raises BackendUnreachable, DeadlineExceeded, ConnectionLost, MalformedAnswer.
    """
    request = session.prepare_request(Request("GET", url, headers=headers, params=list(params)))
    settings = session.merge_environment_settings(url, {}, True, session.verify, session.cert)
    surroundings: dict[str, Any] = {name: settings[name] for name in ("proxies", "verify", "cert")}
    if deadline <= 0:
        raise BackendUnreachable("The deadline passed before anything was sent")
    with _timed(deadline):
        response = session.get_adapter(url).send(request, stream=True, timeout=deadline, **surroundings)
    if 300 <= response.status_code < 400:
        response.close()
        raise MalformedAnswer("The promotions API answered with a redirect")
    return response


@contextmanager
def _timed(seconds: float) -> Iterator[None]:
    """Let the sockets used inside wait no longer than this, and tell in our words what goes wrong with them."""
    clock = Clock(seconds)
    token = current_clock.set(clock)
    try:
        yield
    except ContentDecodingError as error:
        raise MalformedAnswer("The answer's body cannot be decoded") from error
    except (RequestException, HTTPError, OSError) as error:
        raise _failure(clock) from error
    finally:
        current_clock.reset(token)


def _failure(clock: Clock) -> BackendUnreachable | DeadlineExceeded | ConnectionLost:
    if not clock.connected:
        return BackendUnreachable("No connection to the promotions API")
    if clock.left() <= 0:
        return DeadlineExceeded("The promotions API did not answer in time")
    return ConnectionLost("The connection broke before the answer was whole")
