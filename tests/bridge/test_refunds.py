"""Refunds of the whole order: what is not surely all of it leaves the coupon used; the whole order goes back."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from checkout_bridge import CheckoutBridge

Cart = Callable[..., dict[str, Any]]
Used = Callable[[str], int]
KEY = {"Authorization": "Bearer let-me-in"}
WHOLE = [{"line_id": "mug", "quantity": 2}, {"line_id": "pen", "quantity": 3}]
PART = [{"line_id": "mug", "quantity": 2}]
JSON, MULTIPART = "application/json", "multipart/form-data"


@pytest.fixture
def ordered(visitor: FlaskClient, cart: Cart) -> str:
    """The number of an order of 34.99 with 5.00 off."""
    visitor.post("/basket", json=cart("ONCE"))
    return str(visitor.post("/checkout").get_json()["order_ref"])


@pytest.mark.parametrize(
    ("sent", "noted"),
    [
        ({"data": {"amount": "500"}, "content_type": MULTIPART}, "refund"),
        ({"query_string": "amount=5"}, "refund"),
        ({"query_string": "amount=5", "json": {"refund_id": "r-1"}}, "refund"),
        ({"data": b'{"lines": [{"line_id": "mug"', "content_type": JSON}, "refund_not_understood"),
        ({"data": b'{"amount": 5}', "content_type": "text/plain"}, "refund_not_understood"),
        ({"json": [{"line_id": "mug", "quantity": 1}]}, "refund_not_understood"),
        ({"json": {"items": [{"id": "mug", "quantity": 1}]}}, "refund_not_understood"),
        ({"json": {"lines": []}}, "refund_not_understood"),
        ({"json": {"quantity": 1}}, "refund_not_understood"),
        ({"data": {"quantity": "1"}}, "refund_not_understood"),
        ({"json": {"lines": WHOLE, "amount": 2998}}, "refund_refused"),
        ({"json": {"amount": 0}}, "refund_refused"),
    ],
)
def test_a_shops_refund_that_is_not_surely_the_whole_order_leaves_the_coupon_used(
    sent: dict[str, Any], noted: str, visitor: FlaskClient, bridge: CheckoutBridge, ordered: str, used: Used
) -> None:
    answer = visitor.post(f"/orders/{ordered}/refund", **sent)
    assert (answer.status_code, answer.get_json()["refunded"]) == (200, ordered)
    order = bridge.order(ordered)
    assert (order["state"], order["history"][-1]["event"], used("ONCE")) == ("confirmed", noted, 1)


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"data": {"refund_id": "r-1"}},
        {"data": {"refund_id": "r-1", "receipt": (BytesIO(b"x"), "receipt.txt")}, "content_type": MULTIPART},
        {"json": {"refund_id": "r-1", "reason": "broken"}},
        {"json": {"lines": WHOLE, "amount": 2999}},
        {"query_string": "amount=2999"},
    ],
)
def test_a_shops_refund_of_the_whole_order_gives_everything_back(
    sent: dict[str, Any], visitor: FlaskClient, bridge: CheckoutBridge, ordered: str, used: Used
) -> None:
    visitor.post(f"/orders/{ordered}/refund", **sent)
    assert (bridge.order(ordered)["state"], used("ONCE")) == ("unwound", 0)


def test_the_view_still_reads_a_form_with_files_and_no_file_is_left_open(visitor: FlaskClient, ordered: str) -> None:
    """Two uploads of one name, large enough to be kept in files, which a leak would show as a warning."""
    name = b'--cut\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
    body = (name + b"p" * 520_000 + b"\r\n") * 2 + b"--cut--\r\n"
    answer = visitor.post(f"/orders/{ordered}/refund", data=body, content_type=f"{MULTIPART}; boundary=cut")
    assert answer.get_json()["body"].encode() == body


@pytest.mark.parametrize(
    ("part", "key", "named"),
    [
        ({"lines": WHOLE, "amount": 2998}, "invalid_amount", "2998"),
        ({"lines": WHOLE, "amount": 0}, "invalid_amount", ".amount"),
        ({"lines": PART, "amount": 2999}, "invalid_amount", "2999"),
        ({"lines": PART, "amount": 3000}, "invalid_payload", ".amount"),
        ({"amount": 0}, "invalid_payload", ".amount"),
    ],
)
def test_lines_and_an_amount_that_do_not_agree_are_refused(
    part: dict[str, Any],
    key: str,
    named: str,
    visitor: FlaskClient,
    bridge: CheckoutBridge,
    cart: Cart,
    used: Used,
) -> None:
    bridge.checkout(cart("ONCE"), "1")
    for path in ("refund", "refund/preview"):
        answer = visitor.post(f"/bridge/orders/1/{path}", json={"refund_id": "r-1", **part}, headers=KEY)
        assert (answer.status_code, answer.get_json()["key"]) == (400, key)
        assert named in answer.get_json()["details"]
    assert (bridge.order("1")["state"], used("ONCE")) == ("confirmed", 1)


def test_whole_lines_with_the_amount_that_was_paid_are_the_whole_order(
    visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart, used: Used
) -> None:
    bridge.checkout(cart("ONCE"), "1")
    body = {"refund_id": "r-1", "lines": WHOLE, "amount": 2999}
    answer = visitor.post("/bridge/orders/1/refund", json=body, headers=KEY)
    assert (answer.status_code, answer.get_json()["state"], used("ONCE")) == (200, "unwound", 0)


def test_an_order_that_gift_cards_paid_in_full_may_be_refunded_with_nothing_to_pay_back(
    bridge: CheckoutBridge, cart: Cart, used: Used
) -> None:
    assert bridge.checkout(cart(gift_cards=("GIFT",)), "1")["total"] == 0
    assert bridge.refund("1", refund_id="r-1", lines=WHOLE, amount=0)["state"] == "unwound"
    assert used("GIFT") == 0
