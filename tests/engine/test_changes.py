"""Changes: they add up, are taken back by their negation, and are stored and read again as they were."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout_bridge.engine.pricing import items
from checkout_bridge.engine.pricing.amounts import line_fields, order_fields
from checkout_bridge.engine.pricing.effects import AmountOff, Effect, FixedPrice, GiftCredits, PercentOff
from checkout_bridge.engine.pricing.items import ItemsOff
from checkout_bridge.engine.pricing.order import Change, Line, LineChange, OrderState, total_of
from checkout_bridge.engine.pricing.scope import Entry, Scope
from checkout_bridge.engine.pricing.stack import Candidate, apply_stack
from checkout_bridge.engine.pricing.stacking import StackingRules
from checkout_bridge.engine.pricing.units import Replace, Unit, UnitsOff
from checkout_bridge.engine.services.catalogue import Catalogue
from checkout_bridge.engine.services.changes import from_json, state_of, to_json

quick = settings(max_examples=100, deadline=None)
THINGS = {name: frozenset({("product", name)}) for name in ("mug", "pen", "cap")}
PRICES = {"mug": 1700, "pen": 500, "cap": None}

amount = st.integers(0, 5000)
percent = st.decimals(0, 100, places=2).map(Fraction)
names = st.sampled_from(sorted(THINGS))
scopes = names.map(lambda name: Scope((Entry(THINGS[name]),))) | st.just(Scope(included_all=True))


def unit(name: str, count: int, adds: bool) -> Unit:
    return Unit(THINGS[name], count, adds, PRICES[name], {"product_id": name})


units = st.builds(unit, names, st.integers(1, 3), st.booleans())
effects: st.SearchStrategy[Effect] = st.one_of(
    st.builds(AmountOff, amount),
    st.builds(PercentOff, percent),
    st.builds(FixedPrice, amount),
    st.builds(GiftCredits, amount),
    st.builds(ItemsOff, scopes, amount.map(lambda value: items.amount_off(lambda _: value))),
    st.builds(ItemsOff, scopes, percent.map(lambda value: items.percent_off(lambda _: value))),
    st.builds(ItemsOff, scopes, amount.map(items.amount_off_in_proportion)),
    st.lists(units, min_size=1, max_size=2).map(lambda some: UnitsOff(tuple(some))),
    st.builds(Replace, names.map(lambda name: THINGS[name]), st.integers(1, 2), units),
)


def line(name: str, quantity: int) -> Line:
    price = PRICES[name]
    return Line(quantity, price, None if price is None else price * quantity, names=THINGS[name])


def order(lines: list[Line]) -> OrderState:
    return OrderState(sum(one.amount or 0 for one in lines), 0, tuple(lines))


orders = st.lists(st.builds(line, names, st.integers(1, 4)), min_size=1, max_size=4).map(order)


def told(state: OrderState) -> tuple[dict[str, int], list[dict[str, int]]]:
    """An order and its lines as they are answered; lines with nothing on them are not."""
    there = [one for one in state.lines if one.quantity or one.free or one.initial_quantity is not None]
    return order_fields(state), [line_fields(one) for one in there]


def changes_of(start: OrderState, stack: list[Effect]) -> list[Change]:
    return [
        one.change
        for one in apply_stack(
            [Candidate(effect=lambda state, effect=effect: effect) for effect in stack], start, StackingRules()
        )
    ]


def test_changes_of_a_line_and_of_an_order_add_up() -> None:
    first = Change(100, {0: LineChange(1, 2, 3, 4), 1: LineChange(discount=5)})
    second = Change(10, {0: LineChange(10, 20, 30, 40), 2: LineChange(discount=7)}, {2: Line(price=9)})

    both = first + second

    assert both.discount == 110
    assert both.lines == {0: LineChange(11, 22, 33, 44), 1: LineChange(5), 2: LineChange(7)}
    assert both.added == {2: Line(price=9)}
    assert (both.items_discount, both.total) == (23, 133)
    assert total_of([first, second]) == both
    assert total_of([]) == Change()


def test_taking_back_the_first_of_two_leaves_the_second_where_it_was() -> None:
    start = order([line("pen", 1)])
    mug, pen = changes_of(start, [UnitsOff((unit("mug", 1, True),)), UnitsOff((unit("cap", 1, True),))])

    left = start.after(mug + pen + -mug)

    assert [one.quantity for one in left.lines] == [1, 0, 1]
    assert (left.amount, left.total) == (500, 500)
    assert left.lines[2].item == {"product_id": "cap"}


def test_pieces_that_went_and_came_back_leave_what_they_changed_of_the_amount() -> None:
    start = OrderState(25, 0, (Line(2, 10, 25),))
    went, came = Change(lines={0: LineChange(quantity=-1, amount=-12)}), Change(lines={0: LineChange(0, 1, 0, 10)})

    assert start.after(went + came).lines[0].amount == start.after(went).after(came).lines[0].amount == 23
    assert start.after(went + came).amount == 23


def test_an_order_told_smaller_than_its_lines_never_falls_below_nothing() -> None:
    start = OrderState(100, 0, (Line(0, 10, 500, names=THINGS["mug"]),))

    after = start.after(UnitsOff((unit("mug", 1, True),)).change(start))

    assert (after.amount, after.total) == (0, 0)


@quick
@given(start=orders, stack=st.lists(effects, min_size=1, max_size=4))
def test_one_after_the_other_is_all_at_once(start: OrderState, stack: list[Effect]) -> None:
    one_by_one = start
    changes = changes_of(start, stack)
    for change in changes:
        one_by_one = one_by_one.after(change)
    at_once = start.after(total_of(changes))

    assert order_fields(at_once) == order_fields(one_by_one)
    for one, other in zip(at_once.lines, one_by_one.lines, strict=True):
        assert (one.quantity, one.amount, one.discount, one.free) == (
            other.quantity,
            other.amount,
            other.discount,
            other.free,
        )


@quick
@given(start=orders, stack=st.lists(effects, min_size=1, max_size=4))
def test_a_change_and_its_negation_are_nothing(start: OrderState, stack: list[Effect]) -> None:
    change = total_of(changes_of(start, stack))

    assert told(start.after(change + -change)) == told(start)
    assert (change + -change).total == 0


@quick
@given(start=orders, stack=st.lists(effects, min_size=3, max_size=3))
def test_the_order_in_which_changes_add_up_is_all_the_same(start: OrderState, stack: list[Effect]) -> None:
    changes = changes_of(start, stack)

    assert len({str(told(start.after(total_of(some)))) for some in permutations(changes)}) == 1


@quick
@given(start=orders, stack=st.lists(effects, min_size=1, max_size=5))
def test_parts_are_never_above_what_is_left_and_totals_never_below_nothing(
    start: OrderState, stack: list[Effect]
) -> None:
    for outcome in apply_stack(
        [Candidate(effect=lambda state, effect=effect: effect) for effect in stack], start, StackingRules()
    ):
        before, after = outcome.before, outcome.state
        assert before is not None
        assert after is not None
        grown = after.amount - before.amount
        assert 0 <= outcome.applied <= before.total + max(0, grown)
        assert after.total >= 0
        assert after.amount >= 0
        # An exchange may leave a line with less than was off it already; then there is nothing left to pay.
        if before.amount >= before.discount + before.items_discount and grown >= 0:
            assert after.total == before.total + grown - outcome.applied


line_changes = st.builds(LineChange, *[st.integers(-(10**6), 10**6)] * 4)
indices = st.integers(0, 5)
added = st.builds(unit, names, st.just(1), st.booleans()).map(
    lambda one: Line(price=one.price, amount=None if one.price is None else 0, names=one.names, item=one.item)
)
changes = st.builds(
    Change, st.integers(-(10**6), 10**6), st.dictionaries(indices, line_changes), st.dictionaries(indices, added)
)


@quick
@given(change=changes)
def test_what_is_stored_is_read_again(change: Change) -> None:
    assert from_json(json.loads(json.dumps(to_json(change)))) == change


def test_nothing_stored_is_no_change() -> None:
    assert from_json(None) == Change()


@pytest.mark.parametrize(
    ("item", "price", "amount"),
    [
        ({"quantity": 2, "price": 500}, 500, 1000),
        ({"quantity": 2, "price": 500, "amount": 700}, 500, 700),
        ({"quantity": 2, "product": {"price": 300}}, 300, 600),
        ({"quantity": 2, "sku": {"price": 400}, "product": {"price": 300}}, 400, 800),
        ({"quantity": 2, "price": 500, "sku": {"price": 400}}, 500, 1000),
        ({"price": 500}, 500, 0),
        ({"amount": 700}, None, 700),
    ],
)
def test_a_line_is_worth_what_was_told(item: dict[str, object], price: int | None, amount: int) -> None:
    state = state_of({"items": [item]})

    assert state is not None
    assert (state.lines[0].price, state.lines[0].amount, state.amount) == (price, amount, amount)


def test_an_explicit_amount_wins_even_when_the_lines_say_otherwise() -> None:
    state = state_of({"amount": 6000, "items": [{"amount": 3300}, {"amount": 3400}]})

    assert state is not None
    assert state.total == 6000


def test_a_line_is_known_by_every_name_it_and_its_product_have() -> None:
    shirt = {"id": "prod_1", "source_id": "shirt", "price": 900, "product_id": None}
    red = {"id": "sku_1", "source_id": "red", "price": None, "product_id": "prod_1"}
    found = Catalogue({"prod_1": shirt, "shirt": shirt}, {"sku_1": red, "red": red})

    names = found.names_of({"sku_id": "red"})

    assert names == {("sku", "sku_1"), ("sku", "red"), ("product", "prod_1"), ("product", "shirt")}
    assert found.price_of(names) == 900
    assert found.names_of({"source_id": "shirt"}) == {("product", "prod_1"), ("product", "shirt")}
    assert found.names_of({"source_id": "red", "related_object": "sku"}) == names
    assert found.names_of({"source_id": "red"}) == {("product", "red")}
