"""``checkout-bridge demo``: the demo shop, the bridge and the engine in one server."""

from __future__ import annotations

import shutil

import click

from checkout_bridge.cli.server import host_option, port_option, refuse_taken, run, worker_option


@click.command(epilog="Example: checkout-bridge demo --port 8000 --reset")
@host_option
@port_option(8000)
@click.option("--reset", is_flag=True, help="Throw the demo's data away and start anew.")
@worker_option
def demo(host: str, port: int, reset: bool, worker: bool) -> None:
    """Start a small shop with the bridge around it. Its data is in DATA_DIR/demo."""
    from checkout_bridge.cli.supervise import Supervisor
    from checkout_bridge.extension import NAME
    from checkout_bridge.factory import create_demo_app, demo_folder, demo_settings

    refuse_taken(host, port)
    folder = demo_folder({})
    if reset:
        shutil.rmtree(folder, ignore_errors=True)
    # Made once here: what is wrong shows now, in one line, and the server finds everything in place.
    create_demo_app().extensions[NAME].close()
    run(
        "checkout_bridge.cli.targets:demo",
        host=host,
        port=port,
        ready=f"Demo shop: http://{host}:{port}/ (data in {folder}; Ctrl-C stops it)",
        probe="/",
        environment={},
        supervisor=Supervisor(environment=demo_settings(folder)) if worker else None,
    )
