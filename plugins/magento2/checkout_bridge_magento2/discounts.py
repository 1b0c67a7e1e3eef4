"""What applies to a cart as the operations that Adobe Commerce's totals hook follows. Pure."""

from __future__ import annotations

from typing import Any

from checkout_bridge.events import Cart, Effects, Uncarried, WriteBack
from checkout_bridge.money import format_minor

NOTHING = [{"op": "success"}]


def write_back(effects: Effects) -> WriteBack:
    """One discount with the codes as its labels, and each line's part of it. A product for nothing cannot be added."""
    warnings = tuple(
        Uncarried("free_items", effect.code, f"{item.quantity} of {item.sku or item.product_id} cannot be added")
        for effect in effects.applied
        for item in effect.free_items
    )
    off = effects.cart.total - effects.total
    if off <= 0:
        return WriteBack(NOTHING, warnings)
    parts = _parts(effects, off)
    discount = {
        "code": "discount",
        "base_discount": _number(off, effects.cart),
        "discount_description_array": [effect.code for effect in effects.applied if effect.amount],
        "discount_rule_id_array": [],
        "discount_type": "fixed",
        "discount_item_id_array": list(parts),
    }
    told: list[dict[str, Any]] = [{"op": "replace", "path": "result", "value": discount}]
    for place, part in parts.items():
        path = f"shippingAssignment/items/{place}/base_discount_amount"
        told.append({"op": "add", "path": path, "value": _number(part, effects.cart)})
    return WriteBack(told, warnings)


def _parts(effects: Effects, off: int) -> dict[int, int]:
    """What goes off each place of the cart; none when that is not the whole discount: Commerce spreads it itself."""
    by_line = {line.line_id: 0 for line in effects.cart.lines}
    for effect in effects.applied:
        for line_id, part in effect.allocations.items():
            by_line[line_id] = by_line.get(line_id, 0) + part
    are_places = all(line_id.isascii() and line_id.isdecimal() for line_id in by_line)
    if not are_places or sum(by_line.values()) != off:
        return {}
    return {int(line_id): part for line_id, part in by_line.items() if part}


def _number(amount: int, cart: Cart) -> int | float:
    """A JSON number that prints as the exact decimal: at most 16 digits, which a double keeps."""
    text = format_minor(amount, cart.currency)
    return float(text) if "." in text else int(text)
