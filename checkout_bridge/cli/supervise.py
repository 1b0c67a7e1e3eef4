"""One worker beside a server: started with it, started again when it ends, and ended with it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence

# Says to a process that it shall not outlive the one that started it.
SUPERVISED = "CHECKOUT_BRIDGE_SUPERVISED_BY"
_PAUSE_SECONDS = 1.0


class Supervisor:
    """Keeps one ``checkout-bridge worker`` running while the ``with`` block does."""

    def __init__(self, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> None:
        self._command = [sys.executable, "-m", "checkout_bridge.cli", "worker", *arguments]
        self._environment = {**os.environ, **(environment or {}), SUPERVISED: str(os.getpid())}
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def __enter__(self) -> Supervisor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(timeout=15)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            self._process = subprocess.Popen(self._command, env=self._environment, stdin=subprocess.DEVNULL)
            while self._process.poll() is None and not self._stopping.wait(0.2):
                pass
            if self._process.poll() is None:
                self._process.terminate()
                try:
                    self._process.wait(timeout=10)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()
            else:
                self._stopping.wait(_PAUSE_SECONDS)


def end_with_parent() -> None:
    """End this process when the one that supervises it is gone: nobody else would stop it."""
    if SUPERVISED not in os.environ:
        return
    parent = int(os.environ[SUPERVISED])

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
