"""Orders as pricing sees them, and its changes as they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.engine.pricing.order import Change, Line, LineChange, OrderState
from checkout_bridge.engine.services.catalogue import Catalogue
from checkout_bridge.errors import InvalidInput
from checkout_bridge.money import MAX_MINOR

_EMPTY = Catalogue()


def state_of(told: Mapping[str, Any], found: Catalogue = _EMPTY) -> OrderState | None:
    """The state of an order before any redemption; None when its amount is not known.

    A given amount wins, even when inconsistent; else it is the sum of the lines. A line's amount is the given one, else
    price times quantity; its price its own, else its SKU's, else its product's.
    """
    lines = tuple(_line(item, found) for item in told.get("items") or ())
    known = [line.amount for line in lines if line.amount is not None]
    amount = told.get("amount")
    if amount is None:
        if not known:
            return None
        amount = _bounded(sum(known))
    return OrderState(int(amount), int(told.get("discount_amount") or 0), lines, told.get("initial_amount"))


def _line(item: Mapping[str, Any], found: Catalogue) -> Line:
    quantity = int(item.get("quantity", 0))
    told = (part.get("price") for part in (item, item.get("sku") or {}, item.get("product") or {}))
    price = next((int(price) for price in told if price is not None), None)
    amount = item.get("amount")
    if amount is None and price is not None:
        amount = _bounded(price * quantity)
    return Line(
        quantity=quantity,
        price=price,
        amount=amount,
        discount=int(item.get("discount_amount", 0)),
        free=int(item.get("discount_quantity", 0)),
        names=found.names_of(item),
        initial_quantity=item.get("initial_quantity"),
        initial_amount=item.get("initial_amount"),
    )


def _bounded(amount: int) -> int:
    if amount > MAX_MINOR:
        raise InvalidInput(f"Property .items must not add up to an amount over {MAX_MINOR}")
    return amount


def to_json(change: Change) -> dict[str, Any]:
    """A change as it is stored."""
    lines = {str(i): [line.discount, line.quantity, line.free, line.amount] for i, line in change.lines.items()}
    added = {
        str(i): {"price": line.price, "names": sorted(line.names), "item": dict(line.item)}
        for i, line in change.added.items()
    }
    return {"discount": change.discount, "lines": lines, "added": added}


def from_json(stored: Mapping[str, Any] | None) -> Change:
    """A change that was stored; no change when there is none."""
    if stored is None:
        return Change()
    lines = {int(i): LineChange(*values) for i, values in stored["lines"].items()}
    added = {int(i): _added(line) for i, line in stored["added"].items()}
    return Change(stored["discount"], lines, added)


def _added(stored: Mapping[str, Any]) -> Line:
    names = frozenset((kind, name) for kind, name in stored["names"])
    amount = None if stored["price"] is None else 0
    return Line(price=stored["price"], amount=amount, names=names, item=stored["item"])
