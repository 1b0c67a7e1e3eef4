"""The worker: does imports and exports, removes old files, and settles orders that were left open."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from checkout_bridge.errors import BridgeError
from checkout_bridge.jobs.queue import open_huey, register

log = logging.getLogger(__name__)

# How often a worker says that it is there, and looks for work of which no bell told.
PULSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Duties:
    """What a worker does. ``imports`` and ``exports`` do one piece of work and say whether there was one.

    ``is_open`` says whether there is work that has not ended; ``sweep`` is done every minute; ``beat`` tells that the
    worker is there.
    """

    imports: Callable[[], bool]
    exports: Callable[[], bool]
    is_open: Callable[[], bool]
    sweep: Callable[[], None]
    beat: Callable[[], None]


class Worker:
    """Runs until it is told to stop by SIGTERM or SIGINT. Killed at any moment it leaves nothing half done."""

    def __init__(self, huey: Any, duties: Duties) -> None:
        self._huey, self._duties = huey, duties
        self._stopped = threading.Event()
        self._tasks = register(
            huey, {"imports": _until_none_is_left(duties.imports), "exports": _until_none_is_left(duties.exports)}
        )
        from huey import crontab

        huey.periodic_task(crontab(minute="*"), name="sweep")(_sweep(duties.sweep))

    def run(self) -> None:
        """Work in the main thread, whose signals stop it."""
        pulse = threading.Thread(target=self._pulse, name="pulse", daemon=True)
        pulse.start()
        try:
            self._huey.create_consumer(workers=2, periodic=True, initial_delay=0.05, max_delay=0.5).run()
        finally:
            self._stopped.set()
            pulse.join(timeout=PULSE_SECONDS)

    def _pulse(self) -> None:
        """At once, because a worker before this one may have been killed over its work."""
        while True:
            try:
                self._duties.beat()
                if self._duties.is_open():
                    for task in self._tasks.values():
                        task()
            except Exception as error:
                log.warning("the worker could not look for work: %s", type(error).__name__)
            if self._stopped.wait(PULSE_SECONDS):
                return


def _until_none_is_left(work: Callable[[], bool]) -> Callable[[], None]:
    def run() -> None:
        while work():
            pass

    return run


def _sweep(sweep: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        try:
            sweep()
        except BridgeError as error:
            log.warning("the sweep stopped: %s", error.key)

    return run


def open_worker(url: str, folder: Any, duties: Duties) -> Worker:
    """A worker on the queue at ``url``, or of the file in ``folder``."""
    return Worker(open_huey(url, folder), duties)
