"""Redemptions: one redeemable or a stack, what each takes off, and what it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient


def test_one_coupon_is_redeemed_without_a_parent(engine: EngineClient) -> None:
    made = engine.coupon("CODE", amount_off=300, quantity=2)

    answer = engine.redeem("CODE", order={"source_id": "cart-1", "amount": 1000}, metadata={"till": 4})

    (redemption,) = answer["redemptions"]
    assert "parent_redemption" not in answer
    assert answer["inapplicable_redeemables"] == answer["skipped_redeemables"] == []
    assert redemption["id"].startswith("r_")
    assert (redemption["object"], redemption["result"], redemption["status"]) == ("redemption", "SUCCESS", "SUCCEEDED")
    assert (redemption["related_object_type"], redemption["related_object_id"]) == ("voucher", made["id"])
    assert redemption["metadata"] == {"till": 4}
    assert redemption["voucher"]["redemption"]["redeemed_quantity"] == 1
    assert redemption["order"]["id"] == answer["order"]["id"]
    assert answer["order"]["status"] == "PAID"
    assert answer["order"]["total_amount"] == 700
    assert engine.redeemed_quantity("CODE") == 1
    assert engine.get(f"/v1/redemptions/{redemption['id']}") == redemption


def test_a_stack_has_a_parent_and_each_child_shows_the_order_after_it(engine: EngineClient) -> None:
    engine.gift_card("GIFT", 100)
    engine.coupon("TWENTY", percent_off=20)

    answer = engine.redeem("GIFT", "TWENTY", order={"source_id": "cart-1", "amount": 200_000})

    gift, coupon = answer["redemptions"]
    parent = answer["parent_redemption"]
    assert gift["redemption"] == coupon["redemption"] == parent["id"]
    assert (parent["related_object_type"], parent["related_object_id"]) == ("redemption", parent["id"])
    assert (gift["order"]["discount_amount"], gift["order"]["applied_discount_amount"]) == (100, 100)
    assert (coupon["order"]["discount_amount"], coupon["order"]["applied_discount_amount"]) == (40_080, 39_980)
    for order in (parent["order"], answer["order"]):
        assert order["total_discount_amount"] == order["total_applied_discount_amount"] == 40_080
        assert order["total_amount"] == 159_920
    assert engine.get(f"/v1/redemptions/{parent['id']}") == parent
    assert engine.get(f"/v1/redemptions/{coupon['id']}")["redemption"] == parent["id"]


@pytest.mark.parametrize(
    ("amount", "percent", "discount"),
    [
        (15_105, 10, 1511),
        (31_005, 10, 3101),
        (11_499, 10, 1150),
        (761, 20, 152),
        (5, 10, 1),
        (4, 10, 0),
        (1000, 12.5, 125),
        (1004, 12.5, 126),
        (1000, 0.1, 1),
        (999, 100, 999),
    ],
)
def test_a_percentage_is_rounded_half_up(engine: EngineClient, amount: int, percent: float, discount: int) -> None:
    engine.coupon("CODE", percent_off=percent)

    order = engine.redeem("CODE", order={"amount": amount})["order"]

    assert order["applied_discount_amount"] == discount
    assert order["total_amount"] == amount - discount


def test_a_percentage_takes_at_most_its_limit(engine: EngineClient) -> None:
    engine.coupon("CODE", percent_off=50, amount_limit=300)

    assert engine.redeem("CODE", order={"amount": 1000})["order"]["total_amount"] == 700


def test_an_amount_takes_no_more_than_is_left(engine: EngineClient) -> None:
    engine.coupon("FIRST", amount_off=200)
    engine.coupon("SECOND", amount_off=1000)

    first, second = engine.redeem("FIRST", "SECOND", order={"amount": 1000})["redemptions"]

    assert first["order"]["applied_discount_amount"] == 200
    assert second["order"]["applied_discount_amount"] == 800
    assert second["order"]["total_amount"] == 0


def test_more_than_five_codes_redeem_five_and_skip_the_rest(engine: EngineClient) -> None:
    codes = [f"C{i}" for i in range(30)]
    for code in codes:
        engine.coupon(code, amount_off=10)

    answer = engine.redeem(*codes, order={"amount": 1000})

    assert [one["voucher"]["code"] for one in answer["redemptions"]] == codes[:5]
    assert [one["id"] for one in answer["skipped_redeemables"]] == codes[5:]
    assert answer["order"]["total_amount"] == 950
    assert [engine.redeemed_quantity(code) for code in codes] == [1] * 5 + [0] * 25


def test_a_gift_card_pays_what_is_asked_of_it(engine: EngineClient) -> None:
    engine.gift_card("GIFT", 1000)
    redeemables = [{"object": "voucher", "id": "GIFT", "gift": {"credits": 300}}]

    (redemption,) = engine.post("/v1/redemptions", {"redeemables": redeemables, "order": {"amount": 800}})[
        "redemptions"
    ]

    assert redemption["amount"] == redemption["gift"]["amount"] == 300
    assert redemption["order"]["total_amount"] == 500
    voucher = engine.voucher("GIFT")
    assert (voucher["gift"]["amount"], voucher["gift"]["balance"]) == (1000, 700)
    assert voucher["redemption"]["redeemed_amount"] == 300
    assert voucher["redemption"]["redeemed_quantity"] == 1


def test_a_gift_card_pays_no_more_than_the_order_costs(engine: EngineClient) -> None:
    engine.gift_card("GIFT", 1000)

    assert engine.redeem("GIFT", order={"amount": 400})["redemptions"][0]["amount"] == 400
    assert engine.balance("GIFT") == 600
    assert engine.redeem("GIFT", order={"amount": 5000})["order"]["total_amount"] == 4400
    assert engine.balance("GIFT") == 0


def test_credits_may_be_redeemed_without_an_order(engine: EngineClient) -> None:
    engine.gift_card("GIFT", 1000)
    redeemables = [{"object": "voucher", "id": "GIFT", "gift": {"credits": 300}}]

    answer = engine.post("/v1/redemptions", {"redeemables": redeemables})

    assert answer["redemptions"][0]["amount"] == 300
    assert "order" not in answer
    assert engine.balance("GIFT") == 700


def test_a_later_redemption_sees_what_the_order_already_has_off(engine: EngineClient) -> None:
    engine.coupon("FIRST", amount_off=200)
    engine.coupon("HALF", percent_off=50)
    engine.redeem("FIRST", order={"source_id": "cart-1", "amount": 1000})

    order = engine.redeem("HALF", order={"source_id": "cart-1"})["order"]

    assert order["applied_discount_amount"] == 400
    assert order["total_discount_amount"] == 600
    assert order["total_amount"] == 400
    assert len(order["redemptions"]) == 2


def test_a_stored_order_counts_and_not_what_is_sent_beside_its_source_id(engine: EngineClient) -> None:
    engine.coupon("HALF", percent_off=50)
    engine.post("/v1/orders", {"source_id": "cart-1", "amount": 1000})

    assert engine.redeem("HALF", order={"source_id": "cart-1", "amount": 1})["order"]["total_amount"] == 500


def test_the_customer_is_kept_and_named(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)
    customer = {"source_id": "ann", "name": "Ann", "email": "ann@example.com"}

    (redemption,) = engine.redeem("CODE", order={"amount": 1000}, customer=customer)["redemptions"]

    kept = engine.get("/v1/customers/ann")
    assert redemption["customer_id"] == kept["id"]
    assert redemption["customer"]["name"] == kept["name"] == "Ann"
    assert redemption["tracking_id"].startswith("track_")


def test_a_null_customer_is_nobody(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)

    (redemption,) = engine.redeem("CODE", order={"amount": 1000}, customer=None)["redemptions"]

    assert redemption["customer_id"] is None


def test_vouchers_may_be_named_by_their_ids(engine: EngineClient) -> None:
    made = engine.coupon("CODE", amount_off=100)

    assert engine.redeem(made["id"], order={"amount": 1000})["redemptions"][0]["voucher"]["code"] == "CODE"


def test_a_vouchers_redemptions_are_listed_newest_first(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)
    first, second = (engine.redeem("CODE", order={"amount": 1000})["redemptions"][0]["id"] for _ in range(2))
    rollback = engine.roll_back(first)

    listed = engine.get("/v1/vouchers/CODE/redemption")

    assert listed["data_ref"] == "redemption_entries"
    assert [entry["id"] for entry in listed["redemption_entries"]] == [rollback["id"], second, first]
    assert (listed["total"], listed["redeemed_quantity"], listed["quantity"]) == (3, 1, None)


def test_an_unknown_redemption_is_not_found(engine: EngineClient) -> None:
    assert engine.get("/v1/redemptions/r_none", status=404)["details"] == "Cannot find redemption with id r_none"
