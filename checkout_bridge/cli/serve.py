"""``checkout-bridge serve``: the bridge as a server of its own."""

from __future__ import annotations

import click

from checkout_bridge.cli.server import host_option, port_option, refuse_taken, run, worker_option, workers_option


@click.command(epilog="Example: CHECKOUT_BRIDGE_TOKEN=change-me checkout-bridge serve --port 8000")
@host_option
@port_option(8000)
@workers_option
@worker_option
def serve(host: str, port: int, workers: int, worker: bool) -> None:
    """Serve /bridge/ for platforms that call by webhook, and the embedded engine's API at /v1/."""
    from checkout_bridge.cli.db import upgrade_all
    from checkout_bridge.cli.supervise import Supervisor
    from checkout_bridge.runtime import Runtime
    from checkout_bridge.settings import read_settings

    refuse_taken(host, port)
    runtime = Runtime(read_settings())
    try:
        upgrade_all(runtime)
    finally:
        runtime.close()
    run(
        "checkout_bridge.cli.targets:bridge",
        host=host,
        port=port,
        ready=f"Checkout Bridge: http://{host}:{port}/bridge/health",
        probe="/bridge/health",
        environment={},
        workers=workers,
        supervisor=Supervisor() if worker else None,
    )
