"""Work in the background that a command waits for, with a progress bar."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from checkout_bridge.errors import StorageFailed
from checkout_bridge.runtime import Runtime

log = logging.getLogger(__name__)
# How long a command waits for one import or export, in seconds: longer than any should take.
PATIENCE = 24 * 3600.0


@contextmanager
def working(runtime: Runtime) -> Iterator[None]:
    """With an embedded engine this very process does the work, too: no worker may be running. One of them gets it."""
    if runtime.settings.api_url:
        yield
        return
    crew, stopped = runtime.open_crew(), threading.Event()

    def work() -> None:
        while not stopped.is_set():
            try:
                found = crew.do_import() or crew.do_export()
            except StorageFailed as error:
                # It is tried again when its lease has run out; who waits for it must not wait for ever.
                log.warning("the work could not be gone on with: %s", error)
                found = False
            if not found:
                stopped.wait(0.1)

    thread = threading.Thread(target=work, name="work")
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


@contextmanager
def percentages(label: str) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """A bar on stderr for answers that tell their ``progress`` in per cent."""
    with click.progressbar(length=100, label=label, file=sys.stderr) as bar:
        shown = 0

        def show(answer: Mapping[str, Any]) -> None:
            nonlocal shown
            done = answer.get("status") in ("DONE", "FAILED", "ERROR")
            now = 100 if done else int(answer.get("progress") or 0)
            bar.update(max(0, now - shown))
            shown = max(shown, now)

        yield show
