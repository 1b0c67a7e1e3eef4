"""Rules while redeeming: what they ask of the order, the customer and the redemption, and how a refusal is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient


def rules(name: str, condition: str, *values: Any, **more: Any) -> dict[str, Any]:
    return {"rules": {"1": {"name": name, "conditions": {condition: list(values)}, **more}, "logic": "1"}}


def fault(answer: Any) -> Any:
    """The error of the one redeemable that does not apply."""
    (one,) = answer["inapplicable_redeemables"]
    return one["result"]["error"]


def test_an_order_that_breaks_a_rule_is_refused_by_both_doors(engine: EngineClient) -> None:
    made = engine.coupon("CODE", percent_off=20)
    rule = engine.obey("CODE", **rules("order.amount", "$more_than", 10_000))
    before = engine.everything()

    validated = engine.validate("CODE", order={"amount": 10_000})
    error = engine.redeem("CODE", order={"amount": 10_000}, status=400)

    told = fault(validated)
    assert validated["valid"] is False
    for one in (told, error):
        assert (one["key"], one["message"]) == ("order_rules_violated", "order does not match validation rules")
        assert rule["id"] in one["details"]
        assert one["reason"] == "needs more than 100.00, cart has 100.00"
        assert "error" not in one
    assert (told["resource_id"], told["resource_type"]) == (made["id"], "voucher")
    assert engine.get(f"/v1/redemptions/{error['resource_id']}")["failure_code"] == "order_rules_violated"
    assert engine.everything() == before
    assert engine.redeem("CODE", order={"amount": 10_001})["order"]["total_amount"] == 8001


def test_the_amount_is_what_the_redeemables_before_have_left(engine: EngineClient) -> None:
    engine.coupon("TENTH", percent_off=10)
    engine.coupon("FIFTH", percent_off=20)
    engine.obey("FIFTH", **rules("order.amount", "$more_than", 10_000))
    order = {"amount": 10_500}

    refused = engine.validate("TENTH", "FIFTH", order=order)
    assert refused["valid"] is False
    assert (fault(refused)["key"], refused["inapplicable_redeemables"][0]["id"]) == ("order_rules_violated", "FIFTH")
    assert engine.redeem("TENTH", "FIFTH", order=order, status=400)["key"] == "order_rules_violated"
    assert engine.redeemed_quantity("TENTH") == 0
    assert engine.redeem("FIFTH", "TENTH", order=order)["order"]["total_amount"] == 7560


def test_the_initial_amount_is_the_same_for_every_redeemable(engine: EngineClient) -> None:
    engine.coupon("HALF", percent_off=50)
    engine.coupon("FIFTH", percent_off=20)
    engine.obey("FIFTH", **rules("order.initial_amount", "$more_than", 10_000))

    assert engine.validate("HALF", "FIFTH", order={"amount": 10_500})["order"]["total_amount"] == 4200
    assert engine.validate("FIFTH", order={"amount": 10_000})["valid"] is False


def test_the_initial_amount_is_without_pieces_that_were_added(engine: EngineClient) -> None:
    engine.post("/v1/products", {"source_id": "mug", "price": 5000})
    engine.coupon("MUG", type="UNIT", unit_off=1, unit_type="mug", effect="ADD_NEW_ITEMS")
    engine.coupon("TENTH", percent_off=10)
    engine.obey("TENTH", **rules("order.initial_amount", "$less_than", 2000))

    assert engine.validate("MUG", "TENTH", order={"amount": 1000})["valid"] is True


def test_the_total_is_what_would_be_left_after_it(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=300)
    engine.obey("CODE", **rules("order.total_amount", "$more_than_or_equal", 1000))

    assert engine.validate("CODE", order={"amount": 1300})["valid"] is True
    assert engine.validate("CODE", order={"amount": 1299})["valid"] is False


def test_the_lines_are_counted(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=300)
    engine.obey("CODE", **rules("order.items.count", "$more_than", 1))
    line = {"price": 500, "quantity": 9}

    assert engine.validate("CODE", order={"items": [line, line]})["valid"] is True
    assert engine.validate("CODE", order={"items": [line]})["valid"] is False


def test_rules_combine_as_their_logic_says(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1)
    metadata = {"name": "order.metadata", "property": "kind", "conditions": {"$is": ["gift"]}}
    amounts = [{"name": "order.amount", "conditions": {name: [1000]}} for name in ("$less_than", "$more_than")]
    engine.obey("CODE", rules={"1": metadata, "2": amounts[0], "3": amounts[1], "logic": "1 and (2 or 3)"})

    def valid(amount: int, kind: str) -> bool:
        return bool(engine.validate("CODE", order={"amount": amount, "metadata": {"kind": kind}})["valid"])

    assert [valid(amount, "gift") for amount in (999, 1000, 1001)] == [True, False, True]
    assert valid(999, "own") is False


@pytest.mark.parametrize(
    ("name", "key", "right", "wrong"),
    [
        (
            "order.metadata",
            "order_rules_violated",
            {"order": {"amount": 1, "metadata": {"city": "Oslo"}}},
            {"order": {"amount": 1, "metadata": {"city": "Bergen"}}},
        ),
        (
            "customer.metadata",
            "customer_rules_violated",
            {"customer": {"metadata": {"city": "Oslo"}}},
            {"customer": {"source_id": "ann"}},
        ),
        (
            "customer.metadata",
            "customer_rules_violated",
            {"order": {"amount": 1, "customer": {"metadata": {"city": "Oslo"}}}},
            {"order": {"amount": 1, "customer": {"metadata": {"city": 5}}}},
        ),
        ("redemption.metadata", "redemption_rules_violated", {"metadata": {"city": "Oslo"}}, {}),
    ],
)
def test_metadata_is_asked_of_the_order_the_customer_and_the_redemption(
    engine: EngineClient, name: str, key: str, right: dict[str, Any], wrong: dict[str, Any]
) -> None:
    engine.coupon("CODE", amount_off=1)
    engine.obey("CODE", **rules(name, "$is", "Oslo", property="city"))

    assert engine.validate("CODE", **right)["valid"] is True
    assert fault(engine.validate("CODE", **wrong))["key"] == key
    assert engine.redeem("CODE", **wrong, status=400)["key"] == key
    engine.redeem("CODE", **right)


def test_metadata_is_what_is_stored_of_the_order_and_the_customer(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1)
    engine.obey("CODE", **rules("order.metadata", "$is", "Oslo", property="city"))
    engine.obey("CODE", **rules("customer.metadata", "$is", True, property="vip"))
    engine.put("/v1/customers/ann", {"metadata": {"vip": True}}, status=404)
    customer = {"source_id": "ann", "metadata": {"vip": True, "age": 30}}
    order = {"source_id": "cart-1", "amount": 100, "metadata": {"city": "Oslo"}, "customer": customer}
    engine.post("/v1/orders", order)

    stored = {"source_id": "cart-1"}
    assert engine.validate("CODE", order=stored, customer={"source_id": "ann"})["valid"] is True
    assert engine.validate("CODE", order=stored)["valid"] is True
    told = {"source_id": "ann", "metadata": {"vip": False}}
    assert fault(engine.validate("CODE", order=stored, customer=told))["key"] == "customer_rules_violated"


def test_a_rule_on_the_customer_needs_one(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1)
    engine.obey("CODE", **rules("customer.metadata", "$is_not", True, property="banned"))

    error = engine.redeem("CODE", order={"amount": 100}, status=400)

    assert (error["key"], error["message"]) == ("missing_customer", "Missing customer")
    assert error["details"] == "Customer is required to validate rules"
    assert fault(engine.validate("CODE", order={"amount": 100}))["key"] == "missing_customer"
    assert engine.validate("CODE", order={"amount": 100}, customer={"source_id": "ann"})["valid"] is True


def test_a_rule_on_the_order_needs_one(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1)
    engine.obey("CODE", **rules("order.amount", "$less_than", 1000))

    assert fault(engine.validate("CODE"))["key"] == "order_rules_violated"


def test_the_merchants_own_message_is_told(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1)
    engine.obey("CODE", **rules("order.amount", "$more_than", 1000), error={"message": "Spend 10 or more"})

    (one,) = engine.validate("CODE", order={"amount": 5})["inapplicable_redeemables"]
    error = engine.redeem("CODE", order={"amount": 5}, status=400)

    told = one["result"]["details"]
    assert (told["message"], told["reason"]) == ("Spend 10 or more", "needs more than 10.00, cart has 0.05")
    for told in (one["result"]["error"], error):
        assert told["message"] == "order does not match validation rules"
        assert told["error"] == {"message": "Spend 10 or more"}


def test_a_message_of_the_rule_that_fails_comes_before_that_of_all(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1)
    told = {"name": "order.amount", "conditions": {"$more_than": [10]}, "error": {"message": "Too little"}}
    silent = {"name": "order.amount", "conditions": {"$less_than": [100]}}
    engine.obey("CODE", rules={"1": told, "2": silent, "logic": "1 and 2"}, error={"message": "No"})

    def message(amount: int) -> Any:
        return fault(engine.validate("CODE", order={"amount": amount}))["error"]["message"]

    assert (message(5), message(500)) == ("Too little", "No")


def test_a_voucher_obeys_all_its_rules(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1)
    engine.obey("CODE", **rules("order.amount", "$more_than", 10))
    engine.obey("CODE", **rules("order.amount", "$less_than", 100))

    assert [engine.validate("CODE", order={"amount": one})["valid"] for one in (10, 50, 100)] == [False, True, False]


def test_a_gift_cards_refusal_calls_it_by_its_name(engine: EngineClient) -> None:
    engine.gift_card("GIFT", 500)
    engine.obey("GIFT", **rules("order.amount", "$more_than", 1000))

    assert engine.redeem("GIFT", order={"amount": 5}, status=400)["details"].startswith("Gift Card cannot be redeemed")
    assert engine.balance("GIFT") == 500


def test_rules_without_logic_in_them_are_no_conditions(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1)
    never = {"name": "order.amount", "conditions": {"$less_than": [0]}}
    engine.obey("CODE", rules={"1": never, "logic": ""})

    assert engine.validate("CODE", order={"amount": 5})["valid"] is True
