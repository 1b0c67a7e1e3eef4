"""The engine against a naive calculator of the contract's discount maths, on small random carts and stacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout_bridge.engine.http.doors import Keys
from checkout_bridge.engine.pricing.order import OrderState
from checkout_bridge.engine.pricing.stack import Candidate, Outcome, apply_stack
from checkout_bridge.engine.pricing.stacking import StackingRules
from checkout_bridge.engine.services import incentives
from checkout_bridge.engine.services.catalogue import Catalogue
from checkout_bridge.engine.services.changes import state_of
from checkout_bridge.engine.services.incentives import Discount, Things, Way

from .reference import PRICES, Body, Numbers, Sent, Told, expected, of_reference

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine


def of_state(state: OrderState) -> Numbers:
    lines = [(line.quantity, line.amount or 0, line.discount, line.free) for line in state.lines]
    return state.amount, state.discount, state.items_discount, state.total, lines


def of_answer(order: Body) -> Numbers:
    names = ("quantity", "amount", "discount_amount", "discount_quantity")
    lines = [(*(item.get(name, 0) for name in names),) for item in order["items"]]
    told = ("amount", "discount_amount", "items_discount_amount", "total_amount")
    return (*(order.get(name, 0) for name in told), lines)


amount = st.integers(0, 9000)
limit = st.integers(1, 4000)
percent = st.integers(0, 100) | st.integers(0, 10_000).map(lambda n: n / 100)
AMOUNT_EFFECTS = [
    "APPLY_TO_ORDER",
    "APPLY_TO_ITEMS",
    "APPLY_TO_ITEMS_BY_QUANTITY",
    "APPLY_TO_ITEMS_PROPORTIONALLY",
    "APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY",
]
some_or_all = st.sampled_from(["APPLY_TO_ORDER", "APPLY_TO_ITEMS"])
pieces = {"unit_off": st.integers(1, 4), "unit_type": st.sampled_from(sorted(PRICES))}
adding = {"effect": st.sampled_from(["ADD_NEW_ITEMS", "ADD_MISSING_ITEMS"]), **pieces}
discounts = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("AMOUNT"), "amount_off": amount, "effect": st.sampled_from(AMOUNT_EFFECTS)},
        optional={"aggregated_amount_limit": limit},
    ),
    st.fixed_dictionaries(
        {"type": st.just("PERCENT"), "percent_off": percent, "effect": some_or_all},
        optional={"amount_limit": limit, "aggregated_amount_limit": limit},
    ),
    st.fixed_dictionaries({"type": st.just("FIXED"), "fixed_amount": amount, "effect": some_or_all}),
)
units = st.one_of(
    st.fixed_dictionaries({"type": st.just("UNIT"), **adding}),
    st.fixed_dictionaries(
        {
            "type": st.just("UNIT"),
            "effect": st.just("ADD_MANY_ITEMS"),
            "units": st.lists(st.fixed_dictionaries(adding), min_size=1, max_size=2),
        }
    ),
)
gifts = st.fixed_dictionaries({"amount": st.integers(1, 9000), "effect": some_or_all})
ways = st.fixed_dictionaries(
    {},
    optional={
        "effect": st.sampled_from(
            [
                "APPLY_TO_EVERY",
                "APPLY_TO_CHEAPEST",
                "APPLY_FROM_CHEAPEST",
                "APPLY_TO_MOST_EXPENSIVE",
                "APPLY_FROM_MOST_EXPENSIVE",
            ]
        ),
        "target": st.sampled_from(["ITEM", "UNIT"]),
        "skip_initially": st.integers(0, 3),
        "repeat": st.integers(1, 3),
        "quantity_limit": st.integers(1, 4),
        "amount_limit": limit,
    },
)
# Limits over all lines are those of one entry.
of_all_lines = st.fixed_dictionaries(
    {}, optional={"aggregated_quantity_limit": st.integers(1, 6), "aggregated_amount_limit": limit}
)


def scope_of(names: Sequence[str], how: Body, of_all: Body) -> Body:
    """A rule on some products, all chosen in one way."""
    told = {**how, **of_all} if len(names) == 1 else how
    return {"included": [{"object": "product", "source_id": name, **told} for name in names]}


scopes = st.none() | st.builds(
    scope_of, st.lists(st.sampled_from(["mug", "pen"]), min_size=1, max_size=2, unique=True), ways, of_all_lines
)
redeemables = st.one_of(
    st.builds(Sent, discount=discounts, scope=scopes),
    st.builds(Sent, discount=units),
    st.builds(Sent, gift=gifts, scope=scopes),
)
stacks = st.lists(redeemables, min_size=1, max_size=4)
# In the mode ONCE what is free is not compared: the contract says nothing of new pieces of a discounted line.
stacks_without_units = st.lists(
    redeemables.filter(lambda sent: sent.discount is None or sent.discount["type"] != "UNIT"), min_size=1, max_size=4
)
items = st.fixed_dictionaries(
    {
        "source_id": st.sampled_from(["mug", "pen", "book"]),
        "quantity": st.integers(1, 4),
        "price": st.integers(0, 40).map(lambda n: n * 97),
    }
)


def no_more_off_than_it_costs(told: Body) -> bool:
    return told.get("discount_amount", 0) <= sum(item["quantity"] * item["price"] for item in told["items"])


carts = st.fixed_dictionaries(
    {"items": st.lists(items, min_size=1, max_size=4)}, optional={"discount_amount": st.integers(0, 500)}
).filter(no_more_off_than_it_costs)
problems = st.one_of(
    st.tuples(carts, stacks, st.builds(Told, initial=st.booleans(), partial=st.booleans())),
    st.tuples(carts, stacks_without_units, st.builds(Told, st.booleans(), st.just(True), st.booleans())),
)


def product_row(name: str) -> Body:
    times = {"created_at": None, "updated_at": None}
    return {"id": f"prod_{name}", "source_id": name, "price": PRICES[name], "body": {}, **times}


THINGS = Things(Catalogue({key: product_row(name) for name in PRICES for key in (name, f"prod_{name}")}, {}))


def priced_directly(told: Body, stack: Sequence[Sent], rules: Told) -> list[Outcome]:
    """Pricing alone, without a server or a database."""
    way = Way(rules.initial, rules.once)
    start = state_of(told, THINGS.found)
    return apply_stack([Candidate(effect=effect_of(sent, way)) for sent in stack], start, StackingRules())


def effect_of(sent: Sent, way: Way) -> Callable[[OrderState], Any]:
    scope = incentives.scope_of([{"body": {"applicable_to": sent.scope}}] if sent.scope else [], THINGS)
    if sent.gift:
        row = {"type": "GIFT_VOUCHER", "gift_effect": sent.gift["effect"]}
        effect = incentives.gift_effect(row, sent.gift["amount"], scope, way)
        return lambda state: effect
    row = {"type": "DISCOUNT_VOUCHER", "discount": sent.discount}
    return Discount(row, scope, THINGS, lambda state, index: pytest.fail("there is no formula"), way).effect


@settings(max_examples=300, deadline=None)
@given(problem=problems)
def test_pricing_finds_what_the_reference_finds(problem: tuple[Body, list[Sent], Told]) -> None:
    told, stack, rules = problem

    outcomes = priced_directly(told, stack, rules)

    known = expected(told, stack, rules)
    assert outcomes[-1].state is not None
    assert of_state(outcomes[-1].state) == of_reference(known.order), problem


@pytest.fixture(scope="module")
def engine(open_engine: OpenEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineClient]:
    """One engine for all examples, with its catalogue and stacking rules; codes are never used again."""
    database = tmp_path_factory.mktemp("reference") / "engine.db"
    with open_engine(f"sqlite:///{database}", management=Keys("boss", "hush")) as client:
        for name, price in PRICES.items():
            client.post("/v1/products", {"source_id": name, **({} if price is None else {"price": price})})
        client.post(RULES, {}, **MANAGER)
        yield client


codes = (f"C{n}" for n in count())
RULES = "/management/v1/projects/default/stacking-rules"
MANAGER = {"X_Management_Id": "boss", "X_Management_Token": "hush"}


def issued(engine: EngineClient, sent: Sent) -> str:
    """The code of a new voucher."""
    code = next(codes)
    worth: Body = {"type": "GIFT_VOUCHER", "gift": sent.gift} if sent.gift else {"discount": sent.discount}
    engine.post(f"/v1/vouchers/{code}", {**worth, "metadata": {}})
    if sent.scope:
        engine.obey(code, applicable_to=sent.scope)
    return code


@settings(max_examples=100, deadline=None)
@given(problem=problems)
def test_the_engine_answers_what_the_reference_finds(
    engine: EngineClient, problem: tuple[Body, list[Sent], Told]
) -> None:
    told, stack, rules = problem
    known = expected(told, stack, rules)
    sent = [issued(engine, one) for one in stack]
    [project] = engine.ask("GET", RULES, **MANAGER)["data"]
    engine.ask("PUT", f"{RULES}/{project['id']}", rules.body, **MANAGER)

    answer = engine.validate(*sent, order=told)

    assert answer["valid"] is (any(known.applies) if rules.partial else all(known.applies))
    if answer["valid"]:
        assert of_answer(answer["order"]) == of_reference(known.order), problem
        assert [one["order"]["total_amount"] for one in answer["redeemables"]] == known.totals
