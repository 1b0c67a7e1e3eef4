"""Runs an app under the production server, and says in one line when it answers."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from http.client import HTTPConnection, HTTPException

import click

from checkout_bridge.errors import InvalidInput

host_option = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")


def port_option(default: int) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """The option ``--port`` with this default."""
    return click.option(
        "--port", default=default, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on."
    )


workers_option = click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Server processes."
)


worker_option = click.option(
    "--worker/--no-worker", default=True, help="Whether a worker process runs beside the server."
)


def run(
    target: str,
    *,
    host: str,
    port: int,
    ready: str,
    probe: str,
    environment: Mapping[str, str],
    workers: int = 1,
    supervisor: AbstractContextManager[object] | None = None,
) -> None:
    """Serve ``module:factory`` until stopped. ``environment`` is what the factory reads its settings from.

    Prints ``ready`` once ``probe`` answers. Ask ``refuse_taken`` for the port first. A ``supervisor`` is entered for
    as long as the server runs.
    """
    import multiprocessing

    from granian import Granian
    from granian.constants import Interfaces

    os.environ.update(environment)
    # A forked worker would inherit whatever locks the announcing thread happens to hold, and could hang on them.
    multiprocessing.set_start_method("spawn", force=True)
    server = Granian(
        target,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=8,
        websockets=False,
        log_enabled=False,
    )
    threading.Thread(target=_announce, args=(host, port, probe, ready), daemon=True).start()
    with supervisor or nullcontext():
        server.serve()


def refuse_taken(host: str, port: int) -> None:
    """The server would share a port with another server: ask first. Raises InvalidInput."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        message = f"cannot listen on {host}:{port}: {error.strerror}"
        raise InvalidInput("choose another with --port", message=message, key="port_taken") from None


def _announce(host: str, port: int, probe: str, ready: str) -> None:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    for _ in range(600):
        connection = HTTPConnection(reachable, port, timeout=5)
        try:
            connection.request("GET", probe)
            connection.getresponse().read()
        except (OSError, HTTPException):
            time.sleep(0.05)
        else:
            click.echo(ready)
            return
        finally:
            connection.close()
