"""Holds: what a quote keeps, for whom, how many of them, until when; and the 409 of a quote that does not hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from checkout_bridge import CheckoutBridge
from checkout_bridge.client.inprocess import BASE_URL
from checkout_bridge.contract.fields import parse_moment
from checkout_bridge.errors import InvalidInput, NotFound, QuoteChanged, RedeemablesRejected

from .conftest import TOKEN, Wire

Cart = Callable[..., dict[str, Any]]
Used = Callable[[str], int]
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
ADA, BOB = {"id": "c-1", "email": "ada@example.com"}, {"id": "c-2", "email": "bob@example.com"}


@pytest.fixture
def guest(cart: Cart) -> Cart:
    """The cart of somebody the shop does not know."""
    return lambda *codes, **changed: cart(*codes, **{"customer": None, **changed})


@pytest.fixture
def once(bridge: CheckoutBridge) -> Callable[[str], str]:
    """Makes a coupon of 5.00 for one use."""

    def make(code: str) -> str:
        voucher = {"discount": {"type": "AMOUNT", "amount_off": 500}, "redemption": {"quantity": 1}}
        bridge.runtime.client.vouchers.create_voucher(code, voucher)
        return code

    return make


def _is_free(bridge: CheckoutBridge, cart: dict[str, Any]) -> bool:
    """Whether somebody else could have what is in this cart."""
    return not bridge.quote(cart)["rejected"]


def _later(seconds: float) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds))


def test_the_same_cart_of_the_same_customer_renews_its_quote(bridge: CheckoutBridge, cart: Cart) -> None:
    first = bridge.quote(cart("ONCE"), hold=True)
    with _later(300):
        again = bridge.quote(cart("ONCE"), hold=True)
    assert again["quote_id"] == first["quote_id"]
    assert parse_moment(again["expires_at"]) >= parse_moment(first["expires_at"]) + timedelta(seconds=299)
    assert (again["total"], again["rejected"]) == (first["total"], [])
    with _later(800):
        assert not _is_free(bridge, cart("ONCE", customer=BOB))
        assert bridge.checkout(cart("ONCE"), "1", quote_id=first["quote_id"])["state"] == "confirmed"


@pytest.mark.parametrize("changed", [{"customer": BOB}, {"gift_cards": ("GIFT",)}])
def test_another_cart_or_customer_has_a_quote_of_its_own(
    changed: dict[str, Any], bridge: CheckoutBridge, cart: Cart
) -> None:
    first = bridge.quote(cart("TEN"), hold=True)
    assert bridge.quote(cart("TEN", **changed), hold=True)["quote_id"] != first["quote_id"]


def test_one_hold_more_than_a_client_may_have_lets_go_of_the_oldest(
    bridge: CheckoutBridge, cart: Cart, once: Callable[[str], str]
) -> None:
    codes = [once(f"ONCE-{n}") for n in range(4)]
    for code in codes[:3]:
        bridge.quote(cart(code), hold=True)
    assert [_is_free(bridge, cart(code, customer=BOB)) for code in codes[:3]] == [False] * 3
    bridge.quote(cart(codes[3]), hold=True)
    assert [_is_free(bridge, cart(code, customer=BOB)) for code in codes] == [True, False, False, False]


def test_a_renewed_hold_is_not_the_oldest_any_more(
    bridge: CheckoutBridge, cart: Cart, once: Callable[[str], str]
) -> None:
    codes = [once(f"ONCE-{n}") for n in range(4)]
    for code in (*codes[:3], codes[0]):
        bridge.quote(cart(code), hold=True)
    bridge.quote(cart(codes[3]), hold=True)
    assert [_is_free(bridge, cart(code, customer=BOB)) for code in codes] == [False, True, False, False]


def test_how_many_a_client_may_hold_is_a_setting(data_dir: Any, cart: Cart) -> None:
    bridge = CheckoutBridge(Flask("shop"), data_dir=data_dir, holds_per_client=1)
    bridge.quote(cart("ONCE"), hold=True)
    bridge.quote(cart("TEN"), hold=True)
    assert _is_free(bridge, cart("ONCE", customer=BOB))
    bridge.close()


def test_the_holds_of_others_do_not_count(bridge: CheckoutBridge, cart: Cart, once: Callable[[str], str]) -> None:
    codes = [once(f"ONCE-{n}") for n in range(5)]
    for n, code in enumerate(codes):
        bridge.quote(cart(code, customer={"id": f"customer-{n}"}), hold=True)
    assert [_is_free(bridge, cart(code)) for code in codes] == [False] * 5


def test_a_shopper_without_account_is_named_by_the_shop(
    bridge: CheckoutBridge, guest: Cart, once: Callable[[str], str]
) -> None:
    codes = [once(f"ONCE-{n}") for n in range(4)]
    first = bridge.quote(guest(codes[0]), hold=True, client="session-1")
    assert bridge.quote(guest(codes[0]), hold=True, client="session-1")["quote_id"] == first["quote_id"]
    other = bridge.quote(guest(codes[0]), hold=True, client="session-2")
    assert other["quote_id"] != first["quote_id"]
    assert [one["code"] for one in other["rejected"]] == [codes[0]]
    for code in codes[1:]:
        bridge.quote(guest(code), hold=True, client="session-1")
    assert [_is_free(bridge, guest(code)) for code in codes] == [True, False, False, False]


def test_somebody_whom_nobody_can_tell_from_others_has_a_new_quote_each_time(
    bridge: CheckoutBridge, guest: Cart
) -> None:
    first, again = (bridge.quote(guest("TEN"), hold=True)["quote_id"] for _ in range(2))
    assert first != again


@pytest.mark.parametrize("client", ["", 7, "x" * 256])
def test_a_client_must_be_a_text(client: Any, bridge: CheckoutBridge, guest: Cart) -> None:
    with pytest.raises(InvalidInput, match="client"):
        bridge.quote(guest("TEN"), hold=True, client=client)


@pytest.mark.parametrize("door", ["python", "http"])
def test_a_hold_is_let_go_of_when_asked(door: str, bridge: CheckoutBridge, visitor: FlaskClient, cart: Cart) -> None:
    quote_id = bridge.quote(cart("ONCE"), hold=True)["quote_id"]
    for _ in range(2):  # done before is no error
        if door == "python":
            bridge.release(quote_id)
        else:
            answer = visitor.delete(f"/bridge/quotes/{quote_id}", headers=AUTHORIZED)
            assert (answer.status_code, answer.data) == (204, b"")
    assert _is_free(bridge, cart("ONCE", customer=BOB))
    body = {"cart": cart("ONCE"), "order_ref": "1", "quote_id": quote_id}
    refused = visitor.post("/bridge/checkout", json=body, headers=AUTHORIZED)
    assert (refused.status_code, refused.get_json()["key"]) == (409, "quote_expired")
    assert bridge.quote(cart("ONCE"), hold=True)["quote_id"] != quote_id


def test_a_quote_that_is_not_known_cannot_be_let_go_of(bridge: CheckoutBridge, visitor: FlaskClient) -> None:
    with pytest.raises(NotFound):
        bridge.release("quo_never")
    answer = visitor.delete("/bridge/quotes/quo_never", headers=AUTHORIZED)
    assert (answer.status_code, answer.get_json()["key"]) == (404, "quote_not_found")
    assert visitor.delete("/bridge/quotes/quo_never").status_code == 401


def test_a_refused_checkout_lets_go_of_what_was_held(bridge: CheckoutBridge, cart: Cart) -> None:
    wanted = cart("ONCE", gift_cards=("GIFT",))
    bridge.quote(wanted, hold=True)
    bridge.runtime.client.vouchers.disable_voucher("GIFT")
    with pytest.raises(RedeemablesRejected):
        bridge.checkout(wanted, "1")
    assert _is_free(bridge, cart("ONCE", customer=BOB))


def test_a_hold_ends_with_the_checkout_it_was_for(bridge: CheckoutBridge, cart: Cart, used: Used) -> None:
    bridge.runtime.client.vouchers.create_voucher(
        "TWICE", {"discount": {"type": "AMOUNT", "amount_off": 500}, "redemption": {"quantity": 2}}
    )
    quote = bridge.quote(cart("TWICE"), hold=True)
    bridge.checkout(cart("TWICE"), "1", quote_id=quote["quote_id"])
    assert bridge.checkout(cart("TWICE", customer=BOB), "2")["state"] == "confirmed"
    assert used("TWICE") == 2
    with _later(1):
        assert bridge.quote(cart("TEN"), hold=True)["quote_id"] != quote["quote_id"]


def test_a_hold_ends_when_it_expires(bridge: CheckoutBridge, cart: Cart) -> None:
    first = bridge.quote(cart("ONCE"), hold=True)
    with _later(601):
        assert _is_free(bridge, cart("ONCE", customer=BOB))
        assert bridge.quote(cart("ONCE"), hold=True)["quote_id"] != first["quote_id"]


def test_a_hold_of_one_client_never_serves_another(bridge: CheckoutBridge, cart: Cart, used: Used) -> None:
    quote = bridge.quote(cart("ONCE"), hold=True)
    with pytest.raises(RedeemablesRejected):
        bridge.checkout(cart("ONCE", customer=BOB), "1")
    with pytest.raises(Exception, match="quoted") as refusal:
        bridge.checkout(cart("ONCE", customer=BOB), "2", quote_id=quote["quote_id"])
    assert refusal.value.key == "quote_changed"
    assert used("ONCE") == 0
    assert bridge.checkout(cart("ONCE"), "3")["state"] == "confirmed"


def test_a_hold_of_a_named_client_serves_only_who_presents_it(bridge: CheckoutBridge, guest: Cart, used: Used) -> None:
    quote = bridge.quote(guest("ONCE"), hold=True, client="session-1")
    with pytest.raises(RedeemablesRejected):
        bridge.checkout(guest("ONCE"), "1")
    assert used("ONCE") == 0
    assert bridge.checkout(guest("ONCE"), "2", quote_id=quote["quote_id"])["state"] == "confirmed"


def test_a_known_customer_need_not_present_the_quote(bridge: CheckoutBridge, cart: Cart, used: Used) -> None:
    quote = bridge.quote(cart("ONCE", gift_cards=("GIFT",)), hold=True)
    order = bridge.checkout(cart("ONCE", gift_cards=("GIFT",)), "1")
    assert (order["state"], order["total"], used("ONCE"), used("GIFT")) == ("confirmed", quote["total"], 1, 2999)
    row = bridge.runtime.doors.flow.get("1", bridge.runtime.doors.source())
    assert row["quote_id"] == quote["quote_id"]


def test_a_shops_own_checkout_uses_the_hold_of_its_customer(
    bridge: CheckoutBridge, visitor: FlaskClient, cart: Cart, used: Used
) -> None:
    bridge.quote(cart("ONCE"), hold=True)
    visitor.post("/basket", json=cart("ONCE"))
    assert visitor.post("/checkout").get_json()["promotions"]["state"] == "redeemed"
    assert (bridge.order("1000")["state"], used("ONCE")) == ("confirmed", 1)


def test_what_differs_from_the_quote_is_told_and_nothing_is_redeemed(
    bridge: CheckoutBridge, visitor: FlaskClient, cart: Cart, used: Used
) -> None:
    quote = bridge.quote(cart("ONCE", "TEN"), hold=True)
    bridge.runtime.client.vouchers.disable_voucher("TEN")
    body = {"cart": cart("ONCE", "TEN"), "order_ref": "1", "quote_id": quote["quote_id"]}
    answer = visitor.post("/bridge/checkout", json=body, headers=AUTHORIZED)
    told = answer.get_json()
    assert (answer.status_code, told["key"]) == (409, "quote_changed")
    assert (told["quoted_total"], told["total"]) == (quote["total"], 2999)
    assert "TEN" in told["reason"]
    with pytest.raises(QuoteChanged) as refusal:
        bridge.checkout(cart("ONCE", "TEN"), "1", quote_id=quote["quote_id"])
    assert (refusal.value.quoted_total, refusal.value.total) == (quote["total"], 2999)
    assert (used("ONCE"), used("TEN")) == (0, 0)
    assert bridge.runtime.doors.ledger.newest(limit=1) == []


def test_an_outage_at_checkout_leaves_the_hold_for_the_next_try(
    bridge: CheckoutBridge, cart: Cart, wire: Any, used: Used
) -> None:
    quote = bridge.quote(cart("ONCE"), hold=True)
    wire.refuse("POST", "/redemptions", 429, "too_many_requests")
    with pytest.raises(Exception, match="No"):
        bridge.checkout(cart("ONCE"), "1", quote_id=quote["quote_id"])
    assert not _is_free(bridge, cart("ONCE", customer=BOB))
    wire.mend()
    assert bridge.checkout(cart("ONCE"), "1", quote_id=quote["quote_id"])["total"] == quote["total"]
    assert used("ONCE") == 1


def test_what_cannot_be_let_go_of_now_ends_by_itself(bridge: CheckoutBridge, cart: Cart, wire: Any) -> None:
    quote = bridge.quote(cart("ONCE"), hold=True)
    wire.lose_requests("DELETE", quote["quote_id"])
    bridge.release(quote["quote_id"])
    wire.mend()
    assert not _is_free(bridge, cart("ONCE", customer=BOB))
    with _later(601):
        assert _is_free(bridge, cart("ONCE", customer=BOB))


@pytest.mark.parametrize("mode", ["honour_quote", "open_without_discount"])
def test_a_hold_ends_with_an_order_that_an_outage_left_without_redemption(
    mode: str, data_dir: Any, bridge: CheckoutBridge, cart: Cart
) -> None:
    declared = CheckoutBridge(Flask("declared"), data_dir=data_dir, outage=mode)
    session = declared.runtime.client.transport.session
    wire = Wire(session.get_adapter(BASE_URL))
    session.mount(BASE_URL, wire)
    quote = declared.quote(cart("ONCE"), hold=True)
    wire.refuse("POST", "/redemptions", 429, "slow_down")
    declared.checkout(cart("ONCE"), "1", quote_id=quote["quote_id"])
    wire.mend()
    declared.cancel("1")
    assert not _is_free(bridge, cart("ONCE", customer=BOB))
    with _later(20):
        declared.runtime.doors.flow.sweep()
        assert _is_free(bridge, cart("ONCE", customer=BOB))
    declared.close()
