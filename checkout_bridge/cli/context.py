"""The bridge that a command works on: the Flask app's own under ``flask``, else the one the environment sets up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from checkout_bridge.errors import InvalidInput
from checkout_bridge.runtime import Runtime
from checkout_bridge.settings import read_settings


@contextmanager
def opened_runtime() -> Iterator[Runtime]:
    """The runtime, closed when the command ends."""
    runtime = _of_flask() or Runtime(read_settings())
    try:
        yield runtime
    finally:
        runtime.close()


def _of_flask() -> Runtime | None:
    from flask.cli import ScriptInfo

    from checkout_bridge.extension import NAME

    script = click.get_current_context().find_object(ScriptInfo)
    if script is None:
        return None
    runtime: Runtime | None = script.load_app().extensions.get(NAME)
    if runtime is None:
        raise InvalidInput("mount CheckoutBridge(app) first", message="this app has no bridge", key="no_bridge")
    return runtime
