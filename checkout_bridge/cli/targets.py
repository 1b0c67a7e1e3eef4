"""What the server's workers load: an app, and an eye on the process that started them."""

from __future__ import annotations

import os
import threading
import time

from flask import Flask

from checkout_bridge.factory import create_app, create_demo_app, create_engine_server


def demo() -> Flask:
    """The demo shop."""
    return _watched(create_demo_app())


def bridge() -> Flask:
    """The bridge as a server of its own."""
    return _watched(create_app())


def engine() -> Flask:
    """The engine alone."""
    return _watched(create_engine_server())


def _watched(app: Flask) -> Flask:
    """A worker whose parent was killed would go on, and keep the port."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    return app
