"""Refunds of parts, on our engine and on an API that repeats what it is sent twice: each card gets its share, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from checkout_bridge import Cart, GiftCard, Line
from checkout_bridge.errors import BridgeError, InvalidInput

from .worlds import BACKENDS, SHOP, MakeWorld, World, told

# 10.00 in three pieces and one of 5.00; a card that pays 10.01 of it, an odd amount.
LINES = [(3, 334), (1, 500)]


# What is refunded, one after the other, and what of the card's 10.01 comes back for it; the last one is the rest.
CASES: list[tuple[str, list[dict[str, Any]], list[int]]] = [
    ("two of three pieces, and the rest", [{"lines": {"0": 2}}, {}], [445, 556]),
    ("three thirds of an odd amount", [{"lines": {"0": 1}}] * 3 + [{}], [223, 222, 223, 333]),
    ("piece by piece to the last", [{"lines": {"0": 1}}] * 3 + [{"lines": {"1": 1}}], [223, 222, 223, 333]),
    ("two lines at once", [{"lines": {"0": 1, "1": 1}}, {"lines": {"0": 2}}], [556, 445]),
    ("by amount, in thirds", [{"amount": 167}] * 3, [334, 333, 334]),
    ("by amount, some and all the rest", [{"amount": 1}, {}], [2, 999]),
    ("pieces and then an amount", [{"lines": {"0": 2}}, {"amount": 250}, {}], [445, 500, 56]),
    ("an amount and then pieces, never more than is left", [{"amount": 500}, {"lines": {"0": 3}}, {}], [999, 2, 0]),
    ("pieces with what was paid for them", [{"lines": {"0": 1}, "amount": 111}, {}], [223, 778]),
    ("money that may not be for the goods", [{"lines": {}, "amount": 9999}, {}], [1001, 0]),
]


@pytest.mark.parametrize(("refunds", "amounts"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
@pytest.mark.parametrize("codes", [(), ("FIVE",)])
def test_every_refund_gives_the_card_exactly_what_its_preview_said_and_the_last_one_the_rest(
    refunds: list[dict[str, Any]], amounts: list[int], codes: tuple[str, ...], world: World
) -> None:
    """15.02, or 20.02 with a coupon, whose 5.00 are spread so that the card's shares are the same."""
    lines = LINES if not codes else [(3, 445), (1, 667)]
    assert world.buy("1", lines, codes, ("CARD",))["total"] == 501
    assert world.balance("CARD") == 0
    for n, (refund, amount) in enumerate(zip(refunds, amounts, strict=True)):
        is_last = n + 1 == len(refunds)
        before, previewed = told(world.order("1")), world.preview("1", **refund)
        order = world.refund("1", f"r-{n}", **refund)
        assert [one[:2] for one in told(order)[len(before) :]] == previewed
        assert previewed == [
            *([("FIVE", None)] if codes and is_last else []),
            *([("CARD", amount)] if amount else []),
        ]
        assert order["state"] == ("unwound" if is_last else "confirmed")
        assert world.balance("CARD") == sum(amounts[: n + 1])
        assert world.used("FIVE") == (1 if codes and not is_last else 0)
    upstream = world.client.orders.get_order(order["checkout_id"])
    assert upstream["status"] == "CANCELED"


def test_the_same_refund_again_answers_the_same_and_does_nothing(world: World) -> None:
    world.buy("1", LINES, ("FIVE",), ("CARD",))
    first = world.refund("1", "r-1", {"0": 1})
    assert world.refund("1", "r-1", {"0": 1}) == first
    assert world.refund("1", "r-1", {"0": 2}) == first
    final = world.refund("1", "r-2")
    for refund_id in ("r-1", "r-2", "r-3"):
        assert world.refund("1", refund_id) == final
    assert (world.balance("CARD"), world.used("FIVE")) == (1001, 0)
    assert [entry["event"] for entry in world.order("1")["history"]].count("refund") == 2


def test_a_refund_of_an_earlier_attempt_moves_nothing_of_the_next(world: World) -> None:
    world.buy("1", LINES, (), ("CARD",))
    world.refund("1", "r-1", {"0": 1})
    world.refund("1", "r-2")
    again = world.buy("1", LINES, (), ("CARD",))
    assert (again["state"], again["given_back"]) == ("confirmed", [])
    for refund_id in ("r-1", "r-2"):
        assert world.refund("1", refund_id, {"0": 1}) == again
    assert world.balance("CARD") == 0
    assert told(world.refund("1", "r-3", {"0": 1})) == [("CARD", 223, "r-3")]
    assert world.cancel("1")["state"] == "unwound"
    assert world.balance("CARD") == 1001


@pytest.mark.parametrize(
    ("earlier", "refund", "named"),
    [
        ({"lines": {"0": 2}}, {"lines": {"0": 2}}, ".lines has 2 of line 0: 1 of 3 are left"),
        ({"lines": {"0": 3}}, {"lines": {"0": 1, "1": 1}}, "0 of 3 are left"),
        ({"amount": 200}, {"amount": 302}, ".amount 302 is more than what is left: 301 of 501"),
        ({"lines": {"0": 1}, "amount": 200}, {"lines": {"0": 1}, "amount": 302}, "301 of 501"),
        ({"lines": {"0": 1}, "amount": 200}, {"lines": {"0": 1}, "amount": 301}, "does not add up"),
        ({"lines": {"0": 3}, "amount": 200}, {"lines": {"1": 1}, "amount": 300}, "does not add up"),
        ({"amount": 200}, {"lines": {}}, ".lines must have at least 1 item"),
        ({"amount": 200}, {"lines": {}, "amount": 0}, ".amount must be > 0"),
    ],
)
def test_more_than_is_left_is_refused_with_what_is_left_and_writes_nothing(
    earlier: dict[str, Any], refund: dict[str, Any], named: str, make_world: MakeWorld
) -> None:
    world = make_world("hosted")
    world.buy("1", LINES, (), ("CARD",))
    world.refund("1", "r-1", **earlier)
    before = world.order("1")
    for attempt in (lambda: world.preview("1", **refund), lambda: world.refund("1", "r-2", **refund)):
        with pytest.raises(InvalidInput) as refusal:
            attempt()
        assert named in str(refusal.value.details)
    assert world.order("1") == before


@pytest.mark.parametrize("refund_id", ["", "x" * 256, "a\0b"])
def test_a_refund_needs_an_id_that_can_be_kept(refund_id: str, make_world: MakeWorld) -> None:
    world = make_world("hosted")
    world.buy("1", LINES, (), ("CARD",))
    with pytest.raises(InvalidInput) as refusal:
        world.refund("1", refund_id, {"0": 1})
    assert ".refund_id" in str(refusal.value.details)
    assert world.balance("CARD") == 0


@pytest.mark.parametrize("refund_id", ["final", "Größe 7", "x" * 255, "7:refund", "a b", "~x"])
def test_any_other_id_is_a_source_of_its_own(refund_id: str, world: World) -> None:
    world.buy("1", LINES, ("FIVE",), ("CARD",))
    assert world.refund("1", refund_id, {"0": 1})["given_back"][0]["refund_id"] == refund_id
    assert world.refund("1", "r-2")["state"] == "unwound"
    assert world.balance("CARD") == 1001
    sources = [one["source_id"] for one in world.client.vouchers.list_voucher_transactions("CARD", limit=100)["data"]]
    assert len(set(filter(None, sources))) == 2
    assert all(len(source) < 150 for source in sources if source)


def test_two_cards_of_one_order_each_get_their_own_share(world: World) -> None:
    world.card("OTHER", 300)
    world.buy("1", LINES, (), ("CARD", "OTHER"))
    assert told(world.refund("1", "r-1", {"1": 1})) == [("CARD", 333, "r-1"), ("OTHER", 100, "r-1")]
    assert told(world.cancel("1"))[2:] == [("CARD", 668, None), ("OTHER", 200, None)]
    assert (world.balance("CARD"), world.balance("OTHER")) == (1001, 300)


def test_an_order_that_is_not_confirmed_yet_is_refunded_too_and_confirmed_later(world: World) -> None:
    cart = Cart("EUR", (Line("0", 2, 500),), gift_cards=(GiftCard("CARD"),))
    left = world.flow.redeem(cart, SHOP, order_ref="1")
    assert world.refund("1", "r-1", {"0": 1})["state"] == "redeemed"
    assert world.flow.confirm(left)["state"] == "confirmed"
    assert world.balance("CARD") == 501


def test_refunds_of_an_order_without_cards_are_kept_and_move_nothing(world: World) -> None:
    world.buy("1", LINES, ("FIVE",))
    order = world.refund("1", "r-1", {"0": 1})
    assert (order["state"], order["given_back"], world.used("FIVE")) == ("confirmed", [], 1)
    assert told(world.refund("1", "r-2", {"0": 2, "1": 1})) == [("FIVE", None, "r-2")]
    assert world.used("FIVE") == 0


def _together(*calls: Callable[[], Any]) -> list[Any]:
    start = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return call()
        except BridgeError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def test_one_refund_told_at_once_by_several_moves_once(world: World) -> None:
    world.buy("1", LINES, ("FIVE",), ("CARD",))
    answers = _together(*[lambda: world.refund("1", "r-1", {"0": 2})] * 4)
    assert {answer.key for answer in answers if isinstance(answer, BridgeError)} <= {"refund_in_progress"}
    done = world.refund("1", "r-1")
    assert told(done) == [("CARD", 445, "r-1")]
    assert world.balance("CARD") == 445


def test_of_refunds_at_once_none_gives_back_the_same_piece(world: World) -> None:
    world.buy("1", LINES, ("FIVE",), ("CARD",))
    answers = _together(*(lambda n=n: world.refund("1", f"r-{n}", {"0": 2}) for n in range(3)))
    refused = [answer for answer in answers if isinstance(answer, BridgeError)]
    assert [type(answer) for answer in refused] == [InvalidInput] * 2
    assert world.balance("CARD") == 445


def test_refunds_at_once_that_are_the_whole_order_together_end_it(world: World) -> None:
    world.buy("1", LINES, ("FIVE",), ("CARD",))
    _together(lambda: world.refund("1", "r-1", {"0": 3}), lambda: world.refund("1", "r-2", {"1": 1}))
    world.boundary.time += timedelta(seconds=20)
    for refund_id in ("r-1", "r-2"):
        order = world.refund("1", refund_id)
    assert (order["state"], world.balance("CARD"), world.used("FIVE")) == ("unwound", 1001, 0)
    assert sum(one["amount"] for one in order["given_back"] if one["code"] == "CARD") == 1001


@pytest.fixture
def world_on_postgresql(empty: Path, tmp_path: Path, postgres_url: str) -> Iterator[World]:
    """One whose ledger is on PostgreSQL, where two transactions may write at once."""
    world = World("hosted", tmp_path / "data", empty, postgres_url)
    world.card("CARD", 1001)
    yield world
    world.close()


def test_on_postgresql_too_refunds_at_once_never_give_back_the_same_piece(world_on_postgresql: World) -> None:
    world = world_on_postgresql
    world.buy("1", [(8, 100), (1, 702)], (), ("CARD",))
    answers = _together(*(lambda n=n: world.refund("1", f"r-{n}", {"0": 2}) for n in range(6)))
    assert sorted(type(answer).__name__ for answer in answers) == ["InvalidInput"] * 2 + ["dict"] * 4
    assert world.balance("CARD") == 533
    _together(*[lambda: world.refund("1", "last")] * 3)
    world.boundary.time += timedelta(seconds=20)
    order = world.refund("1", "last")
    assert (order["state"], told(order)[4:], world.balance("CARD")) == ("unwound", [("CARD", 468, "last")], 1001)


pieces = some.lists(some.tuples(some.integers(1, 4), some.integers(1, 700)), min_size=1, max_size=4)
parts = some.lists(some.tuples(some.sampled_from(["lines", "amount"]), some.integers(1, 10**6)), max_size=5)
numbers = count()


@pytest.mark.parametrize("kind", BACKENDS)
def test_whatever_is_refunded_in_whatever_steps_the_end_is_where_it_began(kind: str, make_world: MakeWorld) -> None:
    world = make_world(kind)

    @settings(max_examples=50, deadline=None)
    @given(pieces, some.lists(some.integers(1, 900), max_size=2), some.booleans(), parts, some.booleans())
    def check(
        lines: list[tuple[int, int]], cards: list[int], has_coupon: bool, steps: list[Any], is_cancelled: bool
    ) -> None:
        ref = str(next(numbers))
        codes = [f"C{ref}-{i}" for i in range(len(cards))]
        for code, credits in zip(codes, cards, strict=True):
            world.card(code, credits)
        order = world.buy(ref, lines, ("FIVE",) if has_coupon else (), tuple(codes))
        redeemed = {one["code"]: one["amount"] for one in order["applied"]}
        used = world.used("FIVE")
        left = {str(i): quantity for i, (quantity, _) in enumerate(lines)}
        paid = order["total"]
        for n, (what, number) in enumerate(steps):
            refund: dict[str, Any]
            if what == "lines":
                line = sorted(left)[number % len(left)]
                refund = {"lines": {line: min(number, left[line])}}
                if left[line] == 0 or sum(left.values()) == min(number, left[line]):
                    continue
                left[line] -= min(number, left[line])
            elif paid > number:
                refund = {"amount": number}
                paid -= number
            else:
                continue
            previewed, before = world.preview(ref, **refund), told(order)
            order = world.refund(ref, f"r-{n}", **refund)
            assert order["state"] == "confirmed"
            assert [one[:2] for one in told(order)[len(before) :]] == previewed
            for code in codes:
                back = sum(amount or 0 for what, amount, _ in told(order) if what == code)
                assert back == world.balance(code) - (cards[codes.index(code)] - redeemed.get(code, 0))
                assert back <= redeemed.get(code, 0)
        previewed, before = world.preview(ref), told(order)
        order = world.cancel(ref) if is_cancelled else world.refund(ref, "last")
        assert order["state"] == "unwound"
        assert [one[:2] for one in told(order)[len(before) :]] == previewed
        assert [world.balance(code) for code in codes] == cards
        assert world.used("FIVE") == used - has_coupon
        for code in codes:
            assert sum(amount or 0 for what, amount, _ in told(order) if what == code) == redeemed.get(code, 0)

    check()
