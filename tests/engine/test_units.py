"""Free pieces: of what is in the cart, added to it, or in exchange; with the numbers of the contract."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout_bridge.engine.pricing.order import Line, LineChange, OrderState
from checkout_bridge.engine.pricing.units import Replace, Unit, UnitsOff

quick = settings(max_examples=100, deadline=None)
MUG = frozenset({("product", "mug")})
PEN = frozenset({("product", "pen")})
MUG_ITEM = {"product_id": "mug"}


def mugs(quantity: int, price: int | None = 1700, discount: int = 0) -> Line:
    return Line(quantity, price, None if price is None else quantity * price, discount, names=MUG)


def free(count: int, *, adds: bool = False, price: int | None = 1700) -> UnitsOff:
    return UnitsOff((Unit(MUG, count, adds, price, MUG_ITEM),))


def order(*lines: Line, discount: int = 0) -> OrderState:
    return OrderState(sum(line.amount or 0 for line in lines), discount, lines)


def test_missing_pieces_are_added_and_all_asked_for_are_free() -> None:
    state = OrderState(72_100, 0, (mugs(1), Line(1, 70_400, 70_400, names=PEN)))

    after = state.after(free(23).change(state))

    assert (after.lines[0].quantity, after.lines[0].discount, after.lines[0].free) == (23, 39_100, 23)
    assert (after.initial_amount, after.amount, after.total) == (72_100, 109_500, 70_400)
    assert (after.lines[0].initial_quantity, after.lines[0].initial_amount) == (1, 1700)


@pytest.mark.parametrize(
    ("adds", "in_cart", "count", "quantity"),
    [(True, 1, 1, 2), (True, 3, 2, 5), (False, 1, 1, 1), (False, 3, 2, 3), (False, 1, 3, 3)],
)
def test_new_pieces_are_always_added_and_missing_ones_only_when_missing(
    adds: bool, in_cart: int, count: int, quantity: int
) -> None:
    state = order(mugs(in_cart))

    after = state.after(free(count, adds=adds).change(state))

    assert (after.lines[0].quantity, after.lines[0].free) == (quantity, count)
    assert after.amount == 1700 * quantity
    assert after.total == 1700 * (quantity - count)


def test_pieces_that_are_free_already_are_not_given_again() -> None:
    state = order(Line(2, 1700, 3400, 3400, free=2, names=MUG))

    after = state.after(free(1).change(state))

    assert (after.lines[0].quantity, after.lines[0].free, after.total) == (3, 3, 0)


def test_what_is_not_in_the_cart_becomes_a_line_of_its_own() -> None:
    state = order(Line(1, 500, 500, names=PEN))

    change = free(2).change(state)
    after = state.after(change)

    assert change.added == {1: Line(price=1700, amount=0, names=MUG, item=MUG_ITEM)}
    assert (after.lines[1].quantity, after.lines[1].amount, after.lines[1].discount) == (2, 3400, 3400)
    assert (after.lines[1].initial_quantity, after.total) == (0, 500)


def test_without_any_price_pieces_are_counted_and_no_amount_changes() -> None:
    state = order(Line(1, 500, 500, names=PEN))

    after = state.after(free(1, price=None).change(state))

    shipping = after.lines[1]
    assert (shipping.quantity, shipping.free, shipping.initial_quantity) == (1, 1, 0)
    assert (shipping.amount, shipping.price, shipping.discount) == (None, None, 0)
    assert (after.amount, after.total) == (500, 500)


def test_a_line_sent_without_quantity_counts_as_none() -> None:
    state = order(Line(0, 1700, 5000, names=MUG))

    after = state.after(free(2).change(state))

    assert (after.lines[0].quantity, after.lines[0].amount, after.lines[0].discount) == (2, 3400, 3400)
    assert (after.lines[0].initial_quantity, after.lines[0].initial_amount) == (0, 0)


def test_a_piece_is_worth_its_price_less_only_what_is_off_its_line() -> None:
    assert free(1).change(order(mugs(1, 26_500, 2650))).total == 23_850
    whole = order(mugs(1, 1700), Line(1, 5000, 5000, names=PEN), discount=2000)
    assert free(1).change(whole).total == 1700


def test_pieces_take_no_more_off_than_is_left_to_pay() -> None:
    assert free(1).change(order(mugs(1), discount=1700)).total == 0
    assert free(1).change(order(mugs(1), discount=1000)).total == 700
    assert free(1, adds=True).change(order(mugs(1), discount=1700)).total == 1700


def test_a_line_with_an_amount_of_its_own_gives_no_more_than_that() -> None:
    assert free(1).change(order(Line(1, 1700, 600, names=MUG))).total == 600


def test_several_things_are_given_one_after_the_other() -> None:
    mug, pen = Unit(MUG, 1, True, 1700, MUG_ITEM), Unit(PEN, 2, False, 500, {"product_id": "pen"})
    state = order(mugs(1))

    after = state.after(UnitsOff((mug, pen, mug)).change(state))

    assert [(line.quantity, line.free) for line in after.lines] == [(3, 2), (2, 2)]
    assert (after.amount, after.total) == (6100, 1700)


def test_the_same_new_thing_twice_is_one_line() -> None:
    mug = Unit(MUG, 1, True, 1700, MUG_ITEM)
    state = order(Line(1, 500, 500, names=PEN))

    change = UnitsOff((mug, mug)).change(state)

    assert change.lines == {1: LineChange(discount=3400, quantity=2, free=2, amount=3400)}


def test_a_new_line_is_also_what_the_catalogue_says_it_is() -> None:
    red = frozenset({("sku", "red")})
    unit = Unit(red, 1, True, 900, {"sku_id": "red"}, also=frozenset({("product", "shirt")}))
    blue = Line(1, 900, 900, names=frozenset({("sku", "blue"), ("product", "shirt")}))
    state = order(blue)

    after = state.after(UnitsOff((unit,)).change(state))

    assert [line.quantity for line in after.lines] == [1, 1]
    assert after.lines[1].names == {("sku", "red"), ("product", "shirt")}


def test_a_line_that_was_added_is_told_again_by_the_next_that_adds_to_it() -> None:
    start = order(Line(1, 500, 500, names=PEN))
    first = free(1, adds=True).change(start)
    second = free(2, adds=True).change(start.after(first))

    alone = start.after(second)

    assert (alone.lines[1].names, alone.lines[1].item) == (MUG, MUG_ITEM)
    assert (alone.lines[1].quantity, alone.lines[1].amount, alone.total) == (2, 3400, 500)


def replace(taken: int, count: int, price: int) -> Replace:
    return Replace(MUG, taken, Unit(PEN, count, True, price, {"product_id": "pen"}))


def test_a_dearer_thing_in_exchange_costs_no_more() -> None:
    state = order(mugs(3, 20))

    after = state.after(replace(1, 1, 25).change(state))

    assert [line.quantity for line in after.lines] == [2, 1]
    assert (after.amount, after.items_discount, after.total) == (65, 5, 60)
    assert after.initial_amount == 60


def test_a_cheaper_thing_in_exchange_costs_less() -> None:
    state = order(mugs(3, 20))

    assert state.after(replace(1, 1, 5).change(state)).total == 45


def test_no_more_is_exchanged_than_there_is() -> None:
    state = order(mugs(1, 20))

    after = state.after(replace(2, 2, 25).change(state))

    assert [(line.quantity, line.amount) for line in after.lines] == [(0, 0), (2, 50)]
    assert after.total == 20


@pytest.mark.parametrize("state", [order(Line(1, 500, 500, names=PEN)), order(Line(0, 20, 40, names=MUG))])
def test_what_is_not_there_is_not_exchanged(state: OrderState) -> None:
    change = replace(1, 1, 25).change(state)

    assert (change.lines, change.total) == ({}, 0)


lines = st.builds(
    Line,
    quantity=st.integers(0, 4),
    price=st.integers(0, 3000),
    amount=st.integers(0, 9000),
    discount=st.integers(0, 4000),
    names=st.sampled_from([MUG, PEN]),
)
states = st.builds(OrderState, st.integers(0, 20_000), st.integers(0, 5000), st.lists(lines, max_size=4).map(tuple))
units = st.builds(
    Unit,
    st.sampled_from([MUG, PEN]),
    st.integers(1, 5),
    st.booleans(),
    st.none() | st.integers(0, 3000),
    st.just(MUG_ITEM),
)


@quick
@given(state=states, given_away=st.lists(units, min_size=1, max_size=3).map(tuple))
def test_free_pieces_take_off_no_more_than_there_is(state: OrderState, given_away: tuple[Unit, ...]) -> None:
    for unit in given_away:
        change = UnitsOff((unit,)).change(state)
        after = state.after(change)

        (one,) = change.lines.values()
        assert (one.free, one.quantity in range(unit.count + 1)) == (unit.count, True)
        assert 0 <= one.discount <= max(0, state.total + one.amount)
        assert after.total >= 0
        state = after


@quick
@given(quantity=st.integers(1, 9), price=st.integers(0, 3000), count=st.integers(1, 9), adds=st.booleans())
def test_the_shopper_pays_for_what_is_not_free(quantity: int, price: int, count: int, adds: bool) -> None:
    state = order(mugs(quantity, price))

    after = state.after(free(count, adds=adds).change(state))

    assert after.total == price * (after.lines[0].quantity - count)
    assert after.lines[0].quantity == (quantity + count if adds else max(quantity, count))
