"""What differs between ledger and promotions API, made by really doing it behind the bridge's back: told, put right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from checkout_bridge import Cart, Line
from checkout_bridge.bridge import states
from checkout_bridge.bridge.ledger.model import redemptions
from checkout_bridge.database import writing

from .reconciled import (
    KINDS,
    LINES,
    LOST,
    Backup,
    OpenWorld,
    compared,
    kinds,
    reconciled,
    redeem,
    roll_back,
    row_of,
    status_of,
    worlds_of,
)
from .worlds import SHOP, Killed, World


@pytest.fixture
def open_world(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[OpenWorld]:
    """Opens worlds; see ``worlds_of``."""
    yield from worlds_of(empty, tmp_path, monkeypatch, request)


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, open_world: OpenWorld) -> World:
    """One of each kind."""
    return open_world(request.param)


@pytest.fixture
def backup(world: World, tmp_path: Path) -> Callable[[], Backup]:
    """Makes a copy of what the promotions API has."""
    return lambda: Backup(world, tmp_path / "0")


def test_what_the_bridge_does_by_itself_never_differs(world: World) -> None:
    world.card("SECOND", 5000)
    world.buy("plain", LINES)
    world.buy("cancelled", LINES, ("FIVE",), ("SECOND",))
    world.cancel("cancelled")
    world.buy("in parts", LINES, ("FIVE",), ("SECOND",))
    world.refund("in parts", "r-1", {"0": 1})
    world.buy("in parts to the end", LINES, ("FIVE",), ("SECOND",))
    world.refund("in parts to the end", "r-1", {"0": 1})
    world.refund("in parts to the end", "r-2")
    world.buy("cards alone", LINES, (), ("SECOND",))
    world.refund("cards alone", "r-1", {"0": 1})
    world.cancel("cards alone")
    assert world.order("cards alone")["state"] == "unwound"
    world.buy("disputed", LINES, ("FIVE",), ("SECOND",))
    world.flow.cancel("disputed", SHOP, cause="chargeback")
    assert [one["code"] for one in world.order("disputed")["kept"]] == ["FIVE", "SECOND"]
    world.buy("stands again", LINES, ("FIVE",), ("SECOND",))
    world.cancel("stands again")
    world.flow.reinstate("stands again", SHOP)
    world.flow.bury("never came", SHOP, reason=None, event_id=None)

    assert compared(world) == []
    assert compared(world, repairs=True) == []


def test_a_redemption_of_an_order_that_the_ledger_has_lost_is_rolled_back(world: World) -> None:
    redemption_id = redeem(world, LOST, "FIVE", "CARD", platform="generic", shop="default", order_ref="1001")

    (told,) = compared(world)
    assert (told.kind, told.outcome, told.redemption_id) == ("orphan_redemption", None, redemption_id)
    assert (told.order_ref, told.platform, told.source_id) == ("1001", "generic", LOST)
    assert told.is_left
    assert (world.used("FIVE"), world.ledger.newest(limit=1)) == (1, [])

    (repaired,) = compared(world, repairs=True)
    assert (repaired.outcome, repaired.is_left) == ("rolled_back", False)
    assert (world.used("FIVE"), world.balance("CARD")) == (0, 1001)
    order = world.order(LOST)
    assert (order["state"], order["order_ref"]) == ("unwound", None)
    assert reconciled(world, LOST)[0].startswith(f"orphan_redemption: {redemption_id} of attempt 1, rolled back as rr_")

    assert compared(world, repairs=True) == []
    assert world.buy("1001", LINES, ("FIVE",))["state"] == "confirmed", "its shop's order may still come"


def test_redemptions_of_others_are_left_alone(world: World) -> None:
    world.buy("1", LINES)
    redeem(world, None if not world.hosted_is_real else "cash-desk-1", "FIVE")
    redeem(world, "cash-desk-7", "FIVE", platform="generic", shop="default")
    redeem(world, LOST, "FIVE", platform="generic", shop="another bridge's")
    redeem(world, f"x{LOST}", "FIVE")

    reconciler = world.flow.reconciler(SHOP, repairs=True)
    found = [*reconciler.orders(), *reconciler.redemptions()]

    assert [one for _, findings in found for one in findings] == []
    assert reconciler.elsewhere == 1
    assert world.used("FIVE") == 4


def test_a_redemption_of_an_attempt_that_was_given_up_is_rolled_back(world: World) -> None:
    world.buy("1", LINES, ("FIVE",))
    first = row_of(world, "1")
    world.cancel("1")
    world.flow.reinstate("1", SHOP)
    redemption_id = redeem(world, first["source_id"], "CARD")

    assert kinds(compared(world)) == [("orphan_redemption", None)]
    (repaired,) = compared(world, repairs=True)

    assert (repaired.redemption_id, repaired.attempt, repaired.outcome) == (redemption_id, 1, "rolled_back")
    assert (world.balance("CARD"), world.used("FIVE")) == (1001, 1)
    assert world.order("1")["state"] == "confirmed"
    assert status_of(world, "1") == "PAID"
    assert compared(world, repairs=True) == []


def test_what_was_redeemed_twice_for_an_order_that_stands_is_rolled_back_once(world: World) -> None:
    world.buy("1", LINES, ("FIVE",))
    redeem(world, row_of(world, "1")["source_id"], "CARD")

    assert kinds(compared(world, repairs=True)) == [("orphan_redemption", "rolled_back")]

    assert (world.balance("CARD"), world.used("FIVE"), status_of(world, "1")) == (1001, 1, "PAID")
    assert compared(world, repairs=True) == []


def test_what_the_ledger_gave_back_and_a_backup_brought_back_is_rolled_back_again(
    world: World, backup: Callable[[], Backup]
) -> None:
    world.buy("1", LINES, ("FIVE",), ("CARD",))
    kept = backup()
    world.cancel("1")
    kept.put_back()
    assert (world.used("FIVE"), world.balance("CARD")) == (1, 0)

    assert kinds(compared(world)) == [("missed_rollback", None)]
    (repaired,) = compared(world, repairs=True)

    assert (repaired.outcome, repaired.order_ref) == ("rolled_back", "1")
    assert (world.used("FIVE"), world.balance("CARD")) == (0, 1001)
    assert len(reconciled(world, "1")) == 1
    assert compared(world, repairs=True) == []


def test_what_stands_although_the_ledger_alone_says_unwound_is_rolled_back_and_recorded(world: World) -> None:
    world.buy("1", LINES, ("FIVE",), ("CARD",))
    world.ledger.move(row_of(world, "1"), ("confirmed",), {"state": states.UNWOUND})
    assert world.order("1")["given_back"] == []

    assert kinds(compared(world, repairs=True)) == [("missed_rollback", "rolled_back")]

    given_back = {one["code"]: (one["amount"], bool(one["rollback_id"])) for one in world.order("1")["given_back"]}
    assert given_back == {"FIVE": (None, True), "CARD": (1001, True)}
    assert compared(world, repairs=True) == []


def test_a_redemption_that_somebody_rolled_back_is_claimed_again_and_goes_back_once(world: World) -> None:
    world.buy("1", LINES, ("FIVE",), ("CARD",))
    roll_back(world, "1")
    assert (world.used("FIVE"), world.balance("CARD"), status_of(world, "1")) == (0, 1001, "CANCELED")

    assert kinds(compared(world)) == [("missing_redemption", None)]
    assert kinds(compared(world, repairs=True)) == [("missing_redemption", "claimed")]

    assert (world.used("FIVE"), world.balance("CARD"), status_of(world, "1")) == (1, 0, "PAID")
    assert (world.order("1")["state"], world.order("1")["given_back"]) == ("confirmed", [])
    assert row_of(world, "1")["attempt"] == 2
    assert compared(world, repairs=True) == []
    world.cancel("1")
    assert (world.used("FIVE"), world.balance("CARD")) == (0, 1001)
    assert compared(world, repairs=True) == []


def test_of_an_order_refunded_in_part_only_the_rest_is_claimed_again(world: World) -> None:
    world.buy("1", [(3, 1000), (1, 500)], ("FIVE",), ("CARD",))
    world.refund("1", "r-1", {"0": 1})
    share = world.balance("CARD")
    assert 0 < share < 1001
    roll_back(world, "1")
    assert world.balance("CARD") == 1001 + share

    assert kinds(compared(world, repairs=True)) == [("missing_redemption", "claimed")]

    assert (world.used("FIVE"), world.balance("CARD")) == (1, share), "as if nobody had touched it"
    assert compared(world, repairs=True) == []
    world.refund("1", "r-1", {"0": 1})
    assert world.balance("CARD") == share, "the refund is known"
    world.cancel("1")
    assert (world.used("FIVE"), world.balance("CARD")) == (0, 1001)
    assert compared(world, repairs=True) == []


def test_an_order_that_the_promotions_api_has_lost_is_claimed_again(world: World, backup: Callable[[], Backup]) -> None:
    kept = backup()
    world.buy("1", LINES, ("FIVE",), ("CARD",))
    kept.put_back()

    assert kinds(compared(world, repairs=True)) == [("missing_redemption", "claimed")]

    assert (world.used("FIVE"), world.balance("CARD"), world.order("1")["state"]) == (1, 0, "confirmed")
    assert compared(world, repairs=True) == []


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_what_cannot_be_claimed_again_is_left_to_a_person(is_confirmed: bool, open_world: OpenWorld) -> None:
    world = open_world("engine")
    world.client.vouchers.create_voucher(
        "ONCE", {"discount": {"type": "AMOUNT", "amount_off": 500}, "redemption": {"quantity": 1}}
    )
    cart = Cart("EUR", (Line("0", 1, 2000, sku="S"),), codes=("ONCE",))
    row = world.flow.redeem(cart, SHOP, order_ref="1")
    if is_confirmed:
        world.flow.confirm(row)
    roll_back(world, "1")
    redeem(world, None, "ONCE")

    (repaired,) = compared(world, repairs=True)

    assert (repaired.kind, repaired.outcome, repaired.is_left) == ("missing_redemption", "review", True)
    order = world.order("1")
    assert order["state"] == "review"
    assert "ONCE" in order["reason"]
    assert compared(world, repairs=True) == []


def test_a_card_that_was_spent_meanwhile_leaves_the_order_to_a_person(world: World) -> None:
    world.buy("1", LINES, ("FIVE",), ("CARD",))
    world.refund("1", "r-1", {"0": 1})
    roll_back(world, "1")
    world.client.vouchers.update_voucher_balance(
        "CARD", {"amount": -world.balance("CARD"), "source_id": "spent", "reason": "spent"}
    )

    assert kinds(compared(world, repairs=True)) == [("missing_redemption", "review")]

    assert "to be debited" in world.order("1")["reason"]
    assert compared(world, repairs=True) == []


def test_an_amount_that_differs_is_told_noted_once_and_never_changed(world: World) -> None:
    world.buy("1", LINES, ("FIVE",), ("CARD",))
    with writing(world.ledger.database) as connection:
        for code, changed in (("FIVE", {"amount": 400}), ("CARD", {"credits": 900})):
            connection.execute(update(redemptions).where(redemptions.c.code == code).values(**changed))

    for _ in range(2):
        found = compared(world, repairs=True)
        assert kinds(found) == [("amount_differs", None)] * 2
        assert all(one.is_left for one in found)
    assert {one.detail for one in found} == {
        "FIVE: amount: 400 in the ledger, 500 upstream",
        "CARD: credits: 900 in the ledger, 1001 upstream",
    }
    assert [one["event"] for one in world.order("1")["history"]].count("amount_differs") == 2
    assert (world.used("FIVE"), world.balance("CARD")) == (1, 0)


def test_a_credit_that_the_card_knows_nothing_of_is_told(world: World, backup: Callable[[], Backup]) -> None:
    world.buy("1", LINES, (), ("CARD",))
    kept = backup()
    world.refund("1", "r-1", {"0": 1})
    kept.put_back()

    (told,) = compared(world, repairs=True)

    assert (told.kind, told.outcome) == ("amount_differs", None)
    assert "CARD: it was moved by +" in told.detail
    assert world.balance("CARD") == 0


def test_what_was_kept_and_is_rolled_back_by_somebody_is_told(world: World) -> None:
    world.buy("1", LINES, (), ("CARD",))
    world.refund("1", "r-1", {"0": 1})
    world.cancel("1")
    assert (world.balance("CARD"), compared(world)) == (1001, [])
    roll_back(world, "1")

    assert kinds(compared(world, repairs=True)) == [("amount_differs", None)]
    assert world.balance("CARD") == 2002


def _crash(world: World, act: Callable[[], Any], after: str) -> None:
    world.boundary.kill_after = after
    with pytest.raises(Killed):
        act()
    world.boundary.kill_after = None


def test_what_is_under_way_is_told_and_left_to_the_sweep(world: World) -> None:
    _crash(world, lambda: world.buy("intended", LINES, ("FIVE",)), "/redemptions")
    world.buy("unwinding", LINES, ("FIVE",))
    _crash(world, lambda: world.cancel("unwinding"), "/rollbacks")
    world.buy("deferred", LINES, ("FIVE",))
    world.ledger.move(row_of(world, "deferred"), ("confirmed",), {"state": states.DEFERRED})
    world.buy("refunded", LINES, ("FIVE",), ("CARD",))
    _crash(world, lambda: world.refund("refunded", "r-1", {"0": 1}), "/balance")
    before = [(row["state"], row["updated_at"]) for row in world.ledger.newest(limit=10)]

    found = compared(world, repairs=True)

    assert [(one.order_ref, one.kind, one.outcome) for one in found] == [
        (ref, "under_way", None) for ref in ("intended", "unwinding", "deferred", "refunded")
    ]
    assert not any(one.is_left for one in found)
    assert [(row["state"], row["updated_at"]) for row in world.ledger.newest(limit=10)] == before
