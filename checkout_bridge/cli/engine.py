"""``checkout-bridge engine``: the promotions engine alone."""

from __future__ import annotations

import click

from checkout_bridge.cli.server import host_option, port_option, refuse_taken, run, worker_option, workers_option
from checkout_bridge.errors import InvalidInput


@click.group(epilog="Example: checkout-bridge engine serve --help")
def engine() -> None:
    """The promotions engine alone, for any SDK of its API."""


@engine.command(
    epilog="Example: checkout-bridge engine serve --port 8001 --database sqlite:///engine.db "
    "--app-id shop --app-token change-me"
)
@host_option
@port_option(8001)
@click.option("--database", default="sqlite:///engine.db", show_default=True, help="sqlite:///... or postgresql://...")
@click.option("--app-id", envvar="CHECKOUT_BRIDGE_ENGINE_APP_ID", help="X-App-Id to accept.")
@click.option("--app-token", envvar="CHECKOUT_BRIDGE_ENGINE_APP_TOKEN", help="X-App-Token to accept.")
@workers_option
@worker_option
def serve(
    host: str, port: int, database: str, app_id: str | None, app_token: str | None, workers: int, worker: bool
) -> None:
    """Serve the API at /v1/, its description at /openapi.json and a page to browse it at /docs/.

    The database is migrated first. Keys may also come from CHECKOUT_BRIDGE_ENGINE_APP_ID and
    CHECKOUT_BRIDGE_ENGINE_APP_TOKEN. The management paths are open with CHECKOUT_BRIDGE_ENGINE_MANAGEMENT_ID and
    CHECKOUT_BRIDGE_ENGINE_MANAGEMENT_TOKEN, the paths for browsers with the CHECKOUT_BRIDGE_ENGINE_CLIENT_ settings.
    """
    from checkout_bridge.cli.supervise import Supervisor
    from checkout_bridge.engine.app import create_engine_app, dispose

    if not app_id or not app_token:
        raise InvalidInput(
            "set CHECKOUT_BRIDGE_ENGINE_APP_ID and CHECKOUT_BRIDGE_ENGINE_APP_TOKEN, or --app-id and --app-token",
            message="the engine needs keys",
            key="missing_keys",
        )
    refuse_taken(host, port)
    dispose(create_engine_app(database, app_id, app_token))
    environment = {
        "CHECKOUT_BRIDGE_ENGINE_DATABASE_URL": database,
        "CHECKOUT_BRIDGE_ENGINE_APP_ID": app_id,
        "CHECKOUT_BRIDGE_ENGINE_APP_TOKEN": app_token,
    }
    run(
        "checkout_bridge.cli.targets:engine",
        host=host,
        port=port,
        ready=f"Engine: http://{host}:{port}/v1/ (API description: http://{host}:{port}/docs/)",
        probe="/openapi.json",
        environment=environment,
        workers=workers,
        supervisor=Supervisor(["--engine-only"], {**environment, "CHECKOUT_BRIDGE_API_URL": ""}) if worker else None,
    )
