"""``python -m benchmarks.serve module:factory port``: an app under granian, as ``checkout-bridge serve`` runs it."""

from __future__ import annotations

import sys

from granian import Granian
from granian.constants import Interfaces

from benchmarks.serving import THREADS

if __name__ == "__main__":
    factory, port = sys.argv[1:]
    Granian(
        factory,
        factory=True,
        address="127.0.0.1",
        port=int(port),
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        websockets=False,
        log_enabled=False,
    ).serve()
