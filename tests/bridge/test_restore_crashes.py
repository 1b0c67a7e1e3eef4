"""A process that is killed at any boundary while a policy keeps or lets go: it ends where it would have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from .policies import PIECE, PolicyWorld, back, kept, policy_worlds
from .worlds import BACKENDS, Killed, some_of

Step = Callable[[PolicyWorld, str], Any]


def refund(refund_id: str, lines: dict[str, int] | None) -> Step:
    return lambda world, ref: world.refund(ref, refund_id, lines)


def cancel(cause: str) -> Step:
    return lambda world, ref: world.cancel_for(ref, cause, reason="told by phone")


def reinstate(world: PolicyWorld, ref: str) -> Any:
    world.reinstate(ref)
    world.later(seconds=20)
    return world.flow.sweep()


# What is set, what happens, and in the end how often the coupon is used and what the card holds.
LIVES: dict[str, tuple[str, list[Step], tuple[str, int, int]]] = {
    "a chargeback that gives back the card": (
        "chargeback.gift_card=restore",
        [refund("r-1", {"0": 1}), cancel("chargeback")],
        ("unwound", 1, 1001),
    ),
    "a chargeback that gives back the coupon": (
        "chargeback.coupon=restore",
        [refund("r-1", {"0": 1}), cancel("chargeback")],
        ("unwound", 0, PIECE),
    ),
    "a refund that lets go, then some more, then a cancellation": (
        "partial_refund.coupon=restore",
        [refund("r-1", {"0": 1}), refund("r-2", {"0": 1}), cancel("cancelled")],
        ("unwound", 0, 1001),
    ),
    "a refund that lets go, then all the rest": (
        "partial_refund.coupon=restore",
        [refund("r-1", {"0": 1}), refund("r-2", None)],
        ("unwound", 0, 1001),
    ),
    "a refund that lets go of the coupon and keeps the share": (
        "partial_refund.coupon=restore, partial_refund.gift_card=keep",
        [refund("r-1", {"0": 1}), cancel("chargeback")],
        ("unwound", 0, 0),
    ),
    "cancelled, and it stands again": ("", [cancel("cancelled"), reinstate], ("confirmed", 1, 0)),
    "a part is refunded, cancelled, and it stands again": (
        "cancelled.coupon=keep",
        [refund("r-1", {"0": 1}), cancel("cancelled"), reinstate],
        ("confirmed", 1, PIECE),
    ),
    "a dispute that is won, and a cancellation": (
        "",
        [refund("r-1", {"0": 1}), cancel("chargeback"), reinstate, cancel("cancelled")],
        ("unwound", 0, 1001),
    ),
}
numbers = count()


@pytest.fixture(scope="module")
def worlds(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, PolicyWorld]]:
    """One of each kind for all; every order has a reference of its own."""
    for make in policy_worlds(empty, tmp_path_factory):
        yield {kind: make(kind) for kind in BACKENDS}


@pytest.fixture(params=BACKENDS)
def world(request: pytest.FixtureRequest, worlds: dict[str, PolicyWorld]) -> PolicyWorld:
    return worlds[request.param]


def _bought(world: PolicyWorld) -> str:
    ref = str(next(numbers))
    world.order_of(ref)
    world.boundary.crossed = 0
    return ref


def _came_of(world: PolicyWorld, ref: str) -> dict[str, Any]:
    order = world.order(ref)
    return {
        "stands": world.stands(ref),
        "back": back(order),
        "kept": kept(order),
        "warnings": order["warnings"],
        "refunds": [(refund["refund_id"], refund["status"]) for refund in order["refunds"]],
    }


def _undisturbed(world: PolicyWorld, life: str) -> tuple[int, dict[str, Any]]:
    setting, steps, end = LIVES[life]
    world.policy(setting)
    ref = _bought(world)
    for step in steps:
        step(world, ref)
    boundaries, came_of = world.boundary.crossed, _came_of(world, ref)
    assert came_of["stands"] == (*end, "PAID" if end[0] == "confirmed" else "CANCELED")
    return boundaries, came_of


def _kill(world: PolicyWorld, ref: str, steps: list[Step], at: int) -> int:
    """Run until the process is killed; gives the step that it was in."""
    world.boundary.kill_at = at
    for n, step in enumerate(steps):
        try:
            step(world, ref)
        except Killed:
            return n
    raise AssertionError(f"there is no boundary {at}")


@pytest.mark.parametrize("life", LIVES)
def test_killed_anywhere_the_repeated_call_ends_where_it_would_have(life: str, world: PolicyWorld) -> None:
    boundaries, expected = _undisturbed(world, life)
    steps = LIVES[life][1]
    assert boundaries >= 15
    for at in some_of(boundaries):
        ref = _bought(world)
        killed_in = _kill(world, ref, steps, at)
        world.restart()
        for step in steps[killed_in:]:
            step(world, ref)
        assert _came_of(world, ref) == expected, f"killed at {at} of {boundaries}, in step {killed_in}"


@pytest.mark.parametrize("life", [life for life in LIVES if "lets go" in life])
def test_killed_anywhere_the_sweep_carries_on_and_the_rest_follows(life: str, world: PolicyWorld) -> None:
    boundaries, expected = _undisturbed(world, life)
    steps = LIVES[life][1]
    for at in some_of(boundaries):
        ref = _bought(world)
        killed_in = _kill(world, ref, steps, at)
        world.restart()
        world.flow.sweep()
        assert {one["status"] for one in world.order(ref)["refunds"]} <= {"done"}
        for step in steps[killed_in:]:
            step(world, ref)
        assert _came_of(world, ref) == expected, f"killed at {at} of {boundaries}, in step {killed_in}"


@pytest.mark.parametrize("share", ["restore", "keep", "full_only"])
def test_killed_while_it_lets_go_the_order_is_cancelled_instead(share: str, world: PolicyWorld) -> None:
    """What was begun is carried on first, whatever the reason of the cancellation is."""
    world.policy(f"partial_refund.coupon=restore, partial_refund.gift_card={share}")
    ref = _bought(world)
    refund("r-1", {"0": 1})(world, ref)
    boundaries = world.boundary.crossed
    for at in some_of(boundaries):
        ref = _bought(world)
        _kill(world, ref, [refund("r-1", {"0": 1})], at)
        world.restart()
        order = cancel("cancelled")(world, ref)
        shares = {one["refund_id"]: [PIECE] for one in world.order(ref)["refunds"]} if share == "keep" else {}
        assert [amount for _, amount, _ in kept(order)] == shares.get("r-1", [])
        assert world.stands(ref) == ("unwound", 0, 1001 - sum(shares.get("r-1", [])), "CANCELED"), f"killed at {at}"
