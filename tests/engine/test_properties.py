"""What holds for every stack through the whole engine: parts add up, totals stay above 0, rollbacks restore."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine

amount = st.integers(0, 10**6)
coupons = st.one_of(
    st.fixed_dictionaries({"type": st.just("AMOUNT"), "amount_off": amount}),
    st.fixed_dictionaries(
        {"type": st.just("PERCENT"), "percent_off": st.integers(0, 10_000).map(lambda n: n / 100)},
        optional={"amount_limit": amount},
    ),
)
vouchers = st.one_of(
    coupons.map(lambda discount: {"discount": discount}),
    st.integers(1, 10**6).map(lambda credits: {"type": "GIFT_VOUCHER", "gift": {"amount": credits}}),
)
# What a cart may hold: of the catalogue with a price and without, and not of it.
things = st.sampled_from(["mug", "shipping", "hat"])
amount_effects = [
    "APPLY_TO_ORDER",
    "APPLY_TO_ITEMS",
    "APPLY_TO_ITEMS_BY_QUANTITY",
    "APPLY_TO_ITEMS_PROPORTIONALLY",
    "APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY",
]
some_or_all = st.sampled_from(["APPLY_TO_ORDER", "APPLY_TO_ITEMS"])
unit_effects = st.sampled_from(["ADD_NEW_ITEMS", "ADD_MISSING_ITEMS"])
pieces = {"unit_off": st.integers(1, 4), "unit_type": things}
discounts_of_lines = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("AMOUNT"), "amount_off": amount, "effect": st.sampled_from(amount_effects)},
        optional={"aggregated_amount_limit": amount},
    ),
    st.fixed_dictionaries(
        {"type": st.just("PERCENT"), "percent_off": st.integers(0, 100), "effect": some_or_all},
        optional={"amount_limit": amount},
    ),
    st.fixed_dictionaries({"type": st.just("FIXED"), "fixed_amount": amount, "effect": some_or_all}),
    st.fixed_dictionaries({"type": st.just("UNIT"), "effect": unit_effects, **pieces}),
    st.fixed_dictionaries(
        {
            "type": st.just("UNIT"),
            "effect": st.just("ADD_MANY_ITEMS"),
            "units": st.lists(st.fixed_dictionaries({"effect": unit_effects, **pieces}), min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries({"type": st.just("UNIT"), "effect": st.just("REPLACE_ITEMS"), **pieces}),
)
gifts_on_lines = st.integers(1, 10**6).map(lambda credits: {"amount": credits, "effect": "APPLY_TO_ITEMS"})
vouchers_of_lines = st.one_of(
    discounts_of_lines.map(lambda discount: {"discount": discount}),
    gifts_on_lines.map(lambda gift: {"type": "GIFT_VOUCHER", "gift": gift}),
)
entries = st.fixed_dictionaries(
    {"object": st.just("product"), "source_id": things},
    optional={
        "effect": st.sampled_from(["APPLY_TO_EVERY", "APPLY_TO_CHEAPEST", "APPLY_FROM_MOST_EXPENSIVE"]),
        "target": st.sampled_from(["ITEM", "UNIT"]),
        "quantity_limit": st.integers(1, 3),
        "amount_limit": st.integers(1, 10**5),
    },
)
scopes = st.none() | st.fixed_dictionaries({"included": st.lists(entries, min_size=1, max_size=2)})
cart_lines = st.fixed_dictionaries(
    {"source_id": things, "quantity": st.integers(0, 5)}, optional={"price": st.integers(0, 10**5)}
)
# A line of its own that no gift card lacks: one without any line to spend it on is refused.
CAP = {"source_id": "hat", "quantity": 1, "price": 5000}
lines = st.fixed_dictionaries({"price": st.integers(0, 10**5), "quantity": st.integers(0, 9)})
orders = st.one_of(
    st.fixed_dictionaries({"amount": amount}, optional={"discount_amount": amount}),
    st.fixed_dictionaries({"items": st.lists(lines, min_size=1, max_size=3)}),
)
MONEY_OF_AN_ORDER = ("amount", "discount_amount", "items_discount_amount", "total_discount_amount", "total_amount")


def standing(engine: EngineClient, codes: list[str]) -> list[Any]:
    """What a redemption moves of these vouchers: counters, balances, amounts."""
    bodies = [engine.voucher(code) for code in codes]
    return [(body["redemption"], body.get("gift")) for body in bodies]


def money_of(order: dict[str, Any]) -> dict[str, int]:
    """The amounts that stand, without those of the last redemption."""
    return {name: order[name] for name in MONEY_OF_AN_ORDER if name in order}


@settings(max_examples=15, deadline=None)
@given(sent=st.lists(vouchers, min_size=1, max_size=6), order=orders, rounds=st.integers(1, 2))
def test_what_is_redeemed_and_rolled_back_was_never_there(
    open_engine: OpenEngine, sent: list[dict[str, Any]], order: dict[str, Any], rounds: int
) -> None:
    codes = [f"C{i}" for i in range(len(sent))]
    with (
        TemporaryDirectory() as folder,
        open_engine(f"sqlite:///{Path(folder)}/engine.db") as engine,
    ):
        for code, body in zip(codes, sent, strict=True):
            engine.post(f"/v1/vouchers/{code}", body)
        kept = engine.post("/v1/orders", {"source_id": "cart-1", **order})
        before = standing(engine, codes)
        for _ in range(rounds):
            redeemed = engine.redeem(*codes, order={"source_id": "cart-1"})
            parts_add_up(redeemed, kept)
            whole = redeemed.get("parent_redemption") or redeemed["redemptions"][0]
            restored = engine.roll_back_stack(whole["id"])["order"]

            assert standing(engine, codes) == before
            assert money_of(restored) == money_of(engine.get("/v1/orders/cart-1")) == money_of(kept)


def parts_add_up(redeemed: dict[str, Any], before: dict[str, Any]) -> None:
    """Each child takes off what it says, and the whole takes off what its children do."""
    left = before["total_amount"]
    for child in redeemed["redemptions"]:
        left -= child["order"]["applied_discount_amount"]
        assert child["order"]["total_amount"] == left >= 0
        if "gift" in child:
            assert child["amount"] == child["order"]["applied_discount_amount"]
    whole = redeemed["order"]
    assert whole["total_amount"] == left
    assert whole["applied_discount_amount"] == before["total_amount"] - left
    if "parent_redemption" in redeemed:
        assert redeemed["parent_redemption"]["order"]["total_amount"] == left


def lines_of(order: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines that stand, without what the last redemption did to them."""
    return [{name: item[name] for name in item if not name.startswith("applied_")} for item in order["items"]]


@settings(max_examples=25, deadline=None)
@given(
    sent=st.lists(st.tuples(vouchers_of_lines, scopes), min_size=1, max_size=4),
    cart=st.lists(cart_lines, max_size=3).map(lambda some: [*some, CAP]),
    at_once=st.booleans(),
    backwards=st.booleans(),
)
def test_whatever_was_done_to_lines_is_undone(
    open_engine: OpenEngine,
    sent: list[tuple[dict[str, Any], dict[str, Any] | None]],
    cart: list[dict[str, Any]],
    at_once: bool,
    backwards: bool,
) -> None:
    codes = [f"C{i}" for i in range(len(sent))]
    with (
        TemporaryDirectory() as folder,
        open_engine(f"sqlite:///{Path(folder)}/engine.db") as engine,
    ):
        engine.post("/v1/products", {"source_id": "mug", "price": 1700})
        engine.post("/v1/products", {"source_id": "shipping"})
        for code, (voucher, scope) in zip(codes, sent, strict=True):
            engine.post(f"/v1/vouchers/{code}", voucher)
            if scope is not None:
                engine.obey(code, applicable_to=scope)
        kept = engine.post("/v1/orders", {"source_id": "cart-1", "items": cart})
        before = standing(engine, codes)
        order = {"source_id": "cart-1"}

        redeemed = []
        for stack in [codes] if at_once else [[code] for code in codes]:
            asked = engine.validate(*stack, order=order)
            if asked["valid"]:
                answer = engine.redeem(*stack, order=order)
                assert money_of(answer["order"]) == money_of(asked["order"])
                sums_agree(answer["order"])
                redeemed.append(answer.get("parent_redemption") or answer["redemptions"][0])
        for whole in reversed(redeemed) if backwards else redeemed:
            restored = engine.roll_back_stack(whole["id"])["order"]
            assert restored["total_amount"] >= 0

        after = engine.get("/v1/orders/cart-1")
        assert standing(engine, codes) == before
        assert (money_of(after), lines_of(after)) == (money_of(kept), lines_of(kept))


def sums_agree(order: dict[str, Any]) -> None:
    """The identities of the contract, and no amount below 0."""
    on_order, on_lines = order.get("discount_amount", 0), order.get("items_discount_amount", 0)
    assert order.get("total_discount_amount", 0) == on_order + on_lines
    assert on_lines == sum(item.get("discount_amount", 0) for item in order["items"])
    assert order["total_amount"] == max(0, order["amount"] - on_order - on_lines)
    assert all(value >= 0 for name, value in order.items() if name.endswith("amount"))
