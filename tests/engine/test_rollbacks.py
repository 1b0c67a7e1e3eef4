"""Rollbacks: what was counted and paid goes back, once, and the order is worth its amount again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient

ORDER = {"source_id": "cart-1", "amount": 1000}


@pytest.fixture
def stacked(engine: EngineClient) -> Any:
    """A coupon and a gift card redeemed together."""
    engine.coupon("TENTH", percent_off=10, quantity=1)
    engine.gift_card("GIFT", 500)
    return engine.redeem("TENTH", "GIFT", order=ORDER, customer={"source_id": "ann"})


def test_a_single_redemption_goes_back(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=300, quantity=1)
    redeemed = engine.redeem("CODE", order=ORDER)
    redemption_id = redeemed["redemptions"][0]["id"]

    rollback = engine.roll_back(redemption_id, {"reason": "changed their mind"})

    assert rollback["object"] == "redemption_rollback"
    assert rollback["id"].startswith("rr_")
    assert (rollback["result"], rollback["status"]) == ("SUCCESS", "SUCCEEDED")
    assert rollback["redemption"] == redemption_id
    assert rollback["reason"] == "changed their mind"
    assert rollback["voucher"]["redemption"]["redeemed_quantity"] == 0
    undone = engine.get(f"/v1/redemptions/{redemption_id}")
    assert undone["status"] == "ROLLED_BACK"
    assert [one["id"] for one in undone["related_redemptions"]["rollbacks"]] == [rollback["id"]]
    assert engine.get(f"/v1/redemptions/{rollback['id']}")["object"] == "redemption_rollback"
    order = engine.get("/v1/orders/cart-1")
    assert order["status"] == "CANCELED"
    assert order["total_amount"] == 1000
    assert [name for name in order if "discount" in name] == []
    assert order["redemptions"][redemption_id]["rollback_id"] == rollback["id"]
    assert order["redemptions"][redemption_id]["rollback_date"] == rollback["date"]


def test_the_reason_may_come_in_the_query(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=300)
    redemption_id = engine.redeem("CODE", order=ORDER)["redemptions"][0]["id"]

    assert engine.post(f"/v1/redemptions/{redemption_id}/rollback?reason=late")["reason"] == "late"


def test_a_stack_goes_back_as_a_whole(engine: EngineClient, stacked: Any) -> None:
    parent_id = stacked["parent_redemption"]["id"]
    children = [one["id"] for one in stacked["redemptions"]]

    answer = engine.roll_back_stack(parent_id)

    coupon, gift = answer["rollbacks"]
    assert [coupon["redemption"], gift["redemption"]] == children
    assert answer["parent_rollback"]["redemption"] == parent_id
    assert gift["amount"] == gift["gift"]["amount"] == -500
    assert coupon["order"]["total_amount"] == answer["order"]["total_amount"] == 1000
    assert answer["order"]["status"] == "CANCELED"
    entry = answer["order"]["redemptions"][parent_id]
    assert entry["stacked"] == children
    assert entry["rollback_id"] == answer["parent_rollback"]["id"]
    assert entry["rollback_stacked"] == [coupon["id"], gift["id"]]
    assert engine.redeemed_quantity("TENTH") == engine.redeemed_quantity("GIFT") == 0
    assert engine.balance("GIFT") == 500
    assert engine.voucher("GIFT")["redemption"]["redeemed_amount"] == 0
    for redemption_id in (parent_id, *children):
        assert engine.get(f"/v1/redemptions/{redemption_id}")["status"] == "ROLLED_BACK"


def test_a_gift_cards_refund_is_a_movement_of_its_own(engine: EngineClient, stacked: Any) -> None:
    engine.roll_back_stack(stacked["parent_redemption"]["id"])

    refund, payment = engine.get("/v1/vouchers/GIFT/transactions")["data"]

    assert (payment["type"], refund["type"]) == ("CREDITS_REDEMPTION", "CREDITS_REFUND")
    card = {"object": "balance", "related_object": {"type": "voucher", "id": refund["voucher_id"]}}
    assert payment["details"]["balance"] == {"type": "gift_voucher", "amount": -500, "balance": 0, **card}
    assert refund["details"]["balance"] == {"type": "gift_voucher", "amount": 500, "balance": 500, **card}


def test_the_stack_door_takes_a_single_redemption_too(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=300)
    redemption_id = engine.redeem("CODE", order=ORDER)["redemptions"][0]["id"]

    answer = engine.roll_back_stack(redemption_id)

    assert [one["redemption"] for one in answer["rollbacks"]] == [redemption_id]
    assert "parent_rollback" not in answer
    assert engine.redeemed_quantity("CODE") == 0


def test_one_of_two_redemptions_of_an_order_leaves_the_other_standing(engine: EngineClient) -> None:
    engine.coupon("A", amount_off=100)
    engine.coupon("B", amount_off=200)
    first = engine.redeem("A", order=ORDER)["redemptions"][0]["id"]
    engine.redeem("B", order={"source_id": "cart-1"})

    engine.roll_back(first)

    assert engine.get("/v1/orders/cart-1")["total_amount"] == 800
    assert (engine.redeemed_quantity("A"), engine.redeemed_quantity("B")) == (0, 1)


def test_a_code_that_was_given_back_may_be_used_again(engine: EngineClient, stacked: Any) -> None:
    engine.roll_back_stack(stacked["parent_redemption"]["id"])

    again = engine.redeem("TENTH", "GIFT", order={"source_id": "cart-2", "amount": 1000})

    assert again["order"]["total_amount"] == 400
    assert engine.redeemed_quantity("TENTH") == 1


def test_a_binned_vouchers_redemption_can_still_go_back(engine: EngineClient) -> None:
    made = engine.coupon("CODE", amount_off=300)
    redemption_id = engine.redeem("CODE", order=ORDER)["redemptions"][0]["id"]
    engine.delete("/v1/vouchers/CODE")

    assert engine.roll_back(redemption_id)["related_object_id"] == made["id"]
    assert engine.get("/v1/orders/cart-1")["total_amount"] == 1000


def test_nothing_goes_back_twice(engine: EngineClient, stacked: Any) -> None:
    parent_id = stacked["parent_redemption"]["id"]
    engine.roll_back_stack(parent_id)
    after_the_first = engine.everything()

    error = engine.roll_back_stack(parent_id, status=400)

    assert error["key"] == "already_rolled_back"
    assert error["message"] == "Already rolled back"
    assert error["details"] == "Redemption has been already rolled back."
    assert engine.everything() == after_the_first


def test_a_stack_goes_back_by_its_parent_at_the_stack_door_only(engine: EngineClient, stacked: Any) -> None:
    parent_id, child_id = stacked["parent_redemption"]["id"], stacked["redemptions"][0]["id"]
    before = engine.everything()

    assert engine.roll_back(parent_id, status=400)["key"] == "invalid_redemption"
    assert engine.roll_back(child_id, status=400)["key"] == "invalid_redemption_parent"
    assert engine.roll_back_stack(child_id, status=400)["key"] == "invalid_redemption_parent"
    assert engine.roll_back("r_none", status=404)["key"] == "not_found"
    assert engine.everything() == before


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        ({"order": {"source_id": "cart-2"}}, 400, "invalid_order"),
        ({"order": {"id": "ord_none"}}, 400, "invalid_order"),
        ({"customer": {"source_id": "bob"}}, 400, "invalid_customer"),
        ({"customer": {"source_id": "nobody"}}, 404, "not_found"),
    ],
)
def test_an_order_or_customer_of_another_is_refused(
    engine: EngineClient, stacked: Any, body: dict[str, Any], status: int, key: str
) -> None:
    engine.post("/v1/orders", {"source_id": "cart-2", "amount": 1, "customer": {"source_id": "bob"}})
    before = engine.everything()

    assert engine.roll_back_stack(stacked["parent_redemption"]["id"], body, status=status)["key"] == key
    assert engine.everything() == before


def test_its_own_order_and_customer_are_accepted(engine: EngineClient, stacked: Any) -> None:
    body = {"order": {"source_id": "cart-1"}, "customer": {"source_id": "ann"}}

    assert engine.roll_back_stack(stacked["parent_redemption"]["id"], body)["order"]["status"] == "CANCELED"
