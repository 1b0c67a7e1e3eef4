"""The contract's numbers, to the unit: validated and redeemed through the HTTP API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checkout_bridge.engine.http.doors import Keys

from .conftest import about
from .contract_numbers import Case, Incentive
from .contract_numbers_alone import ALONE
from .contract_numbers_stacks import STACKS
from .contract_numbers_units import UNITS

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine

CASES = [*ALONE, *UNITS, *STACKS]
EACH_CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
RULES = "/management/v1/projects/default/stacking-rules"
MANAGER = {"X_Management_Id": "boss", "X_Management_Token": "hush"}
PRICED_BY_SKU = ("sku_", "comic")


@pytest.fixture
def engine(open_engine: OpenEngine, tmp_path: Path) -> Iterator[EngineClient]:
    """An engine whose management paths are open."""
    with open_engine(f"sqlite:///{tmp_path}/engine.db", management=Keys("boss", "hush")) as client:
        yield client


def prepared(engine: EngineClient, case: Case) -> dict[str, Any]:
    """The request for a case, with all that it needs there."""
    if case.stacking:
        engine.post(RULES, case.stacking, **MANAGER)
    for name, price in case.prices.items():
        known = {} if price is None else {"price": price}
        if name.startswith(PRICED_BY_SKU):
            engine.post("/v1/products", {"id": f"product-of-{name}"})
            engine.post(f"/v1/products/product-of-{name}/skus", {"id": name, **known})
        else:
            engine.post("/v1/products", {"id": name, **known})
    return {"redeemables": [made(engine, f"R{i}", one) for i, one in enumerate(case.stack)], "order": case.cart}


def made(engine: EngineClient, code: str, incentive: Incentive) -> dict[str, Any]:
    """An incentive that is there now, as a request names it."""
    worth = incentive.worth
    if incentive.kind == "tier":
        campaign = engine.post("/v1/campaigns", {"name": f"Sale {code}", "campaign_type": "PROMOTION"})
        tier = engine.post(f"/v1/promotions/{campaign['id']}/tiers", {"name": code, "action": {"discount": worth}})
        return {"object": "promotion_tier", "id": tier["id"]}
    if incentive.kind == "points":
        return {"object": "voucher", **card(engine, incentive)}
    if incentive.kind == "gift":
        engine.post(f"/v1/vouchers/{code}", {"type": "GIFT_VOUCHER", "gift": worth})
    else:
        engine.post(f"/v1/vouchers/{code}", {"type": "DISCOUNT_VOUCHER", "discount": worth})
    rule: dict[str, Any] = {} if incentive.rules is None else {"rules": incentive.rules}
    if incentive.about:
        rule["applicable_to"] = scope(incentive)
    if rule:
        engine.obey(code, **rule)
    asked = {} if incentive.asked is None else {"gift": {"credits": incentive.asked}}
    return {"object": "voucher", "id": code, **asked}


def card(engine: EngineClient, incentive: Incentive) -> dict[str, Any]:
    """A new member's loyalty card, and the reward of paying with its points."""
    worth = incentive.worth
    voucher = {"type": "LOYALTY_CARD", "loyalty_card": {"points": worth["balance"]}}
    engine.post("/v1/loyalties", {"name": "Club", "voucher": voucher})
    member = engine.post("/v1/loyalties/Club/members", {"customer": {"source_id": "ann"}})
    ratio = {name: worth[name] for name in ("exchange_ratio", "points_ratio")}
    reward = engine.post("/v1/rewards", {"name": "Cash", "parameters": {"coin": ratio}})
    engine.post("/v1/loyalties/Club/rewards", [{"reward": reward["id"]}])
    return {"id": member["code"], "reward": {"id": reward["id"], "points": incentive.asked}}


def scope(incentive: Incentive) -> dict[str, Any]:
    """What the rule of an incentive includes."""
    included = about(*incentive.about, **incentive.how)["included"]
    return {"included": [{**one, "object": "sku"} if one["id"].startswith("sku_") else one for one in included]}


def told(expected: dict[str, Any], answered: dict[str, Any]) -> dict[str, Any]:
    """Of an answer what a case speaks of; the API leaves out what is 0."""
    lines = [
        {name: item.get(name, 0) for name in line}
        for line, item in zip(expected["items"], answered.get("items", []), strict=True)
    ]
    return {**{name: answered.get(name, 0) for name in expected}, "items": lines}


@EACH_CASE
def test_a_case_is_validated_and_redeemed_with_its_numbers(engine: EngineClient, case: Case) -> None:
    request, left_out = prepared(engine, case), [f"R{i}" for i in case.left_out]

    validated = engine.post("/v1/validations", request)
    redeemed = engine.post("/v1/redemptions", request)

    assert validated["valid"] is True
    for answer, parts in ((validated, validated["redeemables"]), (redeemed, redeemed["redemptions"])):
        assert told(case.after, answer["order"]) == case.after
        for step, part in zip(case.steps or [case.after], parts, strict=True):
            assert told(step, part["order"]) == step
        assert [one["id"] for one in answer.get("inapplicable_redeemables", [])] == left_out
    assert [one["amount"] for one in redeemed["redemptions"] if "amount" in one] == [case.spent][
        : case.spent is not None
    ]
    assert engine.get(f"/v1/orders/{redeemed['order']['id']}")["total_amount"] == case.after["total_amount"]


@pytest.mark.parametrize("case", [case for case in CASES if case.spent], ids=lambda case: case.name)
def test_a_card_has_what_was_not_spent(engine: EngineClient, case: Case) -> None:
    request = prepared(engine, case)
    first = request["redeemables"][0]["id"]
    worth = case.stack[0].worth

    engine.post("/v1/redemptions", request)

    voucher = engine.voucher(first)
    had, now = worth.get("balance", worth.get("amount")), voucher.get("loyalty_card") or voucher["gift"]
    assert now["balance"] == had - case.spent


def test_pieces_added_to_an_order_join_what_earlier_redemptions_left(engine: EngineClient) -> None:
    engine.post("/v1/products", {"id": "ship"})
    engine.post("/v1/products", {"id": "product-of-sku_8"})
    engine.post("/v1/products/product-of-sku_8/skus", {"id": "sku_8", "price": 29900})
    engine.coupon("THIRTY", percent_off=30)
    engine.coupon("SHIPPING", type="UNIT", effect="ADD_MISSING_ITEMS", unit_off=1, unit_type="ship")
    engine.coupon("THREE", type="UNIT", effect="ADD_NEW_ITEMS", unit_off=3, unit_type="sku_8")
    items = [{"source_id": "k", "quantity": 1, "price": 9500}, {"source_id": "j", "quantity": 1, "price": 18500}]
    order = engine.redeem("THIRTY", "SHIPPING", order={"items": items})["order"]

    after = engine.redeem("THREE", order={"id": order["id"]})["order"]

    assert (after["amount"], after["initial_amount"], after["total_amount"]) == (117700, 28000, 19600)
    assert (after["discount_amount"], after["items_discount_amount"]) == (8400, 89700)
    assert after["total_applied_discount_amount"] == after["items_applied_discount_amount"] == 89700
    ship, phone = after["items"][2:]
    assert (ship["quantity"], ship["discount_quantity"], ship["initial_quantity"]) == (1, 1, 0)
    assert "amount" not in ship
    assert (phone["quantity"], phone["amount"], phone["subtotal_amount"]) == (3, 89700, 0)
