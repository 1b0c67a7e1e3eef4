"""Leaves a promotions API alone for a while that has failed several times in a row, so that no shopper waits for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

import pybreaker
import requests

from checkout_bridge.deadline import clock_for
from checkout_bridge.errors import BackendUnreachable, BridgeError, OutcomeUnknown
from checkout_bridge.http import DeadlineSession


class _Trouble(Exception):
    """What counts as a failure: no connection, no whole answer, or a 5xx."""


class GuardedSession(DeadlineSession):
    """A session whose calls raise BackendUnreachable (``circuit_open``) at once while the API is left alone.

    After ``reset`` seconds one call is let through: if it comes back, all are. The breaker of the library counts and
    keeps the state; it would let only one call through at a time, so it is told of outcomes instead of making calls.
    """

    def __init__(self, *, failures: int, reset: float) -> None:
        super().__init__()
        self._storage = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=failures, reset_timeout=reset, state_storage=self._storage, throw_new_error_on_trip=False
        )
        self._reset = timedelta(seconds=reset)
        self._trial = Lock()

    @property
    def is_open(self) -> bool:
        """Whether the API is being left alone."""
        return self._breaker.current_state != pybreaker.STATE_CLOSED

    def call(self, method: str, url: str, **how: Any) -> requests.Response:
        """See ``DeadlineSession.call``."""
        if clock_for(how["deadline"]).left() <= 0:
            return super().call(method, url, **how)  # it raises, which tells nothing of the API
        if not self.is_open:
            return self._tried(method, url, **how)
        if not self._trial.acquire(blocking=False):
            raise _left_alone()
        try:
            if self.is_open:  # still: another trial may have ended since
                if not self._is_due():
                    raise _left_alone()
                self._breaker.half_open()
            return self._tried(method, url, **how)
        finally:
            self._trial.release()

    def _is_due(self) -> bool:
        opened_at = self._storage.opened_at
        return opened_at is None or datetime.now(UTC) >= opened_at + self._reset

    def _tried(self, method: str, url: str, **how: Any) -> requests.Response:
        try:
            response = super().call(method, url, **how)
        except (BackendUnreachable, OutcomeUnknown):
            self._count(failed=True)
            raise
        except BridgeError:
            self._count(failed=False)
            raise
        self._count(failed=response.status_code >= 500)
        return response

    def _count(self, *, failed: bool) -> None:
        def outcome() -> None:
            if failed:
                raise _Trouble

        try:
            self._breaker.call(outcome)
        except (_Trouble, pybreaker.CircuitBreakerError):
            return


def _left_alone() -> BackendUnreachable:
    return BackendUnreachable("The promotions API has failed and is left alone for a while", key="circuit_open")
