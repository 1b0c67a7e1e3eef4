"""What applies to a cart, as update actions: direct discounts, and what became of each code. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from checkout_bridge.events import Cart, Effects, Uncarried, WriteBack
from checkout_bridge_commercetools.codes import FIELD, statuses

NOTHING: Mapping[str, Any] = {"actions": []}  # the answer that leaves everything as it is
_CARDS = ("GIFT_VOUCHER", "LOYALTY_CARD")


def actions(effects: Effects) -> WriteBack:
    """``{"actions": [...]}``: all direct discounts of the cart anew, so that the same answer twice is the same once.

    They take off exactly what the cart costs less, however the effects share it.
    """
    if not effects.cart.lines:
        return WriteBack(NOTHING, _warnings(effects))
    told: list[dict[str, Any]] = [{"action": "setDirectDiscounts", "discounts": _discounts(effects)}]
    if effects.cart.has_redeemables:  # then the cart has the field
        told.append({"action": "setCustomField", "name": FIELD, "value": statuses(effects)})
    return WriteBack({"actions": told}, _warnings(effects))


def _discounts(effects: Effects) -> list[dict[str, Any]]:
    """One for each SKU with what its lines cost less, and one on the total price with what is of no such line."""
    cart, due = effects.cart, max(0, effects.cart.total - effects.total)
    by_sku = _by_sku(effects)
    if by_sku.total() > due:
        by_sku.clear()
    told = [
        _off(cart, amount, {"type": "lineItems", "predicate": f"sku = {json.dumps(sku, ensure_ascii=False)}"})
        for sku, amount in by_sku.items()
    ]
    rest = due - by_sku.total()
    return [*told, _off(cart, rest, {"type": "totalPrice"})] if rest else told


def _by_sku(effects: Effects) -> Counter[str]:
    """What the platform can take off lines by their SKU; a line whose total is not its own is out of its reach."""
    skus = {line.line_id: line.sku for line in effects.cart.lines if line.sku and line.exact_amount is None}
    off: Counter[str] = Counter()
    for effect in effects.applied:
        if effect.type in _CARDS:
            continue
        for line_id, amount in effect.allocations.items():
            sku = skus.get(line_id)
            if sku and amount:
                off[sku] += amount
    return off


def _off(cart: Cart, amount: int, target: dict[str, Any]) -> dict[str, Any]:
    money = {"type": "centPrecision", "currencyCode": cart.currency, "centAmount": amount}
    return {"value": {"type": "absolute", "money": [money]}, "target": target}


def _warnings(effects: Effects) -> tuple[Uncarried, ...]:
    found = []
    for effect in effects.applied:
        for free in effect.free_items:
            message = f"{free.quantity} of {free.sku or free.product_id} for nothing: add it to the cart yourself"
            found.append(Uncarried("free_items", effect.code, message))
        if effect.type in _CARDS:
            message = "taken off as a discount, so that tax is computed on what is left"
            found.append(Uncarried("card_as_discount", effect.code, message))
    if effects.total > effects.cart.total:
        found.append(Uncarried("negative_rest", "", "the cart costs more than it did; nothing is taken off"))
    return tuple(found)
