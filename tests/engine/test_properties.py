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
