"""Random lives under random policies: nobody gets more than was redeemed, and the API and the ledger say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as some

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cause, Occasion, Restoring

from .policies import PolicyWorld, policy_worlds
from .worlds import BACKENDS, SHOP

EXAMPLES = {"engine": 15, "hosted": 60}
numbers = count()

words = some.builds(
    "{}.{}={}".format,
    some.sampled_from(("partial_refund", "partial_refund", "*", *get_args(Occasion))),
    some.sampled_from(("coupon", "gift_card")),
    some.sampled_from(get_args(Restoring)),
)
steps = some.one_of(
    some.tuples(some.just("policy"), some.lists(words, max_size=3).map(", ".join)),
    some.tuples(some.just("pieces"), some.dictionaries(some.sampled_from("01"), some.integers(1, 3), min_size=1)),
    some.tuples(some.just("amount"), some.integers(1, 600)),
    some.tuples(some.just("rest"), some.none()),
    some.tuples(some.just("cancel"), some.sampled_from(get_args(Cause))),
    some.tuples(some.just("reinstate"), some.none()),
)
carts = some.lists(some.tuples(some.integers(1, 3), some.integers(1, 900)), min_size=2, max_size=2)


class Books:
    """What of each code is redeemed and has not come back, attempt by attempt, as the reports tell it."""

    def __init__(self) -> None:
        self._attempts: dict[int, Counter[str]] = {}

    def enter(self, attempt: int, order: dict[str, Any], before: list[dict[str, Any]]) -> None:
        """Take down a report; raises where it gives back, or keeps, more than was redeemed."""
        # What earlier ends have kept is theirs.
        now = order["kept"][len(before) :]
        redeemed, back, kept = (_sums(told) for told in (order["applied"], order["given_back"], now))
        assert back + kept <= redeemed, (redeemed, back, kept)
        if order["state"] == "unwound":
            assert back + kept == redeemed, "at the end everything has gone one way or the other"
        self._attempts[attempt] = redeemed - back

    def out(self, code: str) -> int:
        """What is still redeemed of a code."""
        return sum(attempt[code] for attempt in self._attempts.values())


def _sums(told: list[dict[str, Any]]) -> Counter[str]:
    """Minor units for a card; for a coupon how often."""
    sums: Counter[str] = Counter()
    for one in told:
        sums[one["code"]] += one["amount"] if one["type"] == "GIFT_VOUCHER" else 1
    return sums


def _take(world: PolicyWorld, ref: str, what: str, how: Any, refund_id: str) -> None:
    if what == "policy":
        world.policy(how)
    elif what == "cancel":
        world.cancel_for(ref, how)
    elif what == "reinstate":
        world.reinstate(ref)
    else:
        asked = {"pieces": {"lines": how}, "amount": {"amount": how}, "rest": {}}[what]
        with suppress(InvalidInput):  # more than is left
            previewed = world.preview(ref, **asked)
            before = _sums(world.order(ref)["given_back"])
            order = world.refund(ref, refund_id, **asked)
            gone_back = _sums(order["given_back"]) - before
            assert gone_back == Counter({code: 1 if amount is None else amount for code, amount in previewed})
            assert world.refund(ref, refund_id, **asked) == order


@pytest.fixture(scope="module")
def worlds(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, PolicyWorld]]:
    for make in policy_worlds(empty, tmp_path_factory):
        yield {kind: make(kind) for kind in BACKENDS}


@pytest.mark.parametrize("kind", BACKENDS)
def test_whatever_happens_nobody_gets_more_than_was_redeemed_and_both_books_agree(
    kind: str, worlds: dict[str, PolicyWorld]
) -> None:
    world = worlds[kind]

    @settings(max_examples=EXAMPLES[kind], deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(carts, some.lists(words, max_size=4).map(", ".join), some.lists(steps, min_size=2, max_size=8))
    def check(lines: list[tuple[int, int]], setting: str, life: list[tuple[str, Any]]) -> None:
        ref = str(next(numbers))
        world.policy(setting)
        books, coupon, card = Books(), f"COUPON-{ref}", f"CARD-{ref}"
        world.order_of(ref, lines=lines)
        for n, (what, how) in enumerate([("policy", setting), *life]):
            _take(world, ref, what, how, f"r-{n}")
            row = world.flow.get(ref, SHOP)
            assert row["state"] in ("confirmed", "unwound"), row["reason"]
            books.enter(row["attempt"], world.flow.report(row), row["cart"].get("kept_before", []))
            assert (world.used(coupon), world.balance(card)) == (books.out(coupon), 1001 - books.out(card))
            upstream = world.client.orders.get_order(row["source_id"])["status"]
            assert upstream == {"confirmed": "PAID", "unwound": "CANCELED"}[row["state"]]
        event(f"{row['attempt']} attempts, {row['state']}")

    check()
