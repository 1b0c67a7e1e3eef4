"""``import-history`` run again: after it was cut off, after nothing or something has changed, at another API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge.client.resources.async_actions import AsyncActions
from checkout_bridge.client.resources.orders import Orders
from checkout_bridge.errors import BackendUnreachable

from .exported import TWO, kept, sold


def test_a_second_run_over_several_batches_changes_nothing(history: Any, batches: list[int]) -> None:
    orders = [sold(number) for number in range(4100)]
    first = history(orders)
    before = kept()

    second = history(orders)

    assert (first.exit_code, first.stdout) == (0, "4100 orders imported, 0 unchanged, 0 skipped, 0 failed\n")
    assert (second.exit_code, second.stdout) == (0, "0 orders imported, 4100 unchanged, 0 skipped, 0 failed\n")
    assert batches == [2000, 2000, 100]
    assert len(before) == 4100
    assert kept() == before


def test_a_run_that_fails_at_the_second_batch_is_gone_on_with(
    history: Any, batches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    orders, ask = [sold(number) for number in range(2100)], Orders.import_orders

    def fails_once(self: Orders, told: Any, **options: Any) -> Any:
        if batches:
            raise BackendUnreachable("The promotions API is out of reach")
        return ask(self, told, **options)

    with monkeypatch.context() as patched:
        patched.setattr(Orders, "import_orders", fails_once)
        first = history(orders)
    second = history(orders, "--json")

    assert (first.exit_code, first.stdout) == (2, "")
    assert "checkout-bridge: The promotions API is out of reach" in first.stderr
    told = json.loads(second.stdout)
    assert (second.exit_code, told["imported_count"], told["unchanged_count"]) == (0, 100, 2000)
    assert batches == [2000, 100]
    assert len(kept()) == 2100


def test_a_batch_that_was_under_way_when_the_command_was_killed_is_not_sent_again(
    history: Any, batches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    orders, wait = [sold(number) for number in range(2010)], AsyncActions.wait_for_async_action

    def killed(self: AsyncActions, action_id: str, **options: Any) -> Any:
        if len(batches) == 2:
            raise KeyboardInterrupt
        return wait(self, action_id, **options)

    with monkeypatch.context() as patched:
        patched.setattr(AsyncActions, "wait_for_async_action", killed)
        assert history(orders).exit_code != 0
    again = history(orders)

    assert (again.exit_code, again.stdout) == (0, "0 orders imported, 2010 unchanged, 0 skipped, 0 failed\n")
    assert batches == [2000, 10]
    assert len(kept()) == 2010


def test_an_import_that_was_cancelled_is_no_success_and_sent_again(
    history: Any, batches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = {"id": "aa_1", "status": "FAILED", "result": {"message": "cancelled"}}
    with monkeypatch.context() as patched:
        patched.setattr(AsyncActions, "wait_for_async_action", lambda self, action_id, **options: ended)
        first = history(TWO)
        assert (first.exit_code, first.stdout) == (2, "")
        assert "aa_1 ended early: cancelled" in first.stderr
        assert history(TWO).exit_code == 2

    assert history(TWO).exit_code == 0
    assert batches == [2, 2]  # the second was done in the meantime, as the third run finds out
    assert len(kept()) == 2


def test_only_what_is_new_or_changed_is_sent(history: Any, batches: list[int]) -> None:
    assert history(TWO).exit_code == 0
    changed = sold(2, line_items=[{"id": 1, "sku": "MUG", "quantity": 1, "price": "12.50"}])

    result = history([sold(1), changed, sold(3)], name="newer.json")

    assert result.stdout == "2 orders imported, 1 unchanged, 0 skipped, 0 failed\n"
    assert batches == [2, 2]
    assert [one["amount"] for one in kept()] == [2500, 1250, 2500]


def test_a_promotions_api_that_was_emptied_gets_all_orders_again(
    history: Any, data_dir: Path, batches: list[int]
) -> None:
    assert history(TWO).exit_code == 0
    for file in data_dir.glob("engine.db*"):
        file.unlink()

    assert history(TWO).stdout == "2 orders imported, 0 unchanged, 0 skipped, 0 failed\n"
    assert len(kept()) == 2


def test_another_promotions_api_gets_all_orders_too(
    history: Any, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert history(TWO).exit_code == 0
    monkeypatch.setenv("CHECKOUT_BRIDGE_ENGINE_DATABASE_URL", f"sqlite:///{data_dir}/another.db")

    assert history(TWO).stdout == "2 orders imported, 0 unchanged, 0 skipped, 0 failed\n"
    assert len(kept()) == 2
