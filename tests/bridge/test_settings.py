"""Settings: which source counts, what is refused and named, and what never shows."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from checkout_bridge import CheckoutBridge
from checkout_bridge.errors import InvalidInput
from checkout_bridge.runtime import Runtime
from checkout_bridge.settings import SETTINGS, read_settings


def test_an_argument_counts_more_than_the_config_and_that_more_than_the_environment() -> None:
    environment = {"CHECKOUT_BRIDGE_SHOP": "env", "CHECKOUT_BRIDGE_TOKEN": "env", "CHECKOUT_BRIDGE_PLATFORM": "env"}
    config = {"CHECKOUT_BRIDGE_SHOP": "config", "CHECKOUT_BRIDGE_TOKEN": "config", "SHOP": "not ours"}
    settings = read_settings({"shop": "argument"}, config, environment)
    assert (settings.shop, settings.token, settings.platform) == ("argument", "config", "env")
    assert settings.deadline == 10.0


def test_none_counts_as_not_given() -> None:
    settings = read_settings({"token": None}, {"CHECKOUT_BRIDGE_SHOP": None}, {"CHECKOUT_BRIDGE_SHOP": "env"})
    assert (settings.token, settings.shop) == ("", "env")


def test_the_databases_are_in_the_data_folder_unless_told_otherwise(tmp_path: Path) -> None:
    settings = read_settings({"data_dir": tmp_path, "ledger_url": "postgresql://db/ledger"}, {}, {})
    assert settings.ledger_url == "postgresql://db/ledger"
    assert settings.engine_database_url == f"sqlite:///{tmp_path / 'engine.db'}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEADLINE", "soon"),
        ("DEADLINE", "0"),
        ("DEADLINE", "nan"),
        ("QUOTE_TTL", "-1"),
        ("QUOTE_TTL", "3601"),
        ("MAX_BODY", "0"),
        ("MAX_BODY", "1.5"),
        ("API_URL", "api.example.com"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(name: str, value: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_settings({}, {}, {f"CHECKOUT_BRIDGE_{name}": value})
    assert f"CHECKOUT_BRIDGE_{name}" in str(refusal.value.details)
    assert refusal.value.key == "invalid_setting"


def test_an_argument_that_is_no_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="data_dirr"):
        CheckoutBridge(Flask("shop"), data_dirr=tmp_path)


def test_an_argument_may_be_an_option_of_a_platform(tmp_path: Path) -> None:
    bridge = CheckoutBridge(Flask("shop"), data_dir=tmp_path, generic_cart_path="/basket")
    assert ("generic", "/basket") in [(name, route.path) for name, route in bridge.runtime.doors.plugins.routes]
    bridge.close()


def test_no_secret_shows() -> None:
    secrets = {setting.field: f"hidden-{setting.field}" for setting in SETTINGS if setting.secret}
    urls = {"ledger_url": "postgresql://ada:hidden@db/ledger", "api_url": "https://ada:hidden@api.example.com"}
    shown = repr(read_settings({**secrets, **urls, "shopify_webhook_secret": "hidden"}, {}, {}))
    assert "token" in secrets
    assert "hidden" not in shown
    assert "@db/ledger" in shown
    assert "SHOPIFY_WEBHOOK_SECRET" in shown


def test_the_engines_keys_are_made_once_and_only_the_owner_may_read_them(tmp_path: Path) -> None:
    runtimes = [Runtime(read_settings({"data_dir": tmp_path}, {}, {})) for _ in range(2)]
    first, second = (runtime.engine_keys for runtime in runtimes)
    kept = tmp_path / "engine-keys.json"
    assert first == second == tuple(json.loads(kept.read_text()).values())
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["engine-keys.json"]


def test_keys_that_are_set_are_not_kept(tmp_path: Path) -> None:
    runtime = Runtime(read_settings({"data_dir": tmp_path, "engine_app_id": "a", "engine_app_token": "b"}, {}, {}))
    assert runtime.engine_keys == ("a", "b")
    assert list(tmp_path.iterdir()) == []


def test_client_and_engine_are_opened_once_however_many_ask_first(tmp_path: Path) -> None:
    runtime = Runtime(read_settings({"data_dir": tmp_path}, {}, {}))
    asks: list[Callable[[], Any]] = [lambda: runtime.client, lambda: runtime.engine] * 3
    start = Barrier(len(asks))

    def ask(what: Callable[[], Any]) -> Any:
        start.wait()
        return what()

    with ThreadPoolExecutor(len(asks)) as threads:
        found = list(threads.map(ask, asks, timeout=30))
    assert len({id(one) for one in found[::2]}) == len({id(one) for one in found[1::2]}) == 1
    runtime.close()


def test_mounting_opens_nothing(tmp_path: Path) -> None:
    app = Flask("shop")
    CheckoutBridge(app, data_dir=tmp_path / "data")
    assert app.test_client().get("/").status_code == 404
    assert not (tmp_path / "data").exists()
