"""Which lines an incentive is about: what is included and excluded, in which order and rhythm, up to which quantity."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout_bridge.engine.pricing.order import Line, Names
from checkout_bridge.engine.pricing.scope import Entry, Scope, pick

quick = settings(max_examples=100, deadline=None)


def product(name: str) -> Names:
    return frozenset({("product", name)})


def sku(name: str) -> Names:
    return frozenset({("sku", name)})


def line(name: str, price: int = 1000, quantity: int = 1) -> Line:
    return Line(quantity, price, price * quantity, names=product(name))


def units(scope: Scope, lines: list[Line]) -> dict[int, int]:
    """Picked pieces by line."""
    return {one.index: one.units for one in pick(scope, lines)}


def every(**how: Any) -> Scope:
    """All lines, chosen in this way."""
    return Scope((Entry(product("a"), **how),))


def test_included_lines_are_picked_with_all_their_pieces() -> None:
    scope = Scope((Entry(product("shirt")),))

    assert units(scope, [line("shirt", quantity=3), line("mug")]) == {0: 3}


def test_what_is_excluded_is_not_picked_even_when_included() -> None:
    lines = [line("shirt"), line("mug"), line("pen")]

    both = Scope((Entry(product("shirt")), Entry(product("mug"))), (Entry(product("mug")),))
    assert units(both, lines) == {0: 1}
    assert units(Scope((), (Entry(product("mug")),), included_all=True), lines) == {0: 1, 2: 1}
    assert units(Scope((), (Entry(product("mug")),)), lines) == {0: 1, 2: 1}


def test_a_scope_that_includes_all_takes_all_and_one_that_says_nothing_takes_none() -> None:
    lines = [line("shirt"), line("mug")]

    assert units(Scope(included_all=True), lines) == {0: 1, 1: 1}
    assert units(Scope(), lines) == {}
    assert not Scope(included_all=True).is_about_lines
    assert Scope((), (Entry(product("mug")),)).is_about_lines


def test_a_product_is_all_its_skus_and_a_sku_only_itself() -> None:
    red = Line(1, 1000, 1000, names=product("shirt") | sku("red"))
    blue = Line(1, 1000, 1000, names=product("shirt") | sku("blue"))

    assert units(Scope((Entry(product("shirt")),)), [red, blue]) == {0: 1, 1: 1}
    assert units(Scope((Entry(sku("red")),)), [red, blue]) == {0: 1}
    assert units(Scope((Entry(product("shirt")),), (Entry(sku("red")),)), [red, blue]) == {1: 1}


def test_a_line_counts_for_the_first_entry_it_matches() -> None:
    red = Line(5, 1000, 5000, names=product("shirt") | sku("red"))
    scope = Scope((Entry(sku("red"), quantity_limit=1), Entry(product("shirt"), quantity_limit=4)))

    assert units(scope, [red]) == {0: 1}


def test_a_line_with_nothing_on_it_is_never_the_cheapest() -> None:
    scope = Scope((Entry(product("a"), "APPLY_TO_CHEAPEST"),))
    gone = Line(0, 1, 0, names=product("a"))

    assert units(scope, [gone, line("a", 700), line("a", 900)]) == {1: 1}


@pytest.mark.parametrize(
    ("effect", "rhythm", "indices"),
    [
        ("APPLY_TO_EVERY", {}, [0, 1, 2, 3]),
        ("APPLY_TO_EVERY", {"skip": 1}, [1, 2, 3]),
        ("APPLY_TO_EVERY", {"repeat": 2}, [0, 2]),
        ("APPLY_TO_EVERY", {"skip": 1, "repeat": 2}, [1, 3]),
        ("APPLY_TO_EVERY", {"skip": 4}, []),
        ("APPLY_TO_CHEAPEST", {}, [1]),
        ("APPLY_TO_CHEAPEST", {"skip": 1}, [3]),
        ("APPLY_FROM_CHEAPEST", {"repeat": 2}, [1, 0]),
        ("APPLY_FROM_CHEAPEST", {"skip": 1, "repeat": 2}, [3, 2]),
        ("APPLY_TO_MOST_EXPENSIVE", {}, [2]),
        ("APPLY_FROM_MOST_EXPENSIVE", {"repeat": 3}, [2, 1]),
    ],
)
def test_lines_are_chosen_by_price_and_rhythm(effect: str, rhythm: dict[str, int], indices: list[int]) -> None:
    lines = [line("a", price) for price in (300, 100, 400, 200)]

    assert units(every(effect=effect, **rhythm), lines) == dict.fromkeys(indices, 1)


@pytest.mark.parametrize(
    ("effect", "rhythm", "pieces"),
    [
        # The 14 pieces of the table: 7 of them at skip 1 and repeat 2.
        ("APPLY_TO_EVERY", {"skip": 1, "repeat": 2}, {0: 2, 1: 3, 2: 2}),
        ("APPLY_TO_EVERY", {"repeat": 3}, {0: 2, 1: 2, 2: 1}),
        ("APPLY_TO_EVERY", {"skip": 5}, {1: 5, 2: 4}),
        ("APPLY_TO_CHEAPEST", {}, {1: 1}),
        ("APPLY_TO_CHEAPEST", {"skip": 6}, {0: 1}),
        ("APPLY_FROM_CHEAPEST", {"skip": 1, "repeat": 2}, {0: 2, 1: 3, 2: 2}),
        ("APPLY_TO_MOST_EXPENSIVE", {}, {2: 1}),
        ("APPLY_FROM_MOST_EXPENSIVE", {"skip": 4, "repeat": 4}, {0: 1, 1: 2}),
        ("APPLY_FROM_MOST_EXPENSIVE", {"skip": 14}, {}),
    ],
)
def test_pieces_are_chosen_one_by_one(effect: str, rhythm: dict[str, int], pieces: dict[int, int]) -> None:
    lines = [line("a", 200, 4), line("a", 100, 6), line("a", 300, 4)]

    assert units(every(effect=effect, per_unit=True, **rhythm), lines) == pieces


def test_a_thousand_million_pieces_are_counted_and_not_listed() -> None:
    lines = [line("a", 1, 10**9), line("a", 1, 10**9)]

    assert units(every(per_unit=True, skip=1, repeat=2), lines) == {0: 5 * 10**8, 1: 5 * 10**8}


def test_quantity_limits_are_for_each_line_and_for_all_of_an_entry() -> None:
    lines = [line("a", quantity=3), line("a", quantity=1), line("a", quantity=5)]

    assert units(every(quantity_limit=2), lines) == {0: 2, 1: 1, 2: 2}
    assert units(every(aggregated_quantity_limit=5), lines) == {0: 3, 1: 1, 2: 1}
    assert units(every(aggregated_quantity_limit=4), lines) == {0: 3, 1: 1}
    assert units(every(quantity_limit=2, aggregated_quantity_limit=4), lines) == {0: 2, 1: 1, 2: 1}


def test_an_aggregated_limit_is_for_the_pieces_of_all_entries() -> None:
    scope = Scope((Entry(product("a"), aggregated_quantity_limit=2), Entry(product("b"), aggregated_quantity_limit=3)))
    lines = [line("a", quantity=3), line("b", quantity=3), line("a", quantity=3)]

    assert units(scope, lines) == {0: 2, 1: 1}


@quick
@given(
    quantities=st.lists(st.integers(1, 6), min_size=1, max_size=5),
    skip=st.integers(0, 12),
    repeat=st.integers(1, 5),
    effect=st.sampled_from(["APPLY_TO_EVERY", "APPLY_FROM_CHEAPEST", "APPLY_FROM_MOST_EXPENSIVE", "APPLY_TO_CHEAPEST"]),
)
def test_counting_pieces_is_listing_them(quantities: list[int], skip: int, repeat: int, effect: str) -> None:
    lines = [line("a", 100 + 7 * (i * 3 % 5), quantity) for i, quantity in enumerate(quantities)]
    order = sorted(range(len(lines)), key=lambda i: lines[i].price or 0)
    by_effect = {"APPLY_TO_EVERY": sorted(order), "APPLY_FROM_MOST_EXPENSIVE": order[::-1]}
    listed = [i for i in by_effect.get(effect, order) for _ in range(quantities[i])][skip::repeat]
    listed = listed[:1] if effect == "APPLY_TO_CHEAPEST" else listed

    picked = units(every(effect=effect, skip=skip, repeat=repeat, per_unit=True), lines)

    assert picked == {i: listed.count(i) for i in set(listed)}
