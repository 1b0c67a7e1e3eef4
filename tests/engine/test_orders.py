"""Orders and the customers in them: kept once, changed in parts, and worth what was told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient


def test_an_order_is_found_by_either_of_its_ids(engine: EngineClient) -> None:
    made = engine.post("/v1/orders", {"source_id": "cart-1", "amount": 1000, "metadata": {"channel": "web"}})

    assert made["id"].startswith("ord_")
    assert (made["object"], made["status"], made["updated_at"]) == ("order", "CREATED", None)
    assert made["amount"] == made["total_amount"] == 1000
    assert made["metadata"] == {"channel": "web"}
    assert "redemptions" not in made
    assert engine.get("/v1/orders/cart-1") == engine.get(f"/v1/orders/{made['id']}") == made


@pytest.mark.parametrize("name", ["id", "source_id"])
def test_an_id_that_exists_updates_its_order(engine: EngineClient, name: str) -> None:
    made = engine.post("/v1/orders", {"source_id": "cart-1", "amount": 1000})

    again = engine.post("/v1/orders", {name: made[name], "status": "PAID"})

    assert again["id"] == made["id"]
    assert (again["status"], again["amount"]) == ("PAID", 1000)
    assert again["updated_at"] is not None


def test_a_put_changes_what_was_sent_and_nothing_else(engine: EngineClient) -> None:
    items = [{"source_id": "shirt", "quantity": 2, "price": 500, "metadata": {"size": "L"}}]
    engine.post("/v1/orders", {"source_id": "cart-1", "items": items, "customer": {"source_id": "ann"}})
    before = engine.get("/v1/orders/cart-1")

    engine.put("/v1/orders/cart-1", {"status": "FULFILLED", "metadata": {"parcel": 7}})

    after = engine.get("/v1/orders/cart-1")
    assert after["status"] == "FULFILLED"
    assert after["metadata"] == {"parcel": 7}
    for name in ("id", "source_id", "amount", "total_amount", "items", "customer_id", "created_at"):
        assert after[name] == before[name]


@pytest.mark.parametrize(
    ("order", "amount"),
    [
        ({"items": [{"quantity": 2, "price": 500}, {"quantity": 1, "price": 300}]}, 1300),
        ({"items": [{"quantity": 2, "price": 500, "amount": 900}]}, 900),
        ({"amount": 6000, "items": [{"amount": 3300}, {"amount": 3400}]}, 6000),
        ({"amount": 10_000, "items": [{"source_id": "no-price", "quantity": 1}]}, 10_000),
        ({"items": [{"quantity": "3", "sku": {"price": 20}, "product": {"price": 90}}]}, 60),
        ({"items": [{"quantity": 2, "product": {"price": 90}}]}, 180),
        ({"amount": 0}, 0),
        ({"amount": 1000.0}, 1000),
    ],
)
def test_an_explicit_amount_wins_over_what_the_lines_add_up_to(
    engine: EngineClient, order: dict[str, Any], amount: int
) -> None:
    made = engine.post("/v1/orders", order)

    assert made["amount"] == made["total_amount"] == amount


def test_lines_keep_what_was_sent_and_gain_what_they_are_worth(engine: EngineClient) -> None:
    line = {"source_id": "shirt", "quantity": 2, "price": 500, "discount_amount": 50, "metadata": {"size": "L"}}

    made = engine.post("/v1/orders", {"items": [line]})

    (kept,) = made["items"]
    assert kept.items() >= line.items()
    assert kept["object"] == "order_item"
    assert kept["id"].startswith("ordli_")
    assert (kept["amount"], kept["subtotal_amount"]) == (1000, 950)
    assert made["items_discount_amount"] == made["total_discount_amount"] == 50
    assert made["total_amount"] == 950


def test_a_discount_the_caller_gave_counts_and_is_not_the_redeemables(engine: EngineClient) -> None:
    engine.coupon("HALF", percent_off=50)

    order = engine.redeem("HALF", order={"amount": 1000, "discount_amount": 200})["order"]

    assert order["total_discount_amount"] == 600
    assert order["applied_discount_amount"] == order["total_applied_discount_amount"] == 400
    assert order["total_amount"] == 400


def test_the_map_of_redemptions_names_single_and_stacked_ones(engine: EngineClient) -> None:
    vouchers = [engine.coupon(code, amount_off=100)["id"] for code in ("A", "B", "C")]
    single = engine.redeem("A", order={"source_id": "cart-1", "amount": 1000})["redemptions"][0]
    stacked = engine.redeem("B", "C", order={"source_id": "cart-1"})
    parent_id = stacked["parent_redemption"]["id"]

    redemptions = engine.get("/v1/orders/cart-1")["redemptions"]

    assert set(redemptions) == {single["id"], parent_id}
    assert redemptions[single["id"]]["related_object_type"] == "voucher"
    assert redemptions[single["id"]]["related_object_id"] == vouchers[0]
    assert redemptions[single["id"]]["date"] == single["date"]
    assert redemptions[parent_id]["related_object_type"] == "redemption"
    assert redemptions[parent_id]["related_object_id"] == parent_id
    assert redemptions[parent_id]["stacked"] == [one["id"] for one in stacked["redemptions"]]


def test_a_redeemed_order_keeps_its_discount_when_it_is_updated(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=100)
    engine.redeem("CODE", order={"source_id": "cart-1", "amount": 1000})

    order = engine.put("/v1/orders/cart-1", {"status": "FULFILLED"})

    assert (order["status"], order["total_amount"], order["discount_amount"]) == ("FULFILLED", 900, 100)


def test_a_source_id_of_another_order_is_taken(engine: EngineClient) -> None:
    engine.post("/v1/orders", {"source_id": "cart-1", "amount": 1})
    other = engine.post("/v1/orders", {"source_id": "cart-2", "amount": 2})

    assert engine.put("/v1/orders/cart-2", {"source_id": "cart-1"}, status=409)["key"] == "duplicate_found"
    assert engine.get("/v1/orders/cart-2") == other


def test_an_unknown_order_is_not_found(engine: EngineClient) -> None:
    error = engine.get("/v1/orders/none", status=404)

    assert (error["key"], error["details"]) == ("not_found", "Cannot find order with id none")
    assert engine.put("/v1/orders/none", {"status": "PAID"}, status=404)["resource_type"] == "order"


def test_a_customer_in_an_order_is_kept_once(engine: EngineClient) -> None:
    first = engine.post("/v1/orders", {"amount": 1, "customer": {"source_id": "ann", "name": "Ann"}})
    second = engine.post("/v1/orders", {"amount": 2, "customer": {"source_id": "ann", "phone": "1"}})

    assert first["customer_id"] == second["customer_id"]
    assert first["customer"] == {"id": first["customer_id"], "object": "customer"}
    customer = engine.get("/v1/customers/ann")
    assert (customer["name"], customer["phone"]) == ("Ann", "1")


def test_a_customer_is_created_once_and_updated_in_parts(engine: EngineClient) -> None:
    made = engine.post("/v1/customers", {"source_id": "ann", "name": "Ann"})
    again = engine.post("/v1/customers", {"source_id": "ann", "email": "ann@example.com"})
    changed = engine.put(f"/v1/customers/{made['id']}", {"name": "Anna", "source_id": "ignored"})

    assert made["id"] == again["id"] == changed["id"]
    assert made["id"].startswith("cust_")
    assert "metadata" not in made
    assert (changed["name"], changed["email"], changed["source_id"]) == ("Anna", "ann@example.com", "ann")
    assert engine.get("/v1/customers/ann") == changed
    assert engine.get("/v1/customers/none", status=404)["resource_type"] == "customer"


def test_a_customer_may_have_neither_id_nor_source_id(engine: EngineClient) -> None:
    made = engine.post("/v1/customers", {"name": "Ann"})

    assert engine.get(f"/v1/customers/{made['id']}")["name"] == "Ann"
