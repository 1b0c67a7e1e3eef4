"""What applies to a cart as Shopify's draft orders take it: one discount of a fixed amount on the whole order."""

from __future__ import annotations

from checkout_bridge.events import Effects, Uncarried, WriteBack
from checkout_bridge.money import format_minor

_LONGEST_TITLE = 255
_NO_PRODUCTS = "a discount of a draft order adds no products: add them as lines, for 0.00"


def discounted(effects: Effects) -> WriteBack:
    """``{draft_order: {applied_discount: {title, description, value_type, value, amount} | null}}``. Pure.

    A draft order takes one discount only: its amount is the sum of all that apply, gift cards among them, and its
    title their codes. The amount is a decimal string in the cart's currency. Products that come for nothing are not
    carried: ``free_items``.
    """
    off = effects.cart.total - effects.total
    codes = ", ".join(effect.code for effect in effects.applied if effect.amount)
    amount = format_minor(off, effects.cart.currency)
    discount = {
        "title": codes[:_LONGEST_TITLE],
        "description": codes[:_LONGEST_TITLE],
        "value_type": "fixed_amount",
        "value": amount,
        "amount": amount,
    }
    warnings = tuple(
        Uncarried("free_items", effect.code, _NO_PRODUCTS) for effect in effects.applied if effect.free_items
    )
    return WriteBack({"draft_order": {"applied_discount": discount if off else None}}, warnings)
