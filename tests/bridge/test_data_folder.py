"""Where the databases are: in the data folder whatever its name, for their owner only; and both may be in one file."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from checkout_bridge import CheckoutBridge
from checkout_bridge.database import open_database
from checkout_bridge.private import keep_once

Cart = Callable[..., dict[str, Any]]
DATABASES = {"ledger.db", "engine.db"}
TEN = {"discount": {"type": "PERCENT", "percent_off": 10}}
posix_only = pytest.mark.skipif(os.name != "posix", reason="the system has no file modes")


@pytest.fixture
def opened() -> Iterator[Callable[..., CheckoutBridge]]:
    """Makes bridges, with the code TEN in their engines; closes them at the end."""
    bridges: list[CheckoutBridge] = []

    def make(**settings: Any) -> CheckoutBridge:
        bridges.append(CheckoutBridge(Flask("shop"), **settings))
        bridges[-1].runtime.client.vouchers.create_voucher("TEN", TEN)
        return bridges[-1]

    yield make
    for bridge in bridges:
        bridge.close()


@pytest.fixture
def _everybody_may_read() -> Iterator[None]:
    """The usual umask, under which new files are readable for all unless they are made otherwise."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("name", ["what?", "a#b", "100%20", "two words", "50%", "größe", "a&b=c", "C:", "a+b"])
def test_a_data_folder_may_have_any_name(
    name: str, opened: Callable[..., CheckoutBridge], tmp_path: Path, cart: Cart
) -> None:
    bridge = opened(data_dir=tmp_path / name)
    assert bridge.checkout(cart("TEN"), "1")["total"] == 3149
    assert {path.name for path in (tmp_path / name).glob("*.db")} == DATABASES
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_ledger_and_engine_may_share_a_database(
    opened: Callable[..., CheckoutBridge], tmp_path: Path, cart: Cart
) -> None:
    url = f"sqlite:///{tmp_path}/both.db"
    both = {"data_dir": tmp_path, "ledger_url": url, "engine_database_url": url}
    first = opened(**both)
    assert first.checkout(cart("TEN"), "1")["total"] == 3149
    assert first.cancel("1")["state"] == "unwound"
    again = CheckoutBridge(Flask("shop"), **both)
    assert again.order("1")["state"] == "unwound"
    assert again.runtime.client.vouchers.get_voucher("TEN")["redemption"]["redeemed_quantity"] == 0
    again.close()
    assert [path.name for path in tmp_path.glob("*.db")] == ["both.db"]
    with sqlite3.connect(tmp_path / "both.db") as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert {"ledger_version", "engine_version", "ledger_redemptions", "redemptions"} <= tables


def test_ledger_and_engine_may_share_a_postgresql_database(
    opened: Callable[..., CheckoutBridge], postgres_url: str, tmp_path: Path, cart: Cart
) -> None:
    bridge = opened(data_dir=tmp_path, ledger_url=postgres_url, engine_database_url=postgres_url)
    assert bridge.checkout(cart("TEN"), "1")["total"] == 3149
    assert bridge.cancel("1")["state"] == "unwound"


@posix_only
@pytest.mark.usefixtures("_everybody_may_read")
def test_only_the_owner_may_read_what_the_bridge_makes(
    opened: Callable[..., CheckoutBridge], tmp_path: Path, cart: Cart
) -> None:
    folder = tmp_path / "missing" / "too" / "data"
    opened(data_dir=folder).checkout(cart("TEN"), "1")
    assert {_mode(path) for path in (folder, folder.parent, folder.parent.parent)} == {0o700}
    made = {path.name: _mode(path) for path in folder.iterdir()}
    assert DATABASES | {"engine-keys.json"} <= set(made)
    assert set(made.values()) == {0o600}


@posix_only
@pytest.mark.usefixtures("_everybody_may_read")
def test_what_is_there_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "ledger.db").touch(mode=0o640)
    open_database(f"sqlite:///{folder}/ledger.db").dispose()
    assert (_mode(folder), _mode(folder / "ledger.db")) == (0o755, 0o640)


@posix_only
@pytest.mark.usefixtures("_everybody_may_read")
def test_a_secret_is_kept_once_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    assert keep_once(path, "first") == "first"
    assert keep_once(path, "second") == "first"
    assert (_mode(path), [found.name for found in tmp_path.iterdir()]) == (0o600, ["secret"])


def test_a_guests_e_mail_is_nowhere_in_the_ledger(
    opened: Callable[..., CheckoutBridge], tmp_path: Path, cart: Cart
) -> None:
    bridge = opened(data_dir=tmp_path)
    guest = {"email": "grace@example.com", "name": "Grace H."}
    bridge.quote(cart("TEN", customer=guest), hold=True)
    bridge.checkout(cart("TEN", customer=guest), "order-77")
    bridge.checkout(cart(customer=guest), "order-78")
    bridge.cancel("order-77")
    written = b"".join(path.read_bytes() for path in tmp_path.glob("ledger.db*"))
    assert b"order-77" in written
    assert b"order-78" in written
    assert b"grace@example.com" not in written
    assert b"Grace H." not in written
