"""Bad input: every refusal names what is wrong, and leaves everything as it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient

REDEMPTIONS, ORDERS, VOUCHERS, NEW = "/v1/redemptions", "/v1/orders", "/v1/vouchers", "/v1/vouchers/NEW"
GOOD = {"object": "voucher", "id": "GOOD"}
COUPON = {"discount": {"type": "AMOUNT", "amount_off": 1}}
DEEP = b'{"more": ' + b"[" * 900 + b"]" * 900 + b"}"


@pytest.fixture(autouse=True)
def stock(engine: EngineClient) -> None:
    """One voucher of every kind that does not apply, and one that does."""
    for code in ("GOOD", "OFF", "USED", "OVER", "EARLY"):
        engine.coupon(code, amount_off=100, quantity=1)
    engine.post("/v1/vouchers/OFF/disable")
    engine.redeem("USED", order={"amount": 100})
    engine.put("/v1/vouchers/OVER", {"expiration_date": "2030-01-01"})
    engine.put("/v1/vouchers/EARLY", {"start_date": "2030-02-01"})
    engine.gift_card("GIFT", 500)
    engine.gift_card("EMPTY", 0)


def redemption(**order: Any) -> dict[str, Any]:
    """A redemption that would do, but for its order."""
    return {"redeemables": [GOOD], "order": {"source_id": "cart-1", **order}}


def redeemables(*sent: Any) -> dict[str, Any]:
    """A redemption that would do, but for its redeemables."""
    return {"redeemables": list(sent), "order": {"source_id": "cart-1", "amount": 1000}}


PAYLOADS: list[tuple[str, Any, str]] = [
    (REDEMPTIONS, b'{"redeemables": [', "Payload must be valid JSON"),
    (REDEMPTIONS, b"\xff\xfe", "Payload must be valid JSON"),
    (REDEMPTIONS, b'{"redeemables": [{"object": "voucher", "id": "GOOD"}], "metadata": {"a": NaN}}', "valid JSON"),
    (REDEMPTIONS, DEEP, "Payload"),
    (REDEMPTIONS, b'{"metadata": ' + DEEP + b"}", "Payload"),
    (REDEMPTIONS, [GOOD], "Payload must be an object"),
    (REDEMPTIONS, b"", "Payload should have required property 'redeemables'"),
    (REDEMPTIONS, {}, "Payload should have required property 'redeemables'"),
    (REDEMPTIONS, redeemables(), "Property .redeemables must have from 1 to 30 items"),
    (REDEMPTIONS, {"redeemables": GOOD}, "Property .redeemables must be array"),
    (REDEMPTIONS, redeemables("GOOD"), "Property .redeemables[0] must be object"),
    (REDEMPTIONS, redeemables(GOOD, {"object": "voucher"}), ".redeemables[1] should have required property 'id'"),
    (REDEMPTIONS, redeemables({"id": "GOOD"}), ".redeemables[0] should have required property 'object'"),
    (REDEMPTIONS, redeemables({"object": "voucher", "id": 7}), "Property .redeemables[0].id must be string"),
    (REDEMPTIONS, redeemables({"object": "coupon", "id": "GOOD"}), "Property .redeemables[0].object must be"),
    (REDEMPTIONS, redeemables({**GOOD, "gift": {"credits": 0}}), "Property .redeemables[0].gift.credits must be >= 1"),
    (REDEMPTIONS, redeemables(*({**GOOD, "id": f"C{i}"} for i in range(31))), ".redeemables must have from 1 to 30"),
    (REDEMPTIONS, redeemables({**GOOD, "id": "A\0B"}), "Property .redeemables[0].id"),
    (REDEMPTIONS, redeemables({**GOOD, "id": "\ud800"}), "Property .redeemables[0].id"),
    (REDEMPTIONS, redemption(amount=-1), "Property .order.amount must be >= 0"),
    (REDEMPTIONS, redemption(amount=10.5), "Property .order.amount must be integer"),
    (REDEMPTIONS, redemption(amount="1000"), "Property .order.amount must be integer"),
    (REDEMPTIONS, redemption(amount=True), "Property .order.amount must be integer"),
    (REDEMPTIONS, redemption(amount=10**16), "Property .order.amount must be"),
    (REDEMPTIONS, redemption(amount=1, status="OPEN"), "Property .order.status must be equal to one of"),
    (REDEMPTIONS, redemption(amount=1, metadata=[]), "Property .order.metadata must be object"),
    (REDEMPTIONS, redemption(items=[{"quantity": -1, "price": 1}]), "Property .order.items[0].quantity must be"),
    (REDEMPTIONS, redemption(items=[{"price": 1}, {"quantity": 1.5}]), ".order.items[1].quantity must be integer"),
    (REDEMPTIONS, redemption(items=[{"quantity": "many"}]), "Property .order.items[0].quantity must be integer"),
    (REDEMPTIONS, redemption(items=[{"quantity": 10**9, "price": 10**15}]), "Property .items"),
    (REDEMPTIONS, redemption(items=[{"quantity": 1}] * 501), "Property .order.items must not have more than 500"),
    (REDEMPTIONS, {**redemption(amount=1), "customer": "ann"}, "Property .customer must be object"),
    (REDEMPTIONS, {**redemption(amount=1), "session": {"key": "k"}}, ".session should have required property 'type'"),
    (REDEMPTIONS, {**redemption(amount=1), "session": {"type": "LOCK", "ttl": 0}}, "Property .session.ttl must be"),
    (ORDERS, [], "Payload must be an object"),
    (ORDERS, {"items": [{"price": -1}]}, "Property .items[0].price must be >= 0"),
    (ORDERS, {"source_id": ["cart"]}, "Property .source_id must be string"),
    (ORDERS, {"source_id": "s" * 501}, "Property .source_id must not be longer than 500"),
    (ORDERS, {"amount": 1, "created_at": "yesterday"}, "Property .created_at must be a valid ISO 8601 date"),
    (VOUCHERS, {}, "Payload should have required property 'discount'"),
    (NEW, {"type": "GIFT_VOUCHER"}, "Payload should have required property 'gift'"),
    (NEW, {"type": "GIFT_VOUCHER", "gift": {}}, "Property .gift should have required property 'amount'"),
    (NEW, {"type": "LOYALTY_CARD"}, "Payload should have required property 'loyalty_card'"),
    (NEW, {"type": "COUPON"}, "Property .type must be equal to one of"),
    (NEW, {"type": "GIFT_VOUCHER", "gift": {"amount": 500, "balance": 501}}, "Property .gift.balance must not be more"),
    (NEW, {"discount": {"percent_off": 10}}, "Property .discount should have required property 'type'"),
    (NEW, {"discount": {"type": "PERCENT", "percent_off": 101}}, "Property .discount.percent_off must be number"),
    (NEW, {"discount": {"type": "PERCENT"}}, "Property .discount should have required property 'percent_off'"),
    (NEW, {"discount": {"type": "AMOUNT", "amount_off": -5}}, "Property .discount.amount_off must be >= 0"),
    (NEW, {**COUPON, "redemption": {"quantity": 1.5}}, "Property .redemption.quantity must be integer"),
    (NEW, {**COUPON, "active": "yes"}, "Property .active must be boolean"),
    (NEW, {**COUPON, "expiration_date": "soon"}, "Property .expiration_date must be a valid ISO 8601 date"),
    (NEW, {**COUPON, "validation_rules": [1]}, "Property .validation_rules[0] must be string"),
    (NEW, {**COUPON, "validity_hours": {"daily": {}}}, "Property .validity_hours must be object with array 'daily'"),
    (f"/v1/vouchers/{'C' * 201}", COUPON, "code"),
    ("/v1/vouchers/GIFT/balance", {}, "Payload should have required property 'amount'"),
    ("/v1/vouchers/GIFT/balance", {"amount": "5"}, "Property .amount must be integer"),
]


@pytest.mark.parametrize(("path", "body", "details"), PAYLOADS)
def test_a_payload_that_cannot_be_is_told_by_its_field(
    engine: EngineClient, path: str, body: Any, details: str
) -> None:
    before = engine.everything()

    error = engine.post(path, body, status=400)

    assert (error["code"], error["key"], error["message"]) == (400, "invalid_payload", "Invalid payload")
    assert details in error["details"]
    assert error["request_id"].startswith("v-")
    assert engine.everything() == before


REFUSED: list[tuple[Any, int, str, str]] = [
    (redeemables(GOOD, {**GOOD, "id": "UNKNOWN"}), 404, "not_found", "Cannot find voucher with id UNKNOWN"),
    (redeemables(GOOD, {**GOOD, "id": "OVER"}), 400, "voucher_expired", "OVER"),
    (redeemables(GOOD, {**GOOD, "id": "EARLY"}), 400, "voucher_not_active", "EARLY"),
    (redeemables(GOOD, {**GOOD, "id": "OFF"}), 400, "voucher_disabled", "OFF"),
    (redeemables(GOOD, {**GOOD, "id": "USED"}), 400, "quantity_exceeded", "USED"),
    (redeemables(GOOD, {**GOOD, "id": "EMPTY"}), 400, "gift_amount_exceeded", "EMPTY"),
    (redeemables(GOOD, {**GOOD, "id": "GIFT", "gift": {"credits": 501}}), 400, "gift_amount_exceeded", "GIFT"),
    (redeemables(GOOD, GOOD), 400, "duplicated_redeemables", "Duplicated redeemables detected"),
    ({"redeemables": [GOOD, {**GOOD, "id": "GIFT"}]}, 400, "missing_order", "GIFT"),
    ({"redeemables": [GOOD, {**GOOD, "id": "GIFT"}], "order": {}}, 400, "missing_amount", "GIFT"),
    ({**redeemables(GOOD), "order": {"id": "ord_none"}}, 404, "not_found", "Cannot find order with id ord_none"),
]


@pytest.mark.parametrize(("body", "status", "key", "details"), REFUSED)
def test_when_one_redeemable_does_not_apply_nothing_is_redeemed(
    engine: EngineClient, body: Any, status: int, key: str, details: str
) -> None:
    before = engine.everything()

    error = engine.post(REDEMPTIONS, body, status=status)

    assert (error["code"], error["key"]) == (status, key)
    assert details in error["details"]
    assert engine.everything() == before


def test_a_voucher_and_its_own_id_are_duplicates(engine: EngineClient) -> None:
    voucher_id = engine.voucher("GOOD")["id"]

    assert engine.redeem("GOOD", voucher_id, status=400)["key"] == "duplicated_redeemables"


@pytest.mark.parametrize("path", [REDEMPTIONS, ORDERS, VOUCHERS, "/v1/validations"])
def test_a_body_over_the_limit_is_too_large(engine: EngineClient, path: str) -> None:
    before = engine.everything()

    error = engine.post(path, json.dumps({"metadata": {"a": "x" * 100_001}}).encode(), status=413)

    assert error["key"] == "payload_too_large"
    assert engine.everything() == before


@pytest.mark.parametrize("name", ["loyalty_card", "campaign", "campaign_id", "validation_rules"])
def test_an_update_that_would_be_lost_silently_is_refused(engine: EngineClient, name: str) -> None:
    before = engine.everything()

    error = engine.put("/v1/vouchers/GOOD", {name: ["x"], "active": False}, status=400)

    assert error["details"] == f"Property .{name} is not supported by this engine"
    assert engine.everything() == before


def test_properties_nobody_knows_are_ignored(engine: EngineClient) -> None:
    body = {**redeemables({**GOOD, "colour": "red"}), "weather": "fine", "options": {"expand": ["order"]}}

    assert engine.post(REDEMPTIONS, body)["order"]["total_amount"] == 900
    assert "colour" not in engine.post(ORDERS, {"amount": 1, "colour": "red"})


@pytest.mark.parametrize("path", ["/v1/vouchers/A%00B", "/v1/orders/A%00B", "/v1/redemptions/A%00B"])
def test_an_id_that_cannot_be_is_not_found(engine: EngineClient, path: str) -> None:
    assert engine.get(path, status=404)["key"] == "not_found"
