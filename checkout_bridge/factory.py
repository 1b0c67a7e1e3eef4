"""Makes whole servers: the bridge with its engine, alone or with the demo shop."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from flask import Flask

from checkout_bridge.bridge.shop import Environ, StartResponse, WsgiApp
from checkout_bridge.errors import BackendNotFound, BridgeError
from checkout_bridge.extension import NAME, CheckoutBridge
from checkout_bridge.jobs.queue import Bell
from checkout_bridge.private import keep_once, make_folder
from checkout_bridge.runtime import Runtime, client_side
from checkout_bridge.settings import PREFIX, read_settings

_ENGINE_PATHS = ("/v1/", "/client/v1/", "/management/v1/", "/docs/")

# What the demo shop's shelf of codes has: the voucher, and what it is called there.
DEMO_VOUCHERS: dict[str, tuple[dict[str, Any], str]] = {
    "WELCOME10": ({"discount": {"type": "PERCENT", "percent_off": 10}}, "10 % off"),
    "FIVER": (
        {"discount": {"type": "AMOUNT", "amount_off": 500}, "redemption": {"quantity": 1}},
        "5.00 off, once",
    ),
    "EXPIRED": (
        {"discount": {"type": "PERCENT", "percent_off": 20}, "expiration_date": "2020-01-01"},
        "20 % off, but too late",
    ),
    "GIFT50": ({"type": "GIFT_VOUCHER", "gift": {"amount": 5000}}, "Gift card of 50.00"),
}


def create_app(**settings: Any) -> Flask:
    """The bridge as a server of its own: ``/bridge/``, and the embedded engine's API at ``/v1/`` with ``/docs/``.

    Settings as for CheckoutBridge.
    """
    app = Flask("checkout_bridge.standalone", static_folder=None)
    app.add_url_rule("/", "index", _index)
    CheckoutBridge(app, **settings)
    return _with_engine(app)


def create_demo_app(**settings: Any) -> Flask:
    """The demo shop with the bridge around it, over the embedded engine; its data is in ``DATA_DIR/demo``."""
    from checkout_bridge.demo import create_shop

    folder = demo_folder(settings)
    make_folder(folder)
    shop = create_shop(
        {
            "SHOP_DATABASE": str(folder / "shop.db"),
            "SECRET_KEY": keep_once(folder / "shop-secret", secrets.token_hex(32)),
            "SHOP_CODES": lambda: shelf(runtime),
        }
    )
    own = {name.removeprefix(PREFIX).lower(): value for name, value in demo_settings(folder).items()}
    CheckoutBridge(shop, **settings | own)
    runtime: Runtime = shop.extensions[NAME]
    seed(runtime)
    return _with_engine(shop)


def create_engine_server(**settings: Any) -> Flask:
    """The engine alone; its database and keys are those of the settings."""
    from checkout_bridge.engine.app import create_engine_app
    from checkout_bridge.engine.http.doors import Keys

    told = read_settings(settings)
    return create_engine_app(
        told.engine_database_url,
        told.engine_app_id,
        told.engine_app_token,
        management=Keys(told.engine_management_id, told.engine_management_token),
        client=client_side(told),
        ring=Bell(told.queue_url, told.data_dir).ring,
        exports_folder=told.exports_dir,
    )


def demo_folder(settings: dict[str, Any]) -> Path:
    """Where the demo keeps its data."""
    return read_settings(settings).data_dir / "demo"


def demo_settings(folder: Path) -> dict[str, str]:
    """What the demo sets whatever the environment says, by the names of the variables."""
    told = {
        "DATA_DIR": str(folder),
        "LEDGER_URL": "",
        "ENGINE_DATABASE_URL": "",
        "API_URL": "",
        "EXPORTS_DIR": "",
        "QUEUE_URL": "",
        "PLATFORM": "generic",
    }
    return {PREFIX + name: value for name, value in told.items()}


def seed(runtime: Runtime) -> None:
    """Create the demo's vouchers that are not there."""
    vouchers = runtime.client.vouchers
    for code, (voucher, _) in DEMO_VOUCHERS.items():
        try:
            vouchers.get_voucher(code)
        except BackendNotFound:
            vouchers.create_voucher(code, voucher)


def shelf(runtime: Runtime) -> list[dict[str, str]]:
    """The demo's vouchers with what is left of them: ``[{code, title, status, kind}]``."""
    shown = []
    for code, (_, title) in DEMO_VOUCHERS.items():
        try:
            shown.append({"code": code, "title": title, **_left(runtime.client.vouchers.get_voucher(code))})
        except BridgeError:
            continue
    return shown


def _left(voucher: dict[str, Any]) -> dict[str, str]:
    if "gift" in voucher:
        balance = voucher["gift"]["balance"]
        return {"status": f"{balance // 100}.{balance % 100:02} left", "kind": "gift"}
    used, limit = voucher["redemption"]["redeemed_quantity"], voucher["redemption"]["quantity"]
    times = "time" if used == 1 else "times"
    return {"status": f"used {used} of {limit}" if limit is not None else f"used {used} {times}", "kind": "code"}


def _index() -> dict[str, str]:
    return {"name": "Checkout Bridge", "health": "/bridge/health", "engine": "/docs/"}


def _with_engine(app: Flask) -> Flask:
    """Serve the embedded engine's API beside the app; when the promotions API is elsewhere there is none."""
    runtime: Runtime = app.extensions[NAME]
    if not runtime.settings.api_url:
        app.wsgi_app = _EngineBeside(app.wsgi_app, lambda: runtime.engine)  # type: ignore[method-assign]
    return app


class _EngineBeside:
    """Sends the engine's paths to the engine and the rest to the app."""

    def __init__(self, app: WsgiApp, engine: Callable[[], WsgiApp]) -> None:
        self._app = app
        self._engine = engine

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(_ENGINE_PATHS) or path in ("/openapi.json", "/docs"):
            return self._engine()(environ, start_response)
        return self._app(environ, start_response)
