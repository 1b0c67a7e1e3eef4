"""The ledger: whoever moves a row owns the work, only facts are cached, and allocations add up."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as some

from checkout_bridge import Cart as BridgeCart
from checkout_bridge import CheckoutBridge, Line
from checkout_bridge.bridge.ledger.model import metadata
from checkout_bridge.bridge.ledger.store import MIGRATIONS, Ledger
from checkout_bridge.bridge.mapping import applied_by
from checkout_bridge.database import open_database, reading, writing
from checkout_bridge.errors import BridgeError, Conflict
from checkout_bridge.money import allocate

Cart = Callable[..., dict[str, Any]]
Used = Callable[[str], int]


def _together(*calls: Callable[[], Any]) -> list[Any]:
    """Start all at the same moment, each in a thread; a BridgeError is an answer too."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return call()
        except BridgeError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def test_cancels_at_once_roll_back_once_and_answer_the_same(bridge: CheckoutBridge, cart: Cart, used: Used) -> None:
    bridge.checkout(cart("ONCE", gift_cards=("GIFT",)), "1")
    answers = _together(*(lambda n=n: bridge.cancel("1", reason=f"by {n}") for n in range(4)))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["state"] == "unwound"
    assert (used("ONCE"), used("GIFT")) == (0, 0)
    events = [entry["event"] for entry in bridge.order("1")["history"]]
    assert (events.count("cancel"), events.count("unwound")) == (1, 1)


def test_checkouts_of_one_order_at_once_redeem_once(bridge: CheckoutBridge, cart: Cart, used: Used) -> None:
    answers = _together(*(lambda: bridge.checkout(cart("TEN"), "1") for _ in range(4)))
    done = [answer for answer in answers if isinstance(answer, dict)]
    waiting = [answer for answer in answers if isinstance(answer, Conflict)]
    assert len(done) >= 1
    assert len(done) + len(waiting) == 4
    assert {answer.key for answer in waiting} <= {"checkout_in_progress"}
    assert used("TEN") == 1


def test_of_two_orders_for_the_last_code_one_gets_it(bridge: CheckoutBridge, cart: Cart, used: Used) -> None:
    answers = _together(*(lambda n=n: bridge.checkout(cart("ONCE"), str(n)) for n in range(3)))
    assert sorted(getattr(answer, "key", "redeemed") for answer in answers) == ["quantity_exceeded"] * 2 + ["redeemed"]
    assert used("ONCE") == 1


def test_a_move_from_a_state_that_is_past_changes_nothing(bridge: CheckoutBridge, cart: Cart) -> None:
    bridge.checkout(cart("ONCE"), "1")
    ledger = bridge.runtime.doors.ledger
    row = ledger.find("1", "generic", "default")
    assert row is not None
    before = bridge.order("1")
    assert ledger.move(row, ("intended", "redeemed"), {"state": "failed"}) is None
    assert ledger.move({**row, "attempt": 2}, ("confirmed",), {"state": "failed"}) is None
    assert bridge.order("1") == before


def test_the_state_is_read_anew_while_the_facts_are_remembered(
    bridge: CheckoutBridge, data_dir: Path, cart: Cart
) -> None:
    bridge.checkout(cart("ONCE"), "1")
    assert bridge.order("1")["state"] == "confirmed"
    another = Ledger(f"sqlite:///{data_dir / 'ledger.db'}", lambda: datetime.now(UTC))
    row = another.find("1", "generic", "default")
    assert row is not None
    another.move(row, ("confirmed",), {"state": "review", "reason": "another process"})
    another.close()
    with sqlite3.connect(data_dir / "ledger.db") as connection:
        connection.execute("DELETE FROM ledger_redemptions")
    connection.close()
    order = bridge.order("1")
    assert (order["state"], order["reason"]) == ("review", "another process")
    assert [one["code"] for one in order["applied"]] == ["ONCE"]


def test_what_happened_to_an_order_is_written_down_in_order(bridge: CheckoutBridge, cart: Cart) -> None:
    bridge.checkout(cart("ONCE"), "1")
    bridge.cancel("1")
    history = bridge.order("1")["history"]
    assert [entry["event"] for entry in history] == ["intended", "redeemed", "confirmed", "cancel", "unwound"]
    assert [entry["state"] for entry in history] == ["intended", "redeemed", "confirmed", "unwinding", "unwound"]


def test_a_ledger_from_before_partial_refunds_knows_what_its_cards_paid(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    database = open_database(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with writing(database) as connection:
        config.attributes.update(connection=connection, version_table="ledger_version")
        command.upgrade(config, "0002")
        connection.exec_driver_sql(
            "INSERT INTO ledger_checkouts (id, platform, shop, order_ref, state, attempt, source_id, fingerprint,"
            " currency, amount, total, cart, rejected, created_at, updated_at)"
            " VALUES ('chk_1', 'generic', 'default', '1', "
            "'confirmed', 1, 'chk_1', '', 'EUR', 1000, 0, '{}', '[]', '2026-01-01', '2026-01-01')"
        )
        for position, kind in enumerate(("DISCOUNT_VOUCHER", "GIFT_VOUCHER")):
            connection.exec_driver_sql(
                "INSERT INTO ledger_redemptions VALUES ('chk_1', 1, ?, 'CODE', ?, 'r_1', 500, '{}')", (position, kind)
            )
    database.dispose()
    ledger = Ledger(url, lambda: datetime.now(UTC))
    row = ledger.find("1", "generic", "default")
    assert row is not None
    assert [part["credits"] for part in ledger.redemptions_of(row)] == [None, 500]
    with reading(ledger.database) as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "ledger_version"})
        assert compare_metadata(context, metadata) == []
    ledger.close()


def test_nothing_of_the_person_is_kept_but_the_shops_own_id(bridge: CheckoutBridge, data_dir: Path, cart: Cart) -> None:
    bridge.checkout(cart("ONCE", customer={"id": "c-1", "email": "ada@example.com", "name": "Ada L."}), "1")
    connection = sqlite3.connect(data_dir / "ledger.db")
    dump = "\n".join(connection.iterdump())
    connection.close()
    assert "c-1" in dump
    assert "ada@example.com" not in dump
    assert "Ada L." not in dump


def test_two_checkouts_that_end_in_one_order_wait_for_a_person(bridge: CheckoutBridge, cart: Cart) -> None:
    bridge.checkout(cart(), "1")
    flow, source = bridge.runtime.doors.flow, bridge.runtime.doors.source()
    second = flow.redeem(bridge.runtime.doors.cart(cart("TEN"), "generic"), source)
    with pytest.raises(Conflict) as refusal:
        flow.confirm(second, "1")
    assert refusal.value.key == "order_ref_taken"
    assert bridge.order(second["id"])["state"] == "review"


amounts = some.integers(min_value=0, max_value=10**9)
lines = some.lists(some.tuples(some.integers(1, 1000), some.integers(0, 10**6)), min_size=1, max_size=12)


@given(amounts, some.lists(amounts, min_size=1, max_size=20))
def test_an_amount_is_split_without_a_rest_and_in_proportion(amount: int, weights: list[int]) -> None:
    parts = allocate(amount, weights)
    if sum(weights) == 0:
        assert parts == [0] * len(weights)
        return
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - amount * weight) < sum(weights)


@given(lines, some.lists(some.integers(0, 10**7), min_size=1, max_size=5))
def test_the_shares_of_the_lines_add_up_to_each_incentive_and_never_exceed_a_line(
    bought: list[tuple[int, int]], discounts: list[int]
) -> None:
    cart = BridgeCart("EUR", tuple(Line(f"l{i}", *line) for i, line in enumerate(bought)))
    left, redemptions = cart.total, []
    for i, discount in enumerate(discounts):
        amount = min(discount, left)
        left -= amount
        order = {"total_applied_discount_amount": amount}
        redemptions.append({"id": f"r_{i}", "voucher": {"code": f"C{i}", "type": "DISCOUNT_VOUCHER"}, "order": order})
    applied = applied_by(cart, {"redemptions": redemptions})
    for one in applied:
        assert sum(one.allocations.values()) == one.amount
    for line in cart.lines:
        assert 0 <= sum(one.allocations[line.line_id] for one in applied) <= line.amount
