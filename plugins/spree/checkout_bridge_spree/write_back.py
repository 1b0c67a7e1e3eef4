"""What applies to a cart, as manual discounts of an order of Spree's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checkout_bridge.events import Effect, Effects, Uncarried, WriteBack
from checkout_bridge.money import format_minor


def discounts_of(effects: Effects) -> WriteBack:
    """``{discounts[]}``: each is the body of one ``POST /api/v3/admin/orders/{id}/discounts``, in this order.

    They take off all that applies, cards included; the value is a decimal string in the order's currency.
    """
    currency = effects.cart.currency
    discounts = [discount for effect in effects.applied for discount in _discounts(effect, currency)]
    warnings = tuple(
        Uncarried("free_items", effect.code, "a discount adds no item: add the free pieces to the order yourself")
        for effect in effects.applied
        if effect.free_items
    )
    return WriteBack({"discounts": discounts}, warnings)


def _discounts(effect: Effect, currency: str) -> Iterator[dict[str, Any]]:
    """One for each line; what is of no line is left for Spree to spread."""
    for line_id, amount in effect.allocations.items():
        if amount > 0:
            yield {**_flat(effect.code, amount, currency), "line_item_id": line_id}
    rest = effect.amount - sum(effect.allocations.values())
    if rest > 0:
        yield _flat(effect.code, rest, currency)


def _flat(code: str, amount: int, currency: str) -> dict[str, Any]:
    return {"label": code, "value": format_minor(amount, currency), "value_type": "flat"}
