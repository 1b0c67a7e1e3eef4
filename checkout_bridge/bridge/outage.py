"""What a checkout does while the promotions API is out of reach: the declared mode of the kinds it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.bridge.restore import kind_of
from checkout_bridge.errors import BackendUnreachable, OutcomeUnknown, RateLimited
from checkout_bridge.events import Cart, Kind, OutageMode

# What an outage is told by; everything else is an answer.
OUTAGE = (BackendUnreachable, OutcomeUnknown, RateLimited)
CLOSED: OutageMode = "closed"
OPEN: OutageMode = "open_without_discount"
HONOUR: OutageMode = "honour_quote"
# Not modes that can be chosen: an order that stands on its platform is redeemed later, whatever is set.
PLACED, REINSTATED = "already_discounted", "reinstated"

Modes = Mapping[Kind, OutageMode]


def mode_of(cart: Cart, quote: Mapping[str, Any] | None, modes: Modes) -> OutageMode:
    """The mode for a cart: the strictest of its kinds. Without anything to redeem it is open.

    A quote is honoured if it holds everything that the cart asks for; without such a quote, that mode is closed.
    """
    asked = {modes[kind] for kind in _kinds(cart, quote)}
    if CLOSED in asked:
        return CLOSED
    if HONOUR in asked:
        is_held = quote is not None and quote["session_key"] and not quote["released_at"] and not quote["rejected"]
        return HONOUR if is_held else CLOSED
    return OPEN


def _kinds(cart: Cart, quote: Mapping[str, Any] | None) -> set[Kind]:
    """Kinds as the quote told them; a code that nobody has asked about yet is taken for a coupon."""
    told = {one["code"]: kind_of(one["type"]) for one in (quote or {}).get("applied") or ()}
    return {told.get(code, "coupon") for code in cart.codes} | {"gift_card" for _ in cart.gift_cards}
