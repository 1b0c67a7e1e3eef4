"""The WSGI door after the checkout: cancels and refunds of the shop give back, once, and only when they succeed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from checkout_bridge import CheckoutBridge

Cart = Callable[..., dict[str, Any]]
Used = Callable[[str], int]


@pytest.fixture
def ordered(visitor: FlaskClient, cart: Cart) -> str:
    """The number of an order with a code and a gift card."""
    visitor.post("/basket", json=cart("ONCE", gift_cards=("GIFT",)))
    return str(visitor.post("/checkout").get_json()["order_ref"])


def _events(bridge: CheckoutBridge, number: str) -> list[str]:
    return [entry["event"] for entry in bridge.order(number)["history"]]


def test_a_cancel_gives_everything_back(visitor: FlaskClient, bridge: CheckoutBridge, ordered: str, used: Used) -> None:
    assert visitor.post(f"/orders/{ordered}/cancel").status_code == 303
    order = bridge.order(ordered)
    assert order["state"] == "unwound"
    assert [(back["code"], back["amount"]) for back in order["given_back"]] == [("ONCE", None), ("GIFT", 2999)]
    assert all(back["rollback_id"] for back in order["given_back"])
    assert (used("ONCE"), used("GIFT")) == (0, 0)


def test_the_order_page_is_told_what_was_applied_and_given_back(visitor: FlaskClient, ordered: str) -> None:
    before = visitor.get(f"/orders/{ordered}").get_json()
    visitor.post(f"/orders/{ordered}/cancel")
    after = visitor.get(f"/orders/{ordered}").get_json()
    assert (before["state"], before["given_back"]) == ("confirmed", [])
    assert (after["state"], [back["code"] for back in after["given_back"]]) == ("unwound", ["ONCE", "GIFT"])


def test_a_cancel_that_the_shop_refuses_gives_nothing_back(
    visitor: FlaskClient, bridge: CheckoutBridge, ordered: str, used: Used
) -> None:
    assert visitor.post(f"/orders/{ordered}/cancel?how=shipped").get_data() == b"already shipped"
    assert bridge.order(ordered)["state"] == "confirmed"
    assert (used("ONCE"), used("GIFT")) == (1, 2999)
    assert _events(bridge, ordered)[-1] == "cancel_asked"


def test_a_repeated_cancel_answers_the_same_and_gives_back_once(
    visitor: FlaskClient, bridge: CheckoutBridge, ordered: str, used: Used
) -> None:
    visitor.post(f"/orders/{ordered}/cancel")
    first = bridge.order(ordered)["given_back"]
    visitor.post("/basket", json={})
    assert visitor.post(f"/orders/{ordered}/cancel").status_code == 303
    assert bridge.order(ordered)["given_back"] == first
    assert (used("ONCE"), used("GIFT")) == (0, 0)
    assert _events(bridge, ordered).count("unwound") == 1


def test_a_full_refund_gives_back(visitor: FlaskClient, bridge: CheckoutBridge, ordered: str, used: Used) -> None:
    visitor.post(f"/orders/{ordered}/refund")
    assert (bridge.order(ordered)["state"], used("ONCE"), used("GIFT")) == ("unwound", 0, 0)


def test_a_refund_of_every_line_is_a_full_refund(visitor: FlaskClient, bridge: CheckoutBridge, ordered: str) -> None:
    lines = [{"line_id": "mug", "quantity": 2}, {"line_id": "pen", "quantity": 3}]
    visitor.post(f"/orders/{ordered}/refund", json={"refund_id": "r-1", "lines": lines})
    assert bridge.order(ordered)["state"] == "unwound"


def test_a_partial_refund_by_lines_gives_the_card_its_share_and_is_written_down(
    visitor: FlaskClient, bridge: CheckoutBridge, ordered: str, balance: Used
) -> None:
    body = {"refund_id": "r-1", "lines": [{"line_id": "mug", "quantity": 1}]}
    answer = visitor.post(f"/orders/{ordered}/refund", json=body)
    assert answer.status_code == 200
    assert "r-1" in answer.get_json()["body"]
    order = bridge.order(ordered)
    assert order["state"] == "confirmed"
    assert (order["history"][-1]["event"], order["history"][-1]["event_id"]) == ("refund", "r-1")
    assert (order["history"][-1]["detail"], order["refunds"][0]["lines"]) == ("1 of mug", {"mug": 1})
    assert [(back["code"], back["refund_id"], back["amount"]) for back in order["given_back"]] == [
        ("GIFT", "r-1", 1072)
    ]
    assert (balance("ONCE"), balance("GIFT")) == (0, 5000 - 2999 + 1072)
    assert visitor.get(f"/orders/{ordered}").get_json()["given_back"] == order["given_back"]


def test_every_refund_of_an_amount_that_the_shop_did_counts_until_all_was_paid_back(
    visitor: FlaskClient, bridge: CheckoutBridge, cart: Cart, used: Used
) -> None:
    visitor.post("/basket", json=cart("ONCE"))
    ordered = visitor.post("/checkout").get_json()["order_ref"]
    for amount in ("1000", "1000", "1000"):
        visitor.post(f"/orders/{ordered}/refund", data={"amount": amount})
    order = bridge.order(ordered)
    assert (order["state"], [one["amount"] for one in order["refunds"]], used("ONCE")) == ("confirmed", [1000] * 2, 1)
    assert (order["history"][-1]["event"], "999 of 2999" in order["history"][-1]["detail"]) == ("refund_refused", True)
    visitor.post(f"/orders/{ordered}/refund", data={"amount": "999"})
    assert (bridge.order(ordered)["state"], used("ONCE")) == ("unwound", 0)


def test_a_refund_that_the_shop_posts_twice_under_one_id_counts_once(
    visitor: FlaskClient, bridge: CheckoutBridge, ordered: str, balance: Used
) -> None:
    body = {"refund_id": "r-1", "lines": [{"line_id": "pen", "quantity": 1}]}
    for _ in range(2):
        assert visitor.post(f"/orders/{ordered}/refund", json=body).status_code == 200
    assert [one["refund_id"] for one in bridge.order(ordered)["refunds"]] == ["r-1"]
    assert balance("GIFT") == 5000 - 2999 + bridge.order(ordered)["given_back"][0]["amount"]


@pytest.mark.parametrize("body", [{"lines": [{"line_id": "mug", "quantity": 1.5}]}, {"amount": "all"}])
def test_a_refund_that_is_not_understood_gives_nothing_back_and_is_written_down(
    body: dict[str, Any], visitor: FlaskClient, bridge: CheckoutBridge, ordered: str
) -> None:
    assert visitor.post(f"/orders/{ordered}/refund", json=body).status_code == 200
    assert bridge.order(ordered)["state"] == "confirmed"
    assert _events(bridge, ordered)[-1] == "refund_not_understood"


def test_a_cancel_of_an_order_from_before_the_bridge_just_passes(visitor: FlaskClient) -> None:
    assert visitor.post("/orders/77/cancel").status_code == 303
    assert visitor.get("/orders/77").get_json()["state"] == "none"
