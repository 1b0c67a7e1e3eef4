"""Waits until work that the backend does later has ended, by asking now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any

from checkout_bridge.deadline import Clock
from checkout_bridge.errors import BackendUnreachable, DeadlineExceeded

# Told what was answered each time.
Progress = Callable[[dict[str, Any]], object]


def wait_until(
    read: Callable[[float], dict[str, Any]],
    ended: Collection[str],
    *,
    timeout: float,
    every: float,
    longest_call: float,
    progress: Progress | None,
) -> dict[str, Any]:
    """Ask again ``every`` so many seconds until the ``status`` is one of ``ended``; answers the last answer.

    ``read(deadline)`` asks once; no call takes longer than ``longest_call``. Raises DeadlineExceeded when it has not
    ended after ``timeout`` seconds: it may still do so. What ``read`` and ``progress`` raise ends the wait.
    """
    clock = Clock(timeout)
    status: Any = "unknown"
    while True:
        try:
            answer = read(min(longest_call, clock.left()))
        except (BackendUnreachable, DeadlineExceeded) as error:
            if clock.left() > 0:
                raise
            raise _too_late(status, timeout) from error
        if progress is not None:
            progress(answer)
        status = answer.get("status")
        if status in ended:
            return answer
        if clock.left() <= every:
            raise _too_late(status, timeout)
        time.sleep(every)


def _too_late(status: Any, timeout: float) -> DeadlineExceeded:
    return DeadlineExceeded("It has not ended in time", details=f"its status is {status} after {timeout} s")
