"""What applies to a cart as the manual discounts of a BigCommerce checkout. Pure."""

from __future__ import annotations

from typing import Any

from checkout_bridge.events import Effects, Uncarried, WriteBack
from checkout_bridge.money import format_minor
from checkout_bridge_bigcommerce.payloads import CODE_PREFIX

CARDS = ("GIFT_VOUCHER", "LOYALTY_CARD")


def written(effects: Effects) -> WriteBack:
    """The body of ``POST /v3/checkouts/<id>/discounts``: ``{cart: {discounts: [{discounted_amount, name}]}}``.

    One discount for each code, named so that the order tells the code again; BigCommerce spreads it over the lines.
    """
    discounts: list[dict[str, Any]] = []
    warnings: list[Uncarried] = []
    currency, left = effects.cart.currency, effects.cart.total
    for effect in effects.applied:
        if effect.free_items:
            message = "a BigCommerce checkout gets no line by a discount: put the free items into the cart"
            warnings.append(Uncarried("free_items", effect.code, message))
        off = min(effect.amount, left)
        if off < effect.amount:
            over = format_minor(effect.amount - off, currency)
            warnings.append(Uncarried("negative_rest", effect.code, f"{over} more than what is left of the goods"))
        if off > 0:
            discounts.append({"discounted_amount": _number(off, currency), "name": CODE_PREFIX + effect.code})
            if effect.type in CARDS:
                message = "what the card pays is taken off as a discount, so that it lowers the tax, too"
                warnings.append(Uncarried("card_as_discount", effect.code, message))
        elif not effect.free_items:
            message = "a discount of nothing cannot be told, so that the order will not name the code"
            warnings.append(Uncarried("empty_discount", effect.code, message))
        left -= off
    return WriteBack({"cart": {"discounts": discounts}}, tuple(warnings))


def _number(amount: int, currency: str) -> float:
    """BigCommerce wants a JSON number. Up to 15 digits a float is written as the very decimal that it was made of."""
    return float(format_minor(amount, currency))
