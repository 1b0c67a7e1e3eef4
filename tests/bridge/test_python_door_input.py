"""Bad input at the Python door: InvalidInput that names the field, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from checkout_bridge import Cart as BridgeCart
from checkout_bridge import CheckoutBridge, Line
from checkout_bridge.errors import InvalidInput

Cart = Callable[..., dict[str, Any]]
Used = Callable[[str], int]
Call = Callable[[Any, dict[str, Any]], Any]
SURROGATE = "out of \ud800stock"

CALLS: list[tuple[Call, str]] = [
    (lambda bridge, cart: bridge.refund("1", refund_id="r-1", lines=5), ".lines"),
    (lambda bridge, cart: bridge.refund("1", refund_id="r-1", lines="all"), ".lines"),
    (lambda bridge, cart: bridge.refund("1", refund_id="r-1", lines=[None]), ".lines[0]"),
    (lambda bridge, cart: bridge.refund("1", refund_id=7), ".refund_id"),
    (lambda bridge, cart: bridge.refund(["1"], refund_id="r-1"), ".order_ref"),
    (lambda bridge, cart: bridge.preview_refund("1", amount="5"), ".amount"),
    (lambda bridge, cart: bridge.cancel(["a"]), ".order_ref"),
    (lambda bridge, cart: bridge.cancel(""), ".order_ref"),
    (lambda bridge, cart: bridge.cancel("1", event_id={}), ".event_id"),
    (lambda bridge, cart: bridge.cancel("1", reason=SURROGATE), ".reason"),
    (lambda bridge, cart: bridge.cancel("1", shop=7), ".shop"),
    (lambda bridge, cart: bridge.order(None), "order_ref"),
    (lambda bridge, cart: bridge.confirm(7), ".order_ref"),
    (lambda bridge, cart: bridge.quote(cart, hold="no"), ".hold"),
    (lambda bridge, cart: bridge.quote(cart, platform=["generic"]), ".platform"),
    (lambda bridge, cart: bridge.quote("cart"), ".cart"),
    (lambda bridge, cart: bridge.quote({**cart, "items": [{"sku": "a"}]}), ".cart.items[0]"),
    (lambda bridge, cart: bridge.quote({**cart, "currency": "XYZ"}), ".cart.currency"),
    (lambda bridge, cart: bridge.checkout(cart, SURROGATE), ".order_ref"),
    (lambda bridge, cart: bridge.checkout(cart, "2", quote_id=5), ".quote_id"),
]


@pytest.mark.parametrize(("call", "field"), CALLS)
def test_an_argument_that_makes_no_sense_is_named(
    call: Call, field: str, bridge: CheckoutBridge, cart: Cart, used: Used
) -> None:
    bridge.checkout(cart("ONCE"), "1")
    before = bridge.order("1")
    with pytest.raises(InvalidInput) as refusal:
        call(bridge, cart("TEN"))
    assert field in str(refusal.value.details)
    assert (bridge.order("1"), used("ONCE"), used("TEN")) == (before, 1, 0)
    assert len(bridge.runtime.doors.ledger.newest(limit=9)) == 1


def test_a_line_whose_quantity_is_a_text_is_no_line() -> None:
    two: Any = "2"
    with pytest.raises(InvalidInput) as refusal:
        BridgeCart("EUR", (Line("a", two, 100),))
    assert ".items[0].quantity" in str(refusal.value.details)
