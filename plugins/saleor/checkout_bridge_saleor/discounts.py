"""What applies to a cart as the input of Saleor's mutations: a discount of a draft order, or a voucher. Pure."""

from __future__ import annotations

from typing import Any

from checkout_bridge.events import Effects, Uncarried, WriteBack
from checkout_bridge.money import format_minor
from checkout_bridge_saleor.keys import decoded


def write_back(effects: Effects) -> WriteBack:
    """One fixed discount of all that applies; an empty object when nothing does. What is given for nothing is named.

    A draft order takes it as it is. A checkout takes a voucher of that value, to be made for it alone.
    """
    warnings = tuple(
        Uncarried("free_items", effect.code, f"{item.quantity} of {item.sku or item.product_id} cannot be added")
        for effect in effects.applied
        for item in effect.free_items
    )
    off = effects.cart.total - effects.total
    if off <= 0:
        return WriteBack({}, warnings)
    value = format_minor(off, effects.cart.currency)
    codes = ", ".join(effect.code for effect in effects.applied if effect.amount)
    is_draft = any(_is_of_order(line.line_id) for line in effects.cart.lines)
    return WriteBack(_discount(value, codes) if is_draft else _voucher(value, codes), warnings)


def _discount(value: str, codes: str) -> dict[str, Any]:
    return {"orderDiscountAdd": {"input": {"valueType": "FIXED", "value": value, "reason": codes}}}


def _voucher(value: str, codes: str) -> dict[str, Any]:
    made = {"type": "ENTIRE_ORDER", "discountValueType": "FIXED", "usageLimit": 1, "name": codes}
    return {
        "voucherCreate": {"input": made},
        "voucherChannelListingUpdate": {"input": {"addChannels": [{"discountValue": value}]}},
    }


def _is_of_order(line_id: str) -> bool:
    """Whether Saleor's id of a line, which names its type, is of an order and not of a checkout."""
    try:
        return decoded(line_id.rstrip("=").replace("+", "-").replace("/", "_")).startswith(b"OrderLine:")
    except ValueError:
        return False
