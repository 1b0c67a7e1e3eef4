"""Quotes: a checkout that presents one gets its price or is refused, and what it holds is kept for it alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from checkout_bridge import CheckoutBridge
from checkout_bridge.errors import Conflict, NotFound, RedeemablesRejected

Cart = Callable[..., dict[str, Any]]
Used = Callable[[str], int]
States = Callable[[], list[str]]


def _refused(bridge: CheckoutBridge, cart: dict[str, Any], quote_id: str) -> Conflict:
    with pytest.raises(Conflict) as refusal:
        bridge.checkout(cart, "1", quote_id=quote_id)
    return refusal.value


def test_a_checkout_within_its_quote_gets_its_price(bridge: CheckoutBridge, cart: Cart) -> None:
    quote = bridge.quote(cart("TEN"))
    assert bridge.checkout(cart("TEN"), "1", quote_id=quote["quote_id"])["total"] == quote["total"] == 3149
    row = bridge.runtime.doors.flow.get("1", bridge.runtime.doors.source())
    assert row["quote_id"] == quote["quote_id"]


def test_an_expired_quote_is_refused(bridge: CheckoutBridge, cart: Cart, used: Used, states: States) -> None:
    quote = bridge.quote(cart("TEN"))
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=601)):
        assert _refused(bridge, cart("TEN"), quote["quote_id"]).key == "quote_expired"
    assert (used("TEN"), states()) == (0, [])


def test_a_changed_cart_is_refused(bridge: CheckoutBridge, cart: Cart, used: Used, states: States) -> None:
    quote = bridge.quote(cart("TEN"))
    assert _refused(bridge, cart("TEN", gift_cards=("GIFT",)), quote["quote_id"]).key == "quote_changed"
    assert (used("TEN"), used("GIFT"), states()) == (0, 0, [])


def test_a_changed_price_is_refused_with_both_totals(
    bridge: CheckoutBridge, cart: Cart, used: Used, states: States
) -> None:
    quote = bridge.quote(cart("TEN"))
    change = {"discount": {"type": "PERCENT", "percent_off": 5}}
    bridge.runtime.client.vouchers.delete_voucher("TEN", force=True)
    bridge.runtime.client.vouchers.create_voucher("TEN", change)
    refusal = _refused(bridge, cart("TEN"), quote["quote_id"])
    assert refusal.key == "quote_changed"
    assert "3149" in str(refusal.details)
    assert "3324" in str(refusal.details)
    assert (used("TEN"), states()) == (0, [])


def test_a_code_that_ended_since_the_quote_changes_its_price(bridge: CheckoutBridge, cart: Cart, used: Used) -> None:
    quote = bridge.quote(cart("TEN"))
    bridge.runtime.client.vouchers.disable_voucher("TEN")
    assert _refused(bridge, cart("TEN"), quote["quote_id"]).key == "quote_changed"
    assert used("TEN") == 0


def test_a_quote_that_is_not_known_is_not_found(bridge: CheckoutBridge, cart: Cart, states: States) -> None:
    with pytest.raises(NotFound) as refusal:
        bridge.checkout(cart("TEN"), "1", quote_id="quo_never")
    assert refusal.value.key == "quote_not_found"
    assert states() == []


def test_what_a_quote_holds_is_kept_for_the_checkout_that_presents_it(
    bridge: CheckoutBridge, cart: Cart, used: Used
) -> None:
    quote = bridge.quote(cart("ONCE", gift_cards=("GIFT",)), hold=True)
    with pytest.raises(RedeemablesRejected) as refusal:
        bridge.checkout(cart("ONCE"), "another")
    assert refusal.value.key == "quantity_exceeded"
    assert [one["key"] for one in bridge.quote(cart("ONCE"))["rejected"]] == ["quantity_exceeded"]
    assert (used("ONCE"), used("GIFT")) == (0, 0)
    order = bridge.checkout(cart("ONCE", gift_cards=("GIFT",)), "1", quote_id=quote["quote_id"])
    assert (order["state"], used("ONCE"), used("GIFT")) == ("confirmed", 1, 2999)


def test_what_a_quote_held_is_free_again_when_it_has_expired(bridge: CheckoutBridge, cart: Cart) -> None:
    bridge.quote(cart("ONCE"), hold=True)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=601)):
        assert bridge.checkout(cart("ONCE"), "1")["state"] == "confirmed"


def test_a_quote_without_hold_keeps_nothing_from_others(bridge: CheckoutBridge, cart: Cart) -> None:
    quote = bridge.quote(cart("ONCE"))
    bridge.checkout(cart("ONCE"), "another")
    assert _refused(bridge, cart("ONCE"), quote["quote_id"]).key == "quote_changed"


def test_a_repeated_checkout_answers_the_same_even_when_its_quote_has_expired(
    bridge: CheckoutBridge, cart: Cart
) -> None:
    quote = bridge.quote(cart("ONCE"), hold=True)
    first = bridge.checkout(cart("ONCE"), "1", quote_id=quote["quote_id"])
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=601)):
        assert bridge.checkout(cart("ONCE"), "1", quote_id=quote["quote_id"]) == first
