"""A process that is killed at any boundary of a refund: the interrupted call, repeated, ends where it would have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from checkout_bridge.errors import Conflict

from .worlds import BACKENDS, Killed, MakeWorld, World, told

Step = Callable[[World], Any]
LINES = [(3, 334), (1, 500)]
# What happens to an order after its checkout; the codes and cards with which it was bought.
LIVES: dict[str, tuple[tuple[str, ...], tuple[str, ...], list[Step]]] = {
    "coupon and card, refunded in parts": (
        ("FIVE",),
        ("CARD",),
        [lambda w: w.refund("1", "r-1", {"0": 1}), lambda w: w.refund("1", "r-2")],
    ),
    "coupon and card, a refund and a cancel": (
        ("FIVE",),
        ("CARD",),
        [lambda w: w.refund("1", "r-1", {"1": 1}), lambda w: w.cancel("1")],
    ),
    "two cards, refunded in parts": (
        (),
        ("CARD", "OTHER"),
        [lambda w: w.refund("1", "r-1", amount=100), lambda w: w.refund("1", "r-2", {"0": 3, "1": 1})],
    ),
    "two cards, a refund that another one overtook": (
        (),
        ("CARD", "OTHER"),
        [lambda w: w.refund("1", "r-1", {"0": 2}), lambda w: w.refund("1", "r-1", {"0": 2}), lambda w: w.cancel("1")],
    ),
}


def _bought(make_world: MakeWorld, kind: str, life: str) -> World:
    codes, cards, _ = LIVES[life]
    world = make_world(kind)
    world.card("OTHER", 300)
    world.buy("1", LINES, codes, cards)
    world.boundary.crossed = 0
    return world


def _came_of(world: World) -> dict[str, Any]:
    """Where an order, its refunds and what was redeemed for it have ended."""
    order = world.order("1")
    upstream = world.client.orders.get_order(order["checkout_id"])
    return {
        "state": order["state"],
        "given_back": told(order),
        "refunds": [(refund["refund_id"], refund["status"], refund["is_final"]) for refund in order["refunds"]],
        "balances": [world.balance("CARD"), world.balance("OTHER")],
        "used": world.used("FIVE"),
        "upstream": upstream["status"],
    }


def _undisturbed(make_world: MakeWorld, kind: str, life: str) -> tuple[int, dict[str, Any]]:
    """How many boundaries there are, and what comes of it when nobody is killed."""
    world = _bought(make_world, kind, life)
    for step in LIVES[life][2]:
        step(world)
    boundaries = world.boundary.crossed
    came_of = _came_of(world)
    assert (came_of["state"], came_of["balances"], came_of["used"]) == ("unwound", [1001, 300], 0)
    return boundaries, came_of


def _kill(world: World, steps: list[Step], at: int) -> int:
    """Run until the process is killed; gives the step that it was in."""
    world.boundary.kill_at = at
    for n, step in enumerate(steps):
        try:
            step(world)
        except Killed:
            return n
    raise AssertionError(f"there is no boundary {at}")


@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("kind", BACKENDS)
def test_killed_anywhere_the_repeated_call_ends_where_it_would_have(
    kind: str, life: str, make_world: MakeWorld
) -> None:
    boundaries, expected = _undisturbed(make_world, kind, life)
    steps = LIVES[life][2]
    assert boundaries >= 15
    for at in range(1, boundaries + 1):
        world = _bought(make_world, kind, life)
        killed_in = _kill(world, steps, at)
        world.restart()
        for step in steps[killed_in:]:
            step(world)
        assert _came_of(world) == expected, f"killed at {at} of {boundaries}"
        world.close()


@pytest.mark.parametrize("kind", BACKENDS)
def test_killed_anywhere_the_sweep_carries_on_what_was_begun(kind: str, make_world: MakeWorld) -> None:
    life = "coupon and card, refunded in parts"
    boundaries, expected = _undisturbed(make_world, kind, life)
    steps = LIVES[life][2]
    for at in range(1, boundaries + 1):
        world = _bought(make_world, kind, life)
        killed_in = _kill(world, steps, at)
        world.restart()
        swept = world.flow.sweep()
        assert len(swept) <= 1
        known = {refund["refund_id"]: refund["status"] for refund in world.order("1")["refunds"]}
        assert set(known.values()) <= {"done"}
        for step in steps[killed_in:] if f"r-{killed_in + 1}" not in known else steps[killed_in + 1 :]:
            step(world)
        assert _came_of(world) == expected, f"killed at {at} of {boundaries}"
        world.close()


@pytest.mark.parametrize("kind", BACKENDS)
def test_a_killed_refund_is_left_alone_while_what_it_sent_may_be_under_way(kind: str, make_world: MakeWorld) -> None:
    life = "coupon and card, refunded in parts"
    world = _bought(make_world, kind, life)
    world.boundary.kill_after = "/balance"
    with pytest.raises(Killed):
        world.refund("1", "r-1", {"0": 1})
    world.restart()
    world.boundary.time -= timedelta(seconds=19)
    assert world.flow.sweep() == []
    for again in (lambda: world.refund("1", "r-1"), lambda: world.cancel("1")):
        with pytest.raises(Conflict) as refusal:
            again()
        assert refusal.value.key == "refund_in_progress"
    world.boundary.time += timedelta(seconds=19)
    assert [order["state"] for order in world.flow.sweep()] == ["unwound"]
    assert world.flow.sweep() == []
    assert (world.balance("CARD"), told(world.order("1"))[0]) == (1001, ("CARD", 222, "r-1"))
