"""What applies to a cart in PrestaShop's own terms: cart rules for the module to make."""

from __future__ import annotations

from typing import Any

from checkout_bridge.events import Effect, Effects, Uncarried, WriteBack
from checkout_bridge.money import format_minor


def write_back(effects: Effects) -> WriteBack:
    """``{cart_rules: [{name, code, reduction_amount, reduction_tax, partial_use}], rejected: [...]}``.

    ``reduction_amount`` is a decimal string with tax, for the cart as a whole; ``partial_use`` is 0, or PrestaShop
    would make a voucher of what a rule does not use up.
    """
    cart = effects.cart
    left = cart.total
    rules: list[dict[str, Any]] = []
    warnings: list[Uncarried] = []
    for effect in effects.applied:
        off = max(0, min(effect.amount, left))
        left -= off
        if off:
            rules.append(_rule(effect.code, format_minor(off, cart.currency)))
        warnings += _uncarried(effect, off, cart.currency)
    rejected = [{"code": one.code, "key": one.key, "message": one.message} for one in effects.rejected]
    return WriteBack({"cart_rules": rules, "rejected": rejected}, tuple(warnings))


def _rule(code: str, amount: str) -> dict[str, Any]:
    return {"name": code, "code": code, "reduction_amount": amount, "reduction_tax": 1, "partial_use": 0}


def _uncarried(effect: Effect, off: int, currency: str) -> list[Uncarried]:
    warnings = []
    if off < effect.amount:
        lost = format_minor(effect.amount - off, currency)
        warnings.append(Uncarried("more_than_the_cart", effect.code, f"{lost} {currency} is more than the cart costs"))
    for item in effect.free_items:
        what = item.sku or item.product_id or "an unnamed product"
        message = f"{item.quantity} of {what} for nothing: a rule's gift would be a line of the order at its full price"
        warnings.append(Uncarried("free_items", effect.code, message))
    if not effect.amount and not effect.free_items:
        message = "takes nothing off: PrestaShop leaves such a rule out of the order, which then does not tell the code"
        warnings.append(Uncarried("nothing_off", effect.code, message))
    return warnings
