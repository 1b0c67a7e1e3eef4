"""Reconciling that is killed, cannot reach what it compares, or compares what moves; and lists without an end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge.bridge import reconcile as reconciling
from checkout_bridge.bridge import states
from checkout_bridge.errors import BackendUnreachable, DeadlineExceeded

from . import worlds
from .hosted import HostedApi
from .reconciled import (
    LINES,
    LOST,
    OpenWorld,
    compared,
    kinds,
    redeem,
    roll_back,
    row_of,
    status_of,
    worlds_of,
)
from .worlds import Killed, World, some_of


@pytest.fixture
def open_world(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[OpenWorld]:
    """Opens worlds; see ``worlds_of``."""
    yield from worlds_of(empty, tmp_path, monkeypatch, request)


def test_during_an_outage_the_claim_waits_for_the_sweep(open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world = open_world("hosted")
    world.buy("1", LINES, ("FIVE",))
    roll_back(world, "1")

    def unreachable(*_: Any, **__: Any) -> Any:
        raise BackendUnreachable("down")

    with monkeypatch.context() as patched:
        patched.setattr(world.client.redemptions, "redeem_stacked_discounts", unreachable)
        assert kinds(compared(world, repairs=True)) == [("missing_redemption", "deferred")]
        assert kinds(compared(world, repairs=True)) == [("under_way", None)]
    world.restart()
    world.flow.sweep()
    assert (world.order("1")["state"], world.used("FIVE")) == ("confirmed", 1)
    assert compared(world, repairs=True) == []


def _lost(world: World) -> None:
    redeem(world, LOST, "FIVE", "CARD", platform="generic", shop="default", order_ref="1001")


def _unwound_here_alone(world: World) -> None:
    world.buy("1", LINES, ("FIVE",), ("CARD",))
    world.ledger.move(row_of(world, "1"), ("confirmed",), {"state": states.UNWOUND})


def _rolled_back_by_somebody(world: World) -> None:
    world.buy("1", LINES, ("FIVE",), ("CARD",))
    world.refund("1", "r-1", {"0": 1})
    roll_back(world, "1")


@pytest.mark.parametrize("make", [_lost, _unwound_here_alone, _rolled_back_by_somebody])
@pytest.mark.parametrize("kind", ["engine", "hosted"])
def test_a_repair_that_is_killed_anywhere_ends_where_it_would_have(
    kind: str, make: Callable[[World], None], open_world: OpenWorld
) -> None:
    def came_of(world: World) -> Any:
        rows = world.ledger.newest(limit=10)
        stands = [(row["state"] in states.STANDING, bool(row["confirmed_at"])) for row in rows]
        told = [(len(world.order(row["id"])["given_back"]), status_of(world, row["id"])) for row in rows]
        return stands, told, world.used("FIVE"), world.balance("CARD")

    undisturbed = open_world(kind)
    make(undisturbed)
    undisturbed.boundary.crossed = 0
    assert len(compared(undisturbed, repairs=True)) == 1
    boundaries, expected = undisturbed.boundary.crossed, came_of(undisturbed)
    assert boundaries >= 10

    for at in some_of(boundaries):
        world = open_world(kind)
        make(world)
        world.boundary.crossed, world.boundary.kill_at = 0, at
        with pytest.raises(Killed):
            compared(world, repairs=True)
        world.restart()
        compared(world, repairs=True)
        for _ in range(3):  # settled, deferred, carried out
            world.restart()
            world.flow.sweep()
        assert compared(world) == []
        assert came_of(world) == expected, f"killed at {at} of {boundaries}"
        world.close()


def test_an_order_that_the_promotions_api_fails_at_keeps_back_no_other(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = open_world("engine")
    for n in range(3):
        world.buy(str(n), LINES, ("FIVE",))
        roll_back(world, str(n))
    bad, get = row_of(world, "1")["source_id"], world.client.orders.get_order

    def fail_at_one(source_id: str, **options: Any) -> Any:
        if source_id == bad:
            raise DeadlineExceeded("too slow")
        return get(source_id, **options)

    monkeypatch.setattr(world.client.orders, "get_order", fail_at_one)
    found = compared(world, repairs=True)
    assert kinds(found) == [("missing_redemption", "claimed"), ("unknown", None), ("missing_redemption", "claimed")]
    assert (found[1].order_ref, found[1].is_left) == ("1", True)
    assert "deadline_exceeded" in found[1].detail


def test_a_promotions_api_that_cannot_be_reached_is_not_asked_for_every_order(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, asked = open_world("hosted"), []
    for n in range(9):
        world.buy(str(n), LINES)

    def fail(source_id: str, **_: Any) -> Any:
        asked.append(source_id)
        raise DeadlineExceeded("too slow")

    monkeypatch.setattr(world.client.orders, "get_order", fail)
    with pytest.raises(DeadlineExceeded):
        compared(world)
    assert len(asked) == 5


def test_redemptions_that_cannot_be_listed_are_told_and_the_orders_are_compared(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worlds, "HostedApi", HostedApi)
    world = open_world("hosted")
    world.buy("1", LINES, ("FIVE",))
    roll_back(world, "1")

    assert kinds(compared(world)) == [("missing_redemption", None), ("unknown", None)]


def test_an_order_that_moves_while_it_is_compared_is_compared_as_it_is_then(
    open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = open_world("engine")
    world.buy("1", LINES, ("FIVE",))
    get, moves = world.client.orders.get_order, iter([lambda: world.cancel("1")])

    def cancelled_meanwhile(source_id: str, **options: Any) -> Any:
        next(moves, lambda: None)()
        return get(source_id, **options)

    monkeypatch.setattr(world.client.orders, "get_order", cancelled_meanwhile)
    assert compared(world, repairs=True) == []
    assert world.order("1")["state"] == "unwound"


@pytest.mark.parametrize("window", [3, 10])
def test_a_list_longer_than_it_may_have_pages_is_read_in_windows(
    window: int, open_world: OpenWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "_WINDOW", window)
    world = open_world("engine")
    ids = [redeem(world, f"chk_{n:024x}", "FIVE", platform="generic", shop="default") for n in range(12)]

    assert [one.redemption_id for one in compared(world)] == ids


def test_since_leaves_out_what_has_not_changed(open_world: OpenWorld) -> None:
    world = open_world("engine")
    world.buy("old", LINES, ("FIVE",))
    roll_back(world, "old")
    world.boundary.time = world.boundary.time.replace(year=2031)
    world.buy("new", LINES, ("FIVE",))
    roll_back(world, "new")

    assert [one.order_ref for one in compared(world, since="2031-01-01T00:00:00.000Z")] == ["new"]
    assert [one.order_ref for one in compared(world)] == ["old", "new"]


def test_a_new_redemption_of_an_old_order_is_found_although_the_order_has_not_changed(
    open_world: OpenWorld,
) -> None:
    world = open_world("engine")
    world.boundary.time = world.boundary.time.replace(year=2020)
    world.buy("old", LINES, ("FIVE",))
    redeem(world, row_of(world, "old")["source_id"], "CARD")

    assert kinds(compared(world, since="2021-01-01T00:00:00.000Z")) == [("orphan_redemption", None)]
