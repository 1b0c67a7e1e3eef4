"""Bad input at the HTTP door: a 4xx with code, key, message and details that name the field; nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from checkout_bridge import CheckoutBridge

Cart = Callable[..., dict[str, Any]]
KEY = {"Authorization": "Bearer let-me-in", "Content-Type": "application/json"}
CODES = ("TEN", "ONCE", "USED", "LATE", "OFF", "GIFT", "SMALL")


def _item(**changed: Any) -> dict[str, Any]:
    item = {"sku": "MUG", "quantity": 1, "unit_price": "12.50", **changed}
    return {"items": [{name: value for name, value in item.items() if value is not None}]}


# What is changed of a good cart, the key of the answer, and what its details must name.
BAD_CARTS: list[tuple[dict[str, Any], str, str]] = [
    ({"currency": None}, "invalid_payload", "currency"),
    ({"currency": 7}, "invalid_payload", ".currency"),
    ({"currency": "XYZ"}, "unknown_currency", "currency"),
    ({"items": None}, "invalid_payload", "items"),
    ({"items": {}}, "invalid_payload", ".items"),
    ({"items": []}, "invalid_payload", "items"),
    ({"items": ["mug"]}, "invalid_payload", ".items[0]"),
    (_item(sku=None), "invalid_payload", ".items[0]"),
    (_item(sku=["x"]), "invalid_payload", ".items[0].sku"),
    (_item(quantity=None), "invalid_payload", "quantity"),
    (_item(quantity=0), "invalid_payload", ".items[0].quantity"),
    (_item(quantity=-1), "invalid_payload", ".items[0].quantity"),
    (_item(quantity=1.5), "invalid_payload", ".items[0].quantity"),
    (_item(quantity=True), "invalid_payload", ".items[0].quantity"),
    (_item(quantity="2"), "invalid_payload", ".items[0].quantity"),
    (_item(quantity=10**30), "invalid_payload", ".items[0].quantity"),
    (_item(unit_price=None), "invalid_payload", "unit_price"),
    (_item(unit_price=12.5), "invalid_payload", ".items[0].unit_price"),
    (_item(unit_price="-1.00"), "invalid_payload", ".items[0].unit_price"),
    (_item(unit_price="1.005"), "invalid_payload", ".items[0].unit_price"),
    (_item(unit_price="1e3"), "invalid_payload", ".items[0].unit_price"),
    (_item(unit_price="NaN"), "invalid_payload", ".items[0].unit_price"),
    (_item(unit_price="١"), "invalid_payload", ".items[0].unit_price"),
    (_item(unit_price="99999999999999"), "invalid_payload", ".items[0].unit_price"),
    (_item(quantity=10**6, unit_price="9999999999.99"), "invalid_payload", ".items"),
    (_item(amount="12.49"), "invalid_amount", ".items[0].amount"),
    ({"items": [_item()["items"][0]] * 2}, "invalid_payload", ".items"),
    ({"total": "35.00"}, "invalid_amount", ".total"),
    ({"customer": "ada"}, "invalid_payload", ".customer"),
    ({"customer": {"id": 7}}, "invalid_payload", ".customer.id"),
    ({"codes": "TEN"}, "invalid_payload", ".codes"),
    ({"codes": [7]}, "invalid_payload", ".codes[0]"),
    ({"codes": [" "]}, "invalid_payload", ".codes"),
    ({"codes": ["TEN", "TEN "]}, "duplicated_redeemables", ".codes"),
    ({"codes": ["T\ud800"]}, "invalid_payload", ".codes[0]"),
    ({"codes": [f"C{i}" for i in range(31)]}, "invalid_payload", ".codes"),
    ({"gift_cards": ["GIFT"]}, "invalid_payload", ".gift_cards[0]"),
    ({"gift_cards": [{}]}, "invalid_payload", "code"),
    ({"gift_cards": [{"code": "GIFT", "amount": "0.00"}]}, "invalid_payload", ".gift_cards[0].amount"),
    ({"gift_cards": [{"code": "GIFT", "amount": 5}]}, "invalid_payload", ".gift_cards[0].amount"),
]
# What does not apply, and the key that says why.
REJECTED: list[tuple[dict[str, Any], str, str]] = [
    ({"codes": ["TEN", "NEVER"]}, "not_found", "NEVER"),
    ({"codes": ["TEN", "LATE"]}, "voucher_expired", "LATE"),
    ({"codes": ["TEN", "OFF"]}, "voucher_disabled", "OFF"),
    ({"codes": ["TEN", "USED"]}, "quantity_exceeded", "USED"),
    ({"codes": ["TEN"], "gift_cards": [{"code": "SMALL", "amount": "1.01"}]}, "gift_amount_exceeded", "SMALL"),
]


def _everything(bridge: CheckoutBridge) -> list[Any]:
    """The counters and balances that a bad request must leave as they are."""
    return [bridge.runtime.client.vouchers.get_voucher(code) for code in CODES]


def _refused(answer: Any, status: int, key: str, named: str) -> None:
    told = answer.get_json()
    assert (answer.status_code, told["code"], told["key"]) == (status, status, key), told
    assert told["message"]
    assert told["request_id"]
    assert named in told["details"]


@pytest.mark.parametrize(("changed", "key", "named"), BAD_CARTS)
def test_a_bad_cart_is_refused(
    changed: dict[str, Any], key: str, named: str, visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart
) -> None:
    before = _everything(bridge)
    for path in ("/bridge/quote", "/bridge/checkout"):
        body = json.dumps({"order_ref": "1", "cart": cart("TEN") | changed})
        _refused(visitor.post(path, data=body, headers=KEY), 400, key, named)
    assert _everything(bridge) == before
    assert bridge.runtime.doors.ledger.newest(limit=1) == []


@pytest.mark.parametrize(("changed", "key", "code"), REJECTED)
def test_a_code_that_does_not_apply_is_named_with_its_reason(
    changed: dict[str, Any], key: str, code: str, visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart
) -> None:
    before = _everything(bridge)
    answer = visitor.post("/bridge/checkout", json={"order_ref": "1", "cart": cart() | changed}, headers=KEY)
    told = answer.get_json()
    assert 400 <= answer.status_code < 500
    assert key in told["key"]
    assert code in told["details"]
    assert [(one["code"], one["key"]) for one in told["rejected"]] == [(code, told["key"])]
    assert _everything(bridge) == before
    assert bridge.order("1")["state"] == "failed"


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"{", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"[]", "object"),
        (b'"cart"', "object"),
        (b"", "cart"),
        (b"{}", "cart"),
        (b'{"cart": []}', ".cart"),
        (b'{"cart": null}', "cart"),
    ],
)
@pytest.mark.parametrize("path", ["/bridge/quote", "/bridge/checkout"])
def test_a_body_that_is_not_what_was_asked_for_is_refused(
    path: str, body: bytes, named: str, visitor: FlaskClient
) -> None:
    if path.endswith("checkout") and "cart" in named:
        body = body[:-1] + (b", " if body[1:2] == b'"' else b"") + b'"order_ref": "1"}' if body else body
        named = named if body else "order_ref"
    _refused(visitor.post(path, data=body, headers=KEY), 400, "invalid_payload", named)


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("quote", {"cart": {}, "hold": "yes"}, ""),
        ("quote", {"platform": 7}, ".platform"),
        ("quote", {"shop": ["x"]}, ".shop"),
        ("checkout", {"order_ref": 7}, ".order_ref"),
        ("checkout", {"order_ref": " "}, ".order_ref"),
        ("checkout", {"order_ref": "x" * 256}, ".order_ref"),
        ("checkout", {"order_ref": "\ud800"}, ".order_ref"),
        ("checkout", {"order_ref": "a\0b"}, ".order_ref"),
        ("orders/1/cancel", {"reason": 7}, ".reason"),
        ("orders/1/cancel", {"event_id": {}}, ".event_id"),
        ("orders/1/refund", {}, "refund_id"),
        ("orders/1/refund", {"refund_id": 7}, ".refund_id"),
        ("orders/1/refund", {"refund_id": "r", "amount": 1.5}, ".amount"),
        ("orders/1/refund", {"refund_id": "r", "amount": "5"}, ".amount"),
        ("orders/1/refund", {"refund_id": "r", "amount": -5}, ".amount"),
        ("orders/1/refund", {"refund_id": "r", "amount": 10**9}, ".amount"),
        ("orders/1/refund", {"refund_id": "r", "lines": []}, ".lines"),
        ("orders/1/refund", {"refund_id": "r", "lines": ["mug"]}, ".lines[0]"),
        ("orders/1/refund", {"refund_id": "r", "lines": [{"line_id": 1, "quantity": 1}]}, ".lines[0].line_id"),
        ("orders/1/refund", {"refund_id": "r", "lines": [{"line_id": "mug"}]}, ".lines[0].quantity"),
        ("orders/1/refund", {"refund_id": "r", "lines": [{"line_id": "cup", "quantity": 1}]}, ".lines[0].line_id"),
        ("orders/1/refund", {"refund_id": "r", "lines": [{"line_id": "mug", "quantity": -1}]}, ".lines[0].quantity"),
        ("orders/1/refund", {"refund_id": "r", "lines": [{"line_id": "mug", "quantity": 3}]}, ".lines"),
        ("orders/1/refund/preview", {"amount": True}, ".amount"),
        ("orders/1/refund", {"refund_id": "r", "cart": None, "line": [{"line_id": "mug", "quantity": 1}]}, ".cart"),
    ],
)
def test_a_field_that_makes_no_sense_is_named(
    path: str, body: dict[str, Any], named: str, visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart
) -> None:
    bridge.checkout(cart("ONCE"), "1")
    before = bridge.order("1")
    answer = visitor.post(f"/bridge/{path}", data=json.dumps({"cart": cart("TEN"), **body}), headers=KEY)
    _refused(answer, 400, "invalid_payload", named)
    assert bridge.order("1") == before
    assert len(bridge.runtime.doors.ledger.newest(limit=9)) == 1


def test_a_body_over_the_limit_is_refused(visitor: FlaskClient, bridge: CheckoutBridge) -> None:
    body = b" " * (bridge.runtime.settings.max_body + 1)
    for path in ("quote", "checkout", "orders/1/cancel", "webhooks/generic"):
        answer = visitor.post(f"/bridge/{path}", data=body, headers=KEY)
        assert (answer.status_code, answer.get_json()["key"]) == (413, "payload_too_large")


def test_a_wrong_method_is_told(visitor: FlaskClient) -> None:
    answer = visitor.get("/bridge/checkout", headers=KEY)
    assert (answer.status_code, answer.get_json()["code"]) == (405, 405)
