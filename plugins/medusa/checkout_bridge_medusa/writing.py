"""What applies to a cart in Medusa's own terms: adjustments of its line items."""

from __future__ import annotations

from typing import Any

from checkout_bridge.events import Effect, Effects, Uncarried, WriteBack
from checkout_bridge.money import format_minor


def write_back(effects: Effects) -> WriteBack:
    """``{adjustments: [{item_id, code, amount, description}], rejected: [{code, key, message}]}`` for
    ``setLineItemAdjustments``, which replaces all there are. Amounts are decimal strings in major units.

    A code that takes nothing off stays on the cart as an adjustment of nothing, so that the order tells it.
    """
    cart = effects.cart
    left = {line.line_id: line.amount for line in cart.lines}
    adjustments: list[dict[str, Any]] = []
    warnings: list[Uncarried] = []
    for effect in effects.applied:
        shares = _carried(effect, left) or ({cart.lines[0].line_id: 0} if cart.lines else {})
        for line_id, amount in shares.items():
            adjustments.append(
                {
                    "item_id": line_id,
                    "code": effect.code,
                    "amount": format_minor(amount, cart.currency),
                    "description": effect.type,
                }
            )
        warnings += _uncarried(effect, sum(shares.values()), cart.currency)
    rejected = [{"code": one.code, "key": one.key, "message": one.message} for one in effects.rejected]
    return WriteBack({"adjustments": adjustments, "rejected": rejected}, tuple(warnings))


def _carried(effect: Effect, left: dict[str, int]) -> dict[str, int]:
    """What goes off each line, never more than is left of it nor of the effect; ``left`` is brought down by it."""
    rest, shares = effect.amount, {}
    for line_id, amount in effect.allocations.items():
        share = min(amount, left.get(line_id, 0), rest)
        if share > 0:
            shares[line_id] = share
            left[line_id] -= share
            rest -= share
    return shares


def _uncarried(effect: Effect, carried: int, currency: str) -> list[Uncarried]:
    warnings = []
    if carried < effect.amount:
        lost = format_minor(effect.amount - carried, currency)
        warnings.append(Uncarried("not_on_lines", effect.code, f"{lost} {currency} is not on any line of the cart"))
    for item in effect.free_items:
        what = item.sku or item.product_id or "an unnamed product"
        message = f"{item.quantity} of {what} for nothing: an adjustment cannot add a line"
        warnings.append(Uncarried("free_items", effect.code, message))
    return warnings
