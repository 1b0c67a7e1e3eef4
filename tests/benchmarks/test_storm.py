"""A small storm: servers are killed, clients repeat, and the accounts balance; and accounts that would not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks.storm import accounts, plans
from benchmarks.storm.accounts import Accounts, Held
from benchmarks.storm.clients import Expected, Outcome
from benchmarks.storm.plans import Call, Plan
from benchmarks.storm.run import Size, rage

SMALL = Size(orders=60, kills=2, clients=8, servers=2, workers=1, apart=False, by_hand=True, deadline=2.0)
CART = {"codes": ["FEW"], "gift_cards": [{"code": "CARD-A", "amount": "5.00"}]}
PLAN = Plan("1", "part", (Call("checkout", {"cart": CART}),), (), ())


def test_servers_are_killed_and_nothing_is_lost_and_nothing_happens_twice(tmp_path: Path) -> None:
    storm = rage(tmp_path, None, SMALL, seed=1)

    assert {zero: found for zero, found in storm.accounts.wrong.items() if found} == {}
    assert storm.accounts.stuck == []
    assert sum(storm.fleet.killed.values()) == SMALL.kills
    assert sum(storm.accounts.states.values()) == SMALL.orders
    assert {"confirmed", "unwound"} <= set(storm.accounts.states)


def row(state: str, **values: Any) -> dict[str, Any]:
    return {"id": "chk_1", "source_id": "chk_1", "state": state, "reason": None, "updated_at": "then", **values}


def held(uses: int = 0, taken: int = 0, *, paid: bool = False, attempts: tuple[str, ...] = ("chk_1",)) -> Held:
    its = Held(Counter({"FEW": uses}), Counter({"CARD-A": taken}), paid={"chk_1"} if paid else set())
    its.attempts = set(attempts) if uses or taken else set()
    its.redemptions = {"r_1"} if uses or taken else set()
    return its


def spoiled(outcome: Outcome, its_row: dict[str, Any] | None, its: Held, given: int = 0) -> set[str]:
    """The zeros that an order spoils. The ledger has redeemed what the engine has."""
    found = Accounts()
    found.compare(Expected(PLAN, outcome, Counter({"CARD-A": given})), its_row, its, its.redemptions)
    return {zero for zero, told in found.wrong.items() if told}


@pytest.mark.parametrize(
    ("outcome", "its_row", "its", "given"),
    [
        pytest.param("stands", row("confirmed"), held(1, 500, paid=True), 0, id="stands"),
        pytest.param("stands", row("confirmed"), held(1, 300, paid=True), 200, id="a part was refunded"),
        pytest.param("ended", row("unwound"), held(), 200, id="given back"),
        pytest.param("nothing", None, held(), 0, id="never there"),
        pytest.param("unknown", row("confirmed"), held(1, 500, paid=True), 0, id="nobody was told that it stands"),
        pytest.param("ended", row("stuck", reason="too late"), held(1), 0, id="stuck, with a reason"),
    ],
)
def test_what_is_right_is_let_be(outcome: Outcome, its_row: dict[str, Any] | None, its: Held, given: int) -> None:
    assert spoiled(outcome, its_row, its, given) == set()


@pytest.mark.parametrize(
    ("outcome", "its_row", "its", "given", "zero"),
    [
        pytest.param("ended", row("unwound"), held(1), 0, accounts.LOST, id="a coupon stays used"),
        pytest.param("ended", row("unwound"), held(0, 300), 200, accounts.LOST, id="the rest stays on no card"),
        pytest.param("nothing", row("failed"), held(1), 0, accounts.LOST, id="redeemed after all"),
        pytest.param("stands", row("confirmed"), held(1, 500, paid=True), 200, accounts.LOST, id="no part came back"),
        pytest.param("stands", row("confirmed"), held(2, 500, paid=True), 0, accounts.DOUBLE, id="a coupon twice"),
        pytest.param("stands", row("confirmed"), held(1, 1000, paid=True), 0, accounts.DOUBLE, id="a card twice"),
        pytest.param(
            "stands",
            row("confirmed"),
            held(1, 500, paid=True, attempts=("chk_1", "chk_1.2")),
            0,
            accounts.DOUBLE,
            id="two attempts",
        ),
        pytest.param("stands", row("confirmed"), held(0, 500, paid=True), 0, accounts.MISSING, id="no coupon"),
        pytest.param("stands", row("confirmed"), held(1, 100, paid=True), 200, accounts.TOO_MUCH, id="twice a part"),
        pytest.param("ended", row("unwound"), held(0, -200), 200, accounts.TOO_MUCH, id="more than it paid"),
        pytest.param("ended", row("stuck"), held(1), 0, accounts.SILENT, id="stuck, and nobody knows why"),
        pytest.param("ended", row("unwinding"), held(), 0, accounts.OPEN, id="nobody has finished it"),
        pytest.param("stands", row("unwound"), held(1, 500, paid=True), 0, accounts.LEDGER, id="given back unasked"),
        pytest.param("ended", row("unwound"), held(paid=True), 0, accounts.PAID, id="still counts as paid"),
    ],
)
def test_what_is_wrong_is_found(outcome: Outcome, its_row: dict[str, Any], its: Held, given: int, zero: str) -> None:
    assert zero in spoiled(outcome, its_row, its, given)


def test_counters_and_balances_are_held_against_what_stands() -> None:
    coupon = {"code": "FEW", "redeemed_quantity": 3, "quantity": 2, "gift_balance": None}
    card = {"code": "CARD-A", "redeemed_quantity": 1, "quantity": None, "gift_balance": 600, "start": 1000}
    found = Accounts()

    found.compare_vouchers([coupon, card], Counter({"FEW": 2, "CARD-A": 1}), [held(1, 500)])

    assert {zero: len(told) for zero, told in found.wrong.items() if told} == {accounts.COUNTERS: 2, accounts.LIMITS: 1}


def test_orders_are_of_every_fate_and_the_same_again_for_the_same_seed() -> None:
    orders = list(plans.plans(300, Random(1)))

    assert {plan.fate for plan in orders} == set(plans._FATES)
    assert orders == list(plans.plans(300, Random(1)))
    assert any(len(plan.checkout) == 2 for plan in orders)
    assert any(plan.echoes for plan in orders)
