"""What the promotions API says applies to a cart, as the values that plugins put into their platform's terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checkout_bridge.events import Cart, Effect, Effects, FreeItem, Rejected
from checkout_bridge.money import allocate

Told = Mapping[str, Any]


def effects_of(cart: Cart, redeemables: Sequence[Told], rejected: Sequence[Told], total: int) -> Effects:
    """The effects of the applicable ``redeemables`` of a validation, each on what those before it left of the lines."""
    left = [line.amount for line in cart.lines]
    applied = tuple(_effect(cart, item, left) for item in redeemables)
    told = tuple(Rejected(item["code"], item["key"], item["message"]) for item in rejected)
    return Effects(cart, applied, told, total)


def kind_of(item: Told) -> str:
    """The type of voucher behind an applicable redeemable, as far as the validation tells."""
    result = item.get("result") or {}
    if "gift" in result:
        return "GIFT_VOUCHER"
    return "LOYALTY_CARD" if "loyalty_card" in result else "DISCOUNT_VOUCHER"


def _effect(cart: Cart, item: Told, left: list[int]) -> Effect:
    order = item.get("order") or {}
    lines, items = len(cart.lines), list(order.get("items") or ())
    # What was added, as lines of its own or as more pieces of the cart's, costs nothing and takes nothing off these.
    added = [int(one.get("applied_quantity_amount") or 0) for one in items]
    off_items = [int(one.get("applied_discount_amount") or 0) - more for one, more in zip(items, added, strict=True)]
    own = [min(part, most) for part, most in zip([*off_items[:lines], *[0] * lines], left, strict=False)]
    left[:] = [value - part for value, part in zip(left, own, strict=True)]
    on_order = int(order.get("total_applied_discount_amount") or 0) - int(
        order.get("items_applied_discount_amount") or 0
    )
    shares = allocate(max(0, min(on_order, sum(left))), left)
    left[:] = [value - part for value, part in zip(left, shares, strict=True)]
    parts = [part + share for part, share in zip(own, shares, strict=True)]
    by_line = {line.line_id: part for line, part in zip(cart.lines, parts, strict=True)}
    free = tuple(_free_item(one) for one in items if int(one.get("applied_quantity") or 0) > 0)
    return Effect(item["id"], kind_of(item), sum(parts), by_line, free)


def _free_item(item: Told) -> FreeItem:
    sku = (item.get("sku") or {}).get("source_id")
    product = (item.get("product") or {}).get("source_id") or item.get("product_id")
    if sku is None and product is None:
        sku = item.get("source_id")
    value = int(item.get("applied_quantity_amount") or 0)
    return FreeItem(int(item["applied_quantity"]), sku, product, value)
