"""The HTTP door: who may come in, and every route of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from checkout_bridge import CheckoutBridge

Cart = Callable[..., dict[str, Any]]
Used = Callable[[str], int]
KEY = {"Authorization": "Bearer let-me-in"}
DOORS = [
    ("POST", "/bridge/quote"),
    ("POST", "/bridge/checkout"),
    ("GET", "/bridge/orders/1"),
    ("POST", "/bridge/orders/1/cancel"),
    ("POST", "/bridge/orders/1/refund"),
    ("POST", "/bridge/orders/1/refund/preview"),
    ("GET", "/bridge/metrics"),
    ("GET", "/bridge/nothing-here"),
]


@pytest.mark.parametrize(("method", "path"), DOORS)
@pytest.mark.parametrize("sent", [None, "Bearer wrong", "let-me-in", "Basic let-me-in", "Bearer let-me-in\xe9"])
def test_without_the_token_nobody_comes_in(method: str, path: str, sent: str | None, visitor: FlaskClient) -> None:
    answer = visitor.open(path, method=method, headers={"Authorization": sent} if sent else {})
    assert (answer.status_code, answer.get_json()["key"]) == (401, "unauthorized")


@pytest.mark.parametrize(("method", "path"), DOORS)
def test_while_no_token_is_set_the_door_is_closed(method: str, path: str, shop: Flask, tmp_path: Path) -> None:
    bridge = CheckoutBridge(shop, data_dir=tmp_path)
    for sent in ("Bearer ", "Bearer None"):
        answer = shop.test_client().open(path, method=method, headers={"Authorization": sent})
        assert (answer.status_code, answer.get_json()["key"]) == (403, "forbidden")
    bridge.close()


def test_health_is_open_to_all(visitor: FlaskClient) -> None:
    health = visitor.get("/bridge/health")
    assert health.status_code == 200
    told = health.get_json()
    assert (told["status"], told["backend"], told["ledger"]) == ("ok", "embedded", "ok")
    assert "generic" in told["plugins"]


def test_a_cart_is_quoted_checked_out_shown_and_cancelled(visitor: FlaskClient, cart: Cart, used: Used) -> None:
    quote = visitor.post("/bridge/quote", json={"cart": cart("ONCE"), "hold": True}, headers=KEY).get_json()
    assert quote["total"] == 2999
    body = {"cart": cart("ONCE"), "order_ref": "A/7", "quote_id": quote["quote_id"]}
    order = visitor.post("/bridge/checkout", json=body, headers=KEY).get_json()
    assert (order["state"], order["order_ref"], used("ONCE")) == ("confirmed", "A/7", 1)
    shown = visitor.get("/bridge/orders/A/7", headers=KEY).get_json()
    assert [(line["line_id"], line["allocations"]) for line in shown["lines"]] == [
        ("mug", {"ONCE": 357}),
        ("pen", {"ONCE": 143}),
    ]
    told = visitor.post("/bridge/orders/A/7/cancel", json={"reason": "changed my mind"}, headers=KEY).get_json()
    assert (told["state"], told["reason"], used("ONCE")) == ("unwound", "changed my mind", 0)
    assert visitor.post("/bridge/orders/A/7/cancel", headers=KEY).get_json() == told


def test_a_refund_is_previewed_and_done(visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart, used: Used) -> None:
    bridge.checkout(cart(gift_cards=("GIFT",)), "1")
    preview = visitor.post("/bridge/orders/1/refund/preview", json={}, headers=KEY).get_json()
    assert (preview["given_back"][0]["amount"], used("GIFT")) == (3499, 3499)
    told = visitor.post("/bridge/orders/1/refund", json={"refund_id": "r-1"}, headers=KEY).get_json()
    assert (told["given_back"][0]["amount"], used("GIFT")) == (3499, 0)


def test_a_partial_refund_is_previewed_and_done_once(
    visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart, balance: Used
) -> None:
    bridge.checkout(cart("ONCE", gift_cards=("GIFT",)), "1")
    body = {"refund_id": "r-1", "lines": [{"line_id": "mug", "quantity": 1}]}
    preview = visitor.post("/bridge/orders/1/refund/preview", json=body, headers=KEY).get_json()
    assert ([one["amount"] for one in preview["given_back"]], balance("GIFT")) == ([1072], 2001)
    answers = [visitor.post("/bridge/orders/1/refund", json=body, headers=KEY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    told = answers[0].get_json()
    assert (told["state"], told["given_back"][0]["amount"], balance("GIFT")) == ("confirmed", 1072, 3073)
    assert answers[1].get_json() == told
    for path in ("refund", "refund/preview"):
        too_much = {"refund_id": "r-2", "lines": [{"line_id": "mug", "quantity": 2}]}
        refusal = visitor.post(f"/bridge/orders/1/{path}", json=too_much, headers=KEY)
        assert (refusal.status_code, refusal.get_json()["key"]) == (400, "invalid_payload")
        assert "1 of 2 are left" in refusal.get_json()["details"]
    whole = visitor.post("/bridge/orders/1/refund", json={"refund_id": "r-3"}, headers=KEY).get_json()
    assert (whole["state"], balance("GIFT")) == ("unwound", 5000)
    assert [(one["code"], one["amount"], one["refund_id"]) for one in whole["given_back"]] == [
        ("GIFT", 1072, "r-1"),
        ("ONCE", None, "r-3"),
        ("GIFT", 2999 - 1072, "r-3"),
    ]


@pytest.mark.parametrize("method_and_path", [pair for pair in DOORS if "orders" in pair[1]])
def test_an_order_that_is_not_known_is_not_found(method_and_path: tuple[str, str], visitor: FlaskClient) -> None:
    method, path = method_and_path
    content = {"json": {"refund_id": "r-1"}} if method == "POST" else {}
    answer = visitor.open(path, method=method, headers=KEY, **content)
    assert (answer.status_code, answer.get_json()["key"]) == (404, "order_not_found")


def test_an_order_must_be_named_with_its_shop_when_there_are_several(
    visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart
) -> None:
    bridge.checkout(cart(), "1", shop="north")
    bridge.checkout(cart("TEN"), "1", shop="south")
    answer = visitor.get("/bridge/orders/1", headers=KEY)
    assert (answer.status_code, answer.get_json()["key"]) == (409, "ambiguous_order")
    assert "generic/south" in answer.get_json()["details"]
    assert visitor.get("/bridge/orders/1?shop=south", headers=KEY).get_json()["total"] == 3149
    body = {"platform": "generic", "shop": "north"}
    assert visitor.post("/bridge/orders/1/cancel", json=body, headers=KEY).get_json()["state"] == "unwound"
    assert bridge.order("1", shop="south")["state"] == "confirmed"


@pytest.mark.parametrize("path", ["/bridge/quote", "/bridge/checkout"])
def test_a_platform_that_is_not_known_is_not_found(path: str, visitor: FlaskClient, cart: Cart) -> None:
    body = {"cart": cart(), "order_ref": "1", "platform": "etsy"}
    answer = visitor.post(path, json=body, headers=KEY)
    assert (answer.status_code, answer.get_json()["key"]) == (404, "unknown_platform")
    assert "generic" in answer.get_json()["details"]


def test_requests_are_counted(visitor: FlaskClient, cart: Cart) -> None:
    visitor.post("/bridge/quote", json={"cart": cart()}, headers=KEY)
    visitor.post("/bridge/quote", json={}, headers=KEY)
    text = visitor.get("/bridge/metrics", headers=KEY).get_data(as_text=True)
    counted = 'checkout_bridge_door_requests_total{operation="POST /bridge/quote",status="%d"} 1.0'
    assert counted % 200 in text
    assert counted % 400 in text


def test_a_ledger_that_cannot_be_reached_is_told(shop: Flask, tmp_path: Path, cart: Cart) -> None:
    (tmp_path / "ledger.db").write_bytes(b"this is no database at all" * 100)
    bridge = CheckoutBridge(shop, data_dir=tmp_path, token="let-me-in")
    answer = shop.test_client().post("/bridge/quote", json={"cart": cart()}, headers=KEY)
    assert (answer.status_code, answer.get_json()["key"]) == (503, "storage_failed")
    health = shop.test_client().get("/bridge/health").get_json()
    assert health["status"] == "degraded"
    assert health["ledger"] != "ok"
    bridge.close()
