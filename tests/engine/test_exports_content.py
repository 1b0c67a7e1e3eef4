"""What is in the files of exports: every object, field, default and order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checkout_bridge.contract.exports import EXPORTED_OBJECTS
from checkout_bridge.engine.services.export_objects import EXPORTED

from .exporting import Exporter, running_exporter

NOW = "2030-01-02T03:04:05.000Z"
ANN = {
    "source_id": "ann",
    "name": 'Ann "A", B',
    "email": "ann@example.com",
    "address": {"city": "Oslo", "country": "NO"},
    "metadata": {"vip": True, "tags": ["a", "é"], "size": 4.5, "note": "=1+1"},
}
UNITS = {"type": "UNIT", "effect": "ADD_NEW_ITEMS", "unit_off": 2, "unit_type": "prod_x"}


@pytest.fixture(params=["sqlite", "postgresql"])
def exporter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Exporter]:
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/engine.db" if is_sqlite else request.getfixturevalue("postgres_url")
    with running_exporter(url, tmp_path / "files") as its:
        yield its


def at(minute: int) -> str:
    return f"2030-01-02T03:0{minute}:05.000Z"


def test_the_default_fields_are_those_of_the_contract(exporter: Exporter) -> None:
    headers = {kind: exporter.text(kind).splitlines()[0] for kind in EXPORTED_OBJECTS}

    assert headers == {
        "order": "id,source_id,status",
        "voucher": "code,voucher_type,value,discount_type",
        "redemption": "id,object,voucher_code,customer_id,date,result",
        "publication": "code,customer_id,date,channel",
        "customer": "name,source_id",
        "points_expiration": "id,campaign_id,voucher_id,status,expires_at,points",
        "voucher_transactions": "id,type,source_id,status,reason,source,balance,amount,created_at",
        "product": "id,name,price,image_url,source_id,attributes,created_at",
        "sku": "id,sku,product_id,currency,price,image_url,source_id,attributes,created_at",
    }


def test_orders(exporter: Exporter) -> None:
    engine = exporter.engine
    engine.coupon("TEN", percent_off=10)
    made = {"source_id": "b", "amount": 1000, "customer": ANN, "referrer": {"source_id": "bob"}}
    redeemed = engine.redeem("TEN", order={**made, "metadata": {"x": [1]}}, customer=ANN)["order"]
    engine.clock.advance(minutes=1)
    engine.post("/v1/orders", {"source_id": "a", "items": [{"quantity": 2, "price": 7}], "status": "FULFILLED"})
    engine.clock.advance(minutes=1)
    engine.put("/v1/orders/b", {"status": "CANCELED"})
    money = ("amount", "discount_amount", "items_discount_amount", "total_discount_amount", "total_amount")

    assert exporter.rows("order", "source_id", *money, order="created_at") == [
        ["b", "1000", "100", "0", "100", "900"],
        ["a", "14", "0", "0", "0", "14"],
    ]
    assert exporter.rows("order", "id", "created_at", "updated_at", "status", order="source_id")[1] == [
        *(redeemed["id"], at(4), at(6), "CANCELED"),
    ]
    assert exporter.rows("order", "customer_id", "metadata", "metadata.x", "metadata.y", order="source_id") == [
        ["", "", "", ""],
        [redeemed["customer_id"], '{"x":[1]}', "[1]", ""],
    ]
    orders = {key: exporter.column("order", "source_id", order=key) for key in ("created_at", "-created_at")}
    assert orders == {"created_at": ["b", "a"], "-created_at": ["a", "b"]}
    assert exporter.column("order", "source_id", order="status") == ["b", "a"]
    assert exporter.column("order", "source_id", order="-updated_at") == ["b", "a"]


def test_vouchers(exporter: Exporter) -> None:
    engine = exporter.engine
    campaign = engine.post(
        "/v1/campaigns",
        {"name": "Spring", "voucher": {"discount": {"type": "AMOUNT", "amount_off": 500}}, "vouchers_count": 1},
    )
    dates = {"start_date": "2030-01-01", "expiration_date": "2031-01-01T02:00:00+02:00"}
    when = {"validity_timeframe": {"interval": "P2D", "duration": "P1D"}, "validity_day_of_week": [1, 2]}
    percent = {"type": "PERCENT", "percent_off": 12.5, "amount_limit": 900, "percent_off_formula": "10"}
    body = {"discount": percent, "category": "C", "additional_info": "i", "metadata": {"k": "v"}, **dates, **when}
    engine.post("/v1/vouchers/PERCENT", body)
    engine.post("/v1/vouchers/UNITS", {"discount": UNITS, "active": False, "redemption": {"quantity": 3}})
    engine.gift_card("GIFT", 1000)
    published = engine.post("/v1/publications", {"voucher": "GIFT", "customer": ANN})
    rule = engine.obey("PERCENT", rules={})
    worth = ("code", "voucher_type", "value", "discount_type", "gift_balance", "redemption_quantity", "active")

    alone = {"campaign": {"conditions": {"$is_unknown": []}}}
    assert exporter.rows("voucher", *worth, order="code", filters=alone) == [
        ["GIFT", "GIFT_VOUCHER", "1000", "", "1000", "", "true"],
        ["PERCENT", "DISCOUNT_VOUCHER", "12.5", "PERCENT", "", "", "true"],
        ["UNITS", "DISCOUNT_VOUCHER", "2", "UNIT", "", "3", "false"],
    ]
    only = {"filters": {"code": {"conditions": {"$is": ["PERCENT"]}}}}
    told = {
        **{"formula": "10", "category": "C", "start_date": "2030-01-01T00:00:00.000Z", "metadata.k": "v"},
        **{"expiration_date": "2031-01-01T00:00:00.000Z", "validity_timeframe_interval": "P2D"},
        **{"validity_timeframe_duration": "P1D", "validity_day_of_week": "[1,2]", "discount_amount_limit": "900"},
        **{"additional_info": "i", "metadata": '{"k":"v"}', "validation_rules_id": rule["id"], "created_at": NOW},
        **{"is_referral_code": "false", "redemption_count": "0", "qr_code": "", "bar_code": "", "campaign": ""},
    }
    assert exporter.rows("voucher", *told, **only) == [list(told.values())]
    only = {"filters": {"campaign": {"conditions": {"$is": ["Spring"]}}}}
    assert exporter.rows("voucher", "campaign_id", "value", **only) == [[campaign["id"], "500"]]
    assert exporter.rows("voucher", "value", campaign_id=campaign["id"]) == [["500"]]
    only = {"filters": {"code": {"conditions": {"$is": ["UNITS"]}}}}
    fields = ("discount_effect", "discount_unit_type", "discount_unit_effect")
    assert exporter.rows("voucher", *fields, **only) == [["ADD_NEW_ITEMS", "prod_x", "ADD_NEW_ITEMS"]]
    only = {
        "filters": {
            "redemption.redeemed_amount": {"conditions": {"$is": [0]}},
            "holder_id": {"conditions": {"$has_value": []}},
        }
    }
    fields = ("code", "customer_id", "customer_source_id")
    assert exporter.rows("voucher", *fields, **only) == [["GIFT", published["customer_id"], "ann"]]


def test_redemptions_and_rollbacks(exporter: Exporter) -> None:
    engine = exporter.engine
    engine.gift_card("GIFT", 1000)
    engine.post("/v1/campaigns", {"name": "Sale", "campaign_type": "PROMOTION"})
    action = {"discount": {"type": "AMOUNT", "amount_off": 5}}
    tier = engine.post("/v1/promotions/Sale/tiers", {"name": "First", "action": action})["id"]
    card = [{"object": "voucher", "id": "GIFT", "gift": {"credits": 300}}]
    order = {"source_id": "o", "amount": 1000}
    first = engine.post(
        "/v1/redemptions", {"redeemables": card, "order": order, "customer": ANN, "metadata": {"till": 4}}
    )["redemptions"][0]
    engine.clock.advance(minutes=1)
    engine.post("/v1/redemptions", {"redeemables": [{"object": "promotion_tier", "id": tier}], "order": {"amount": 50}})
    engine.clock.advance(minutes=1)
    engine.roll_back(first["id"])
    engine.clock.advance(minutes=1)
    engine.coupon("USED", amount_off=1, quantity=0)
    engine.redeem("USED", status=400, order={"amount": 10})
    of_card = {"related_object": {"conditions": {"$in": ["voucher"]}}, "result": {"conditions": {"$is": ["SUCCESS"]}}}

    fields = ("object", "voucher_code", "date", "result", "gift_amount", "loyalty_points", "order_amount")
    assert exporter.rows("redemption", *fields, filters=of_card, order="created_at") == [
        ["redemption", "GIFT", at(4), "SUCCESS", "300", "", "1000"],
        ["redemption_rollback", "GIFT", at(6), "SUCCESS", "-300", "", ""],
    ]
    only = {"filters": {"id": {"conditions": {"$is": [first["id"]]}}}}
    told = {
        **{"customer_id": first["customer_id"], "customer_source_id": "ann", "customer_name": ANN["name"]},
        **{"tracking_id": first["tracking_id"], "order_id": first["order"]["id"], "metadata.till": "4"},
        **{"metadata": '{"till":4}', "failure_code": "", "failure_message": "", "campaign": ""},
    }
    assert exporter.rows("redemption", *told, **only) == [list(told.values())]
    of_tier = {"campaign": {"conditions": {"$is": ["Sale"]}}}
    assert exporter.rows("redemption", "campaign", "promotion_tier_id", filters=of_tier) == [["Sale", tier]]
    failed = {"result": {"conditions": {"$is": ["FAILURE"]}}}
    assert exporter.column("redemption", "failure_code", filters=failed) == ["quantity_exceeded"]
    for name in ("ann", first["customer_id"]):
        hers = {"customer": {"conditions": {"$is": [name]}}}
        assert set(exporter.column("redemption", "customer_source_id", filters=hers)) == {"ann"}


def test_publications_have_a_row_for_each_voucher(exporter: Exporter) -> None:
    engine = exporter.engine
    engine.post("/v1/campaigns", {"name": "Spring", "voucher": {"discount": UNITS}, "vouchers_count": 2})
    engine.coupon("ONE", amount_off=1)
    one = engine.post("/v1/publications", {"voucher": "ONE", "customer": ANN, "channel": "mail", "metadata": {"a": 1}})
    engine.clock.advance(minutes=1)
    two = engine.post("/v1/publications", {"campaign": {"name": "Spring", "count": 2}, "customer": ANN})
    fields = ("voucher_code", "code", "customer_id", "customer_source_id", "date", "channel", "campaign", "metadata.a")

    rows = exporter.rows("publication", *fields, order="created_at")

    assert rows[0] == ["ONE", "ONE", one["customer_id"], "ann", at(4), "mail", "", "1"]
    assert sorted(row[0] for row in rows[1:]) == sorted(two["vouchers"])
    assert {tuple(row[3:]) for row in rows[1:]} == {("ann", at(5), "API", "Spring", "")}
    only = {"voucher": {"conditions": {"$is": [two["vouchers"][0]]}}}
    assert exporter.rows("publication", "is_winner", "metadata", filters=only) == [["", "{}"]]


def test_customers_with_what_they_did(exporter: Exporter) -> None:
    engine = exporter.engine
    engine.post("/v1/customers", {**ANN, "phone": "1", "description": "d", "birthdate": "1990-01-01"})
    engine.post("/v1/customers", {"source_id": "bob", "name": "Bob"})
    engine.post("/v1/loyalties", {"name": "Club", "voucher": {"type": "LOYALTY_CARD", "loyalty_card": {"points": 70}}})
    engine.post("/v1/loyalties/Club/members", {"customer": {"source_id": "ann"}})
    engine.coupon("TEN", amount_off=10)
    order = {"source_id": "o-1", "amount": 110}
    undone = engine.redeem("TEN", order=order, customer={"source_id": "ann"})["redemptions"][0]
    engine.roll_back(undone["id"])
    engine.redeem("TEN", order={"source_id": "o-2", "amount": 110}, customer={"source_id": "ann"})
    engine.clock.advance(minutes=1)
    engine.post("/v1/orders", {"amount": 205, "status": "PAID", "customer": {"source_id": "ann"}})

    told = {
        **{
            "name": ANN["name"],
            "email": "ann@example.com",
            "phone": "1",
            "description": "d",
            "birthdate": "1990-01-01",
        },
        **{"birthday": "", "created_at": NOW, "address_city": "Oslo", "address_state": "", "address_country": "NO"},
        **{"address_line_1": "", "address_line_2": "", "address_postal_code": "", "redemptions_total_redeemed": "2"},
        **{"redemptions_total_failed": "0", "redemptions_total_succeeded": "2", "redemptions_total_rolled_back": "1"},
        **{"redemptions_total_rollback_failed": "0", "redemptions_total_rollback_succeeded": "1"},
        **{"orders_total_amount": "305", "orders_total_count": "2", "orders_average_amount": "153"},
        **{"orders_last_order_amount": "205", "orders_last_order_date": at(5), "loyalty_points": "70"},
        **{"loyalty_referred_customers": "0", "metadata.vip": "true", "metadata.tags": '["a","é"]'},
        **{"metadata.size": "4.5"},
    }
    only = {"filters": {"summary.orders.total_amount": {"conditions": {"$more_than": [300]}}}}
    assert exporter.rows("customer", *told, **only) == [list(told.values())]
    bobs = ("orders_total_amount", "orders_average_amount", "orders_last_order_amount", "orders_last_order_date")
    only = {"filters": {"name": {"conditions": {"$starts_with": ["B"]}}}}
    assert exporter.rows("customer", *bobs, "loyalty_points", **only) == [["0", "0", "0", "", "0"]]
    assert exporter.column("customer", "source_id", order="-name") == ["bob", "ann"]
    assert exporter.column("customer", "source_id", order="-email") == ["ann", "bob"]


def test_movements_on_cards(exporter: Exporter) -> None:
    engine = exporter.engine
    engine.gift_card("GIFT", 1000)
    engine.post("/v1/vouchers/GIFT/balance", {"amount": -400, "source_id": "till", "reason": "refund"})
    fields = ("type", "source_id", "status", "reason", "source", "balance", "amount", "created_at")
    its = {"voucher_id": {"conditions": {"$in": [engine.voucher("GIFT")["id"]]}}}

    assert exporter.rows("voucher_transactions", *fields, filters=its) == [
        ["CREDITS_REMOVAL", "till", "", "refund", "API", "600", "-400", NOW]
    ]
    details = (
        '{"balance":{"type":"gift_voucher","amount":-400,"balance":600,"object":"balance",'
        f'"related_object":{{"type":"voucher","id":"{engine.voucher("GIFT")["id"]}"}}}}}}'
    )
    assert exporter.rows("voucher_transactions", "campaign_id", "related_transaction_id", "details", filters=its) == [
        ["", "", details]
    ]


def test_products_and_skus(exporter: Exporter) -> None:
    engine = exporter.engine
    image = {"image_url": "https://shop.example/1.png", "metadata": {"k": 1}}
    product = engine.post(
        "/v1/products", {"source_id": "shirt", "name": "Shirt", "price": 500, "attributes": ["hue"], **image}
    )["id"]
    body = {"source_id": "red", "sku": "Red", "price": 600, "currency": "EUR", "attributes": {"hue": "red"}}
    sku = engine.post("/v1/products/shirt/skus", body)["id"]

    assert exporter.rows("product") == [[product, "Shirt", "500", image["image_url"], "shirt", '["hue"]', NOW]]
    assert exporter.rows("sku") == [[sku, "Red", product, "EUR", "600", "", "red", '{"hue":"red"}', NOW]]
    cheap = {"price": {"conditions": {"$less_than": [500]}}}
    assert exporter.rows("product", "metadata.k", filters=cheap) == []


@pytest.mark.parametrize("kind", EXPORTED_OBJECTS)
def test_every_order_and_all_fields_at_once(exporter: Exporter, kind: str) -> None:
    """Given one thing of each kind, when it is exported whole in each order, then it is the one line every time."""
    engine = exporter.engine
    engine.gift_card("GIFT", 1000)
    engine.post("/v1/vouchers/GIFT/balance", {"amount": 1})
    engine.post("/v1/publications", {"voucher": "GIFT", "customer": ANN})
    engine.coupon("ONE", amount_off=1)
    engine.redeem("ONE", order={"amount": 10}, customer={"source_id": "ann"})
    engine.post("/v1/products", {"source_id": "shirt"})
    engine.post("/v1/products/shirt/skus", {"sku": "red"})
    fields = EXPORTED[kind].fields

    written = {
        tuple(map(tuple, sorted(exporter.rows(kind, *fields, order=sign + order))))
        for order in EXPORTED[kind].orders
        for sign in ("", "-")
    }

    assert len(written) == 1
    assert {len(row) for row in written.pop()} == (set() if kind == "points_expiration" else {len(fields)})
