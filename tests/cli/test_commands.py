"""The commands that end by themselves: what they print, as text and as JSON, and how they refuse."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import Result
from flask import Flask
from flask.cli import FlaskGroup

from checkout_bridge import CheckoutBridge

Command = Callable[..., Result]
CART = {"currency": "EUR", "items": [{"sku": "MUG", "quantity": 2, "unit_price": "12.50"}], "codes": ["TEN"]}


def _json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def orders(command: Command, data_dir: Path) -> list[str]:
    """Two orders: one confirmed, one given back."""
    assert command("vouchers", "create", "TEN", "--percent-off", 10).exit_code == 0
    bridge = CheckoutBridge(Flask("shop"), data_dir=data_dir)
    for ref in ("1", "2"):
        bridge.checkout(CART, ref)
    bridge.cancel("2", reason="too late")
    bridge.close()
    return ["1", "2"]


def test_every_command_has_help_with_an_example_of_itself(command_path: tuple[str, ...], command: Command) -> None:
    result = command(*command_path, "--help")
    assert result.exit_code == 0
    shown = " ".join(result.output.split())
    assert "Example:" in shown
    assert " ".join(("checkout-bridge", *command_path)) in shown.split("Example:")[1]


def test_a_voucher_is_created_and_listed(command: Command) -> None:
    assert command("vouchers", "create", "TEN", "--percent-off", 10, "--quantity", 3).stdout == "TEN: created\n"
    gift = _json(command("vouchers", "create", "--gift", 5000, "--json"))
    assert gift["gift"]["balance"] == 5000
    fiver = _json(command("vouchers", "create", "FIVER", "--amount-off", 500, "--expires", "2030-01-31", "--json"))
    assert (fiver["discount"]["amount_off"], fiver["expiration_date"][:10]) == (500, "2030-01-31")
    listed = _json(command("vouchers", "list", "--json"))
    assert [one["code"] for one in listed] == ["FIVER", gift["code"], "TEN"]
    table = command("vouchers", "list").stdout
    assert "0 of 3" in table
    assert "5000 of 5000" in table
    assert [one["code"] for one in _json(command("vouchers", "list", "--limit", 1, "--page", 2, "--json"))] == [
        gift["code"]
    ]


def test_the_ledger_is_listed_newest_first(command: Command, orders: list[str]) -> None:
    listed = _json(command("ledger", "list", "--json"))
    assert [(one["order_ref"], one["state"], one["total"]) for one in listed] == [
        ("2", "unwound", 2250),
        ("1", "confirmed", 2250),
    ]
    assert [one["order_ref"] for one in _json(command("ledger", "list", "--state", "confirmed", "--json"))] == ["1"]
    assert len(_json(command("ledger", "list", "--limit", 1, "--json"))) == 1
    assert "22.50" in command("ledger", "list").stdout


def test_an_order_is_shown_with_its_history(command: Command, orders: list[str]) -> None:
    story = _json(command("ledger", "show", "2", "--json"))
    assert (story["state"], story["reason"], story["given_back"][0]["code"]) == ("unwound", "too late", "TEN")
    text = command("ledger", "show", "2").stdout
    for shown in ("unwound", "22.50", "TEN", "usable again", "too late", "intended"):
        assert shown in text


def test_a_listing_names_the_checkout_and_cuts_nothing_off(
    command: Command, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    ref, reason = "order-" + "7" * 120, "because " * 25
    bridge = CheckoutBridge(Flask("shop"), data_dir=data_dir)
    checkout_id = bridge.checkout({**CART, "codes": []}, ref)["checkout_id"]
    bridge.cancel(ref, reason=reason.strip())
    bridge.close()
    heading, row = command("ledger", "list").stdout.splitlines()
    assert heading.split()[:3] == ["order_ref", "id", "platform"]
    assert row.startswith(f"{ref}  {checkout_id}  ")
    assert row.endswith(reason.strip())


def test_what_nobody_confirmed_is_given_back_by_settling(command: Command, data_dir: Path) -> None:
    assert command("vouchers", "create", "ONCE", "--percent-off", 10, "--quantity", 1).exit_code == 0
    bridge = CheckoutBridge(Flask("shop"), data_dir=data_dir)
    doors = bridge.runtime.doors
    left = doors.flow.redeem(doors.cart({**CART, "codes": ["ONCE"]}, "generic"), doors.source())
    bridge.close()
    assert _json(command("ledger", "settle", "--json")) == []
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=901)):
        (settled,) = _json(command("ledger", "settle", "--json"))
        assert (settled["checkout_id"], settled["state"]) == (left["id"], "unwound")
        assert command("ledger", "settle").stdout.splitlines() == [
            "order_ref  checkout_id  platform  shop  state  reason"
        ]
    (voucher,) = _json(command("vouchers", "list", "--json"))
    assert voucher["redemption"]["redeemed_quantity"] == 0


def test_an_empty_ledger_is_an_empty_list(command: Command) -> None:
    assert _json(command("ledger", "list", "--json")) == []


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import no_module_of_that_name", "no_module_of_that_name"),
        ("raise SystemExit('licence expired')", "SystemExit: licence expired"),
        ("import sys\nsys.exit(3)", "SystemExit: 3"),
    ],
)
def test_plugins_are_listed_and_a_broken_one_is_named(
    source: str, why: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "site" / "broken-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[checkout_bridge]\nbroken = broken_platform:Plugin\n")
    (tmp_path / "site" / "broken_platform.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    listed = {one["name"]: one for one in _json(command("plugins", "list", "--json"))}
    assert listed["generic"] == {"name": "generic", "status": "ok", "error": None}
    assert listed["broken"]["status"] == "broken"
    assert why in listed["broken"]["error"]
    assert "broken" in command("plugins", "list").stdout


def test_the_databases_are_brought_to_the_newest_form(command: Command, data_dir: Path) -> None:
    for _ in range(2):
        assert command("db", "upgrade").stdout == "engine: up to date\nledger: up to date\n"
    counts = {"engine.db": "SELECT count(*) FROM engine_version", "ledger.db": "SELECT count(*) FROM ledger_version"}
    for name, statement in counts.items():
        connection = sqlite3.connect(data_dir / name)
        assert connection.execute(statement).fetchone() == (1,)
        connection.close()


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        (("ledger", "show", "77"), {}, "77"),
        (("vouchers", "create", "X"), {}, "--gift"),
        (("vouchers", "create", "", "--gift", "5"), {}, "CODE"),
        (("vouchers", "create", " ", "--gift", "5"), {}, "CODE"),
        (("vouchers", "create", "X", "--gift", "5", "--amount-off", "5"), {}, "--gift"),
        (("vouchers", "create", "X", "--gift", "5", "--expires", "soon"), {}, "expiration_date"),
        (("vouchers", "list"), {"CHECKOUT_BRIDGE_DEADLINE": "never"}, "CHECKOUT_BRIDGE_DEADLINE"),
        (("ledger", "list"), {"CHECKOUT_BRIDGE_LEDGER_URL": "mysql://db"}, "CHECKOUT_BRIDGE_LEDGER_URL"),
        (("ledger", "list"), {"CHECKOUT_BRIDGE_LEDGER_URL": "sqlite:///."}, "database"),
        (("ledger", "list"), {"CHECKOUT_BRIDGE_DATA_DIR": "a-file"}, "ledger.db: Not a directory"),
        (("vouchers", "list"), {"CHECKOUT_BRIDGE_API_URL": "http://127.0.0.1:1"}, "app id"),
        (("engine", "serve"), {}, "CHECKOUT_BRIDGE_ENGINE_APP_ID"),
        (("engine", "serve", "--app-id", "a", "--app-token", "b", "--database", "mysql://db"), {}, "mysql"),
    ],
)
def test_a_users_mistake_is_one_line_on_stderr_and_exit_code_2(
    arguments: tuple[str, ...],
    environment: dict[str, str],
    named: str,
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "a-file").write_text("not a folder")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = command(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("checkout-bridge: ")
    assert named in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [("nothing",), ("ledger", "nothing"), ("ledger", "list", "--limit", "0"), ("ledger", "list", "--state", "happy")],
)
def test_a_command_line_that_makes_no_sense_exits_2(arguments: tuple[str, ...], command: Command) -> None:
    result = command(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")


def test_an_order_of_several_shops_must_be_named_with_its_shop(command: Command, data_dir: Path) -> None:
    bridge = CheckoutBridge(Flask("shop"), data_dir=data_dir)
    for shop in ("north", "south"):
        bridge.checkout({**CART, "codes": []}, "1", shop=shop)
    bridge.close()
    refused = command("ledger", "show", "1")
    assert refused.exit_code == 2
    assert "generic/north" in refused.stderr
    shown = _json(command("ledger", "show", "1", "--platform", "generic", "--shop", "north", "--json"))
    assert shown["shop"] == "north"


def test_under_flask_the_commands_work_on_the_apps_own_bridge(tmp_path: Path) -> None:
    def create_app() -> Flask:
        app = Flask("shop")
        CheckoutBridge(app, data_dir=tmp_path / "of-the-app")
        return app

    bridge = CheckoutBridge(Flask("another"), data_dir=tmp_path / "of-the-app")
    bridge.checkout({**CART, "codes": []}, "A1")
    bridge.close()
    from click.testing import CliRunner

    flask = FlaskGroup(create_app=create_app)
    listed = CliRunner().invoke(flask, ["checkout-bridge", "ledger", "list", "--json"])
    assert [one["order_ref"] for one in _json(listed)] == ["A1"]
    assert CliRunner().invoke(flask, ["checkout-bridge", "ledger", "show", "B2"]).exit_code == 2


def test_under_flask_an_app_without_a_bridge_is_told_in_one_line() -> None:
    from click.testing import CliRunner

    for arguments in (["plugins", "list"], ["ledger", "list"]):
        flask = FlaskGroup(create_app=lambda: Flask("shop"))
        result = CliRunner().invoke(flask, ["checkout-bridge", *arguments])
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert "CheckoutBridge(app)" in result.stderr


def test_a_reset_of_the_demo_on_a_port_that_is_taken_leaves_its_data_alone(command: Command, data_dir: Path) -> None:
    (data_dir / "demo").mkdir(parents=True)
    (data_dir / "demo" / "shop.db").write_text("of the demo that runs")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = command("demo", "--reset", "--port", taken.getsockname()[1])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert (data_dir / "demo" / "shop.db").read_text() == "of the demo that runs"
