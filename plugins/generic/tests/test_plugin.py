"""The generic plugin's hooks: its paths, and reading carts, references and refunds off requests and answers."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from checkout_bridge.bridge.shop import Request
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Refund, RefundLine
from checkout_bridge_generic import GenericPlugin

CART = {"currency": "EUR", "items": [{"sku": "MUG", "quantity": 1, "unit_price": "12.50"}]}


def _plugin(**options: str) -> GenericPlugin:
    plugin = GenericPlugin()
    plugin.configure(options)
    return plugin


def _request(method: str = "POST", ref: str | None = None, **sent: Any) -> Request:
    """A request as the middleware makes it; ``sent`` is what werkzeug's builder takes: ``json``, ``data``, ..."""
    environ = EnvironBuilder("/orders/7/refund", method=method, **sent).get_environ()
    return Request(environ, ref=ref, max_body=10_000)


def _response(body: Any = None, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SimpleNamespace(status=200, headers=named, json=lambda: body)


def _nothing(path: str) -> Any:
    raise AssertionError(f"{path} was fetched")


def test_the_paths_are_the_documented_ones_unless_set() -> None:
    plain = {(route.kind, route.method, route.path) for route in _plugin().routes()}
    assert plain == {
        ("cart", "GET", "/cart"),
        ("checkout", "POST", "/checkout"),
        ("order", "GET", "/orders/<ref>"),
        ("cancel", "POST", "/orders/<ref>/cancel"),
        ("refund", "POST", "/orders/<ref>/refund"),
    }
    changed = {route.kind: route.path for route in _plugin(CART_PATH="/basket", CANCEL_PATH="/void/<ref>").routes()}
    assert (changed["cart"], changed["cancel"], changed["refund"]) == ("/basket", "/void/<ref>", "/orders/<ref>/refund")


@pytest.mark.parametrize(
    ("name", "path"),
    [("CARD_PATH", "/cart"), ("CART_PATH", "cart"), ("CANCEL_PATH", "/cancel"), ("ORDER_PATH", "/<ref>/<ref>")],
)
def test_an_option_that_makes_no_sense_is_named(name: str, path: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        _plugin(**{name: path})
    assert f"CHECKOUT_BRIDGE_GENERIC_{name}" in str(refusal.value.details)


def test_a_cart_in_the_request_counts_before_the_one_shown() -> None:
    cart = _plugin().cart_for(_request(json=CART), _nothing)
    assert cart is not None
    assert cart.total == 1250


@pytest.mark.parametrize("request_", [_request("GET", json=CART), _request(), _request(json={"note": "hi"})])
def test_else_the_cart_is_fetched(request_: Any) -> None:
    asked = []

    def fetch(path: str) -> Any:
        asked.append(path)
        return CART

    cart = _plugin(CART_JSON_PATH="/basket.json").cart_for(request_, fetch)
    assert cart is not None
    assert (cart.total, asked) == (1250, ["/basket.json"])


@pytest.mark.parametrize("shown", [None, [], {}, {"currency": "EUR", "items": []}, "cart"])
def test_a_shop_that_shows_no_cart_is_left_alone(shown: Any) -> None:
    assert _plugin().cart_for(_request(), lambda path: shown) is None


@pytest.mark.parametrize(
    ("response", "ref"),
    [
        (_response(X_Order_Ref="7", Location="/orders/8"), "7"),
        (_response(Location="/orders/8"), "8"),
        (_response(Location="https://shop.example/base/orders/8?new=1#top"), "8"),
        (_response(Location="/orders/Gr%C3%B6%C3%9Fe%207"), "Größe 7"),
        (_response(Location="/orders/8/thanks"), None),
        (_response({"order_ref": "9"}, Location="/thanks"), "9"),
        (_response({"order_id": 10}), "10"),
        (_response({"order_number": "A-1"}), "A-1"),
        (_response({"order_ref": ""}), None),
        (_response(["9"]), None),
        (_response(), None),
    ],
)
def test_the_reference_is_found_in_header_redirect_or_json(response: Any, ref: str | None) -> None:
    assert _plugin().order_ref_of(response) == ref


@pytest.mark.parametrize(
    ("sent", "refund"),
    [
        ({"data": {"refund_id": "r-1", "amount": ""}}, Refund("7", "r-1")),
        ({"data": {"refund_id": "r-1", "amount": "250"}}, Refund("7", "r-1", amount=250)),
        (
            {"data": {"refund_id": "r-1", "amount": "250"}, "content_type": "multipart/form-data"},
            Refund("7", "r-1", amount=250),
        ),
        ({"query_string": "amount=250&refund_id=r-1"}, Refund("7", "r-1", amount=250)),
        ({"query_string": "amount=250&refund_id=r-1", "json": {"amount": 300}}, Refund("7", "r-1", amount=300)),
        ({"json": {"refund_id": 5, "amount": 0}}, Refund("7", "5", amount=0)),
        ({"json": {"refund_id": "r-1", "reason": "broken"}}, Refund("7", "r-1")),
        (
            {"json": {"refund_id": "r-1", "lines": [{"line_id": 1, "quantity": "2"}]}},
            Refund("7", "r-1", (RefundLine("1", 2),)),
        ),
    ],
)
def test_a_refund_is_read_off_json_a_form_or_the_query(sent: dict[str, Any], refund: Refund) -> None:
    assert _plugin().refund_for(_request(ref="7", **sent)) == refund


@pytest.mark.parametrize("sent", [{}, {"data": {"amount": "250"}}, {"json": {"refund_id": ""}}])
def test_refunds_without_an_id_are_each_a_refund_of_their_own(sent: dict[str, Any]) -> None:
    first, second = (_plugin().refund_for(_request(ref="7" * 400, **sent)) for _ in range(2))
    assert first.refund_id != second.refund_id
    assert first.refund_id.startswith("77")
    assert len(first.refund_id) <= 255


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"amount": 2.5}, ".amount"),
        ({"amount": True}, ".amount"),
        ({"amount": "-1"}, ".amount"),
        ({"lines": "all"}, ".lines"),
        ({"lines": []}, ".lines"),
        ({"lines": [{"line_id": "a"}]}, ".lines"),
        ({"lines": [{"line_id": "a", "quantity": 1.9}]}, ".lines"),
        ({"lines": [{"line_id": "a", "quantity": True}]}, ".lines"),
        ({"items": [{"id": "a", "quantity": 1}]}, ".items"),
        ({"quantity": 1}, ".quantity"),
        ([], "object"),
        ("all", "object"),
        (None, "object"),
    ],
)
def test_a_refund_that_makes_no_sense_is_named(body: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        _plugin().refund_for(_request(ref="7", data=json.dumps(body), content_type="application/json"))
    assert field in str(refusal.value.details)


@pytest.mark.parametrize("sent", [b'{"amount": 5', b"amount: 5"])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", ""])
def test_a_body_that_cannot_be_read_is_never_the_whole_order(sent: bytes, content_type: str) -> None:
    with pytest.raises(InvalidInput):
        _plugin().refund_for(_request(ref="7", data=sent, content_type=content_type))
