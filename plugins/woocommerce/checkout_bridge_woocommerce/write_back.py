"""What applies to a cart in WooCommerce's terms: a virtual coupon names each code, a negative fee takes it off."""

from __future__ import annotations

from typing import Any

from checkout_bridge.events import Effects, Uncarried, WriteBack
from checkout_bridge.money import format_minor

CARDS = ("GIFT_VOUCHER", "LOYALTY_CARD")


def written(effects: Effects) -> WriteBack:
    """``{coupons: [{code, discount_type, amount}], fees: [{id, name, amount, taxable}]}``, amounts as decimal strings.

    The coupon takes nothing off: its amount would be with tax in a shop whose prices are. A fee is always without, and
    a taxable one takes its share of the tax with it; what a card pays is no discount, and leaves the tax as it is.
    """
    coupons: list[dict[str, Any]] = []
    fees: list[dict[str, Any]] = []
    warnings: list[Uncarried] = []
    left = effects.cart.total
    for i, effect in enumerate(effects.applied, 1):
        coupons.append({"code": effect.code, "discount_type": "fixed_cart", "amount": "0"})
        if effect.free_items:
            message = "WooCommerce adds no line by a coupon: put the free items into the cart"
            warnings.append(Uncarried("free_items", effect.code, message))
        off = min(effect.amount, left)
        if off < effect.amount:
            over = format_minor(effect.amount - off, effects.cart.currency)
            warnings.append(Uncarried("negative_rest", effect.code, f"{over} more than what is left of the goods"))
        if off > 0:
            amount = format_minor(-off, effects.cart.currency)
            taxable = effect.type not in CARDS
            fees.append({"id": f"checkout-bridge-{i}", "name": effect.code, "amount": amount, "taxable": taxable})
        left -= off
    return WriteBack({"coupons": coupons, "fees": fees}, tuple(warnings))
