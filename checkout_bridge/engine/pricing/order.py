"""The amounts of an order while redeemables are applied to it, one after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from checkout_bridge.errors import InvalidInput
from checkout_bridge.money import MAX_MINOR


@dataclass(frozen=True, slots=True)
class OrderState:
    """``amount`` before any discount, ``discount`` off the order so far, ``items_discount`` off its lines so far."""

    amount: int
    discount: int = 0
    items_discount: int = 0

    @property
    def total(self) -> int:
        """What is left to pay; never below 0."""
        return max(0, self.amount - self.discount - self.items_discount)

    def discounted(self, by: int) -> OrderState:
        """The state after one more discount off the order."""
        return replace(self, discount=self.discount + by)


def line_amount(item: Mapping[str, Any]) -> int | None:
    """What a line is worth: the given amount, else price times quantity; None when neither is known.

    The price is the line's own, else its SKU's, else its product's.
    """
    if "amount" in item:
        return int(item["amount"])
    price = line_price(item)
    return None if price is None else _bounded(price * int(item.get("quantity", 0)))


def line_price(item: Mapping[str, Any]) -> int | None:
    """The price of one piece, as the line tells it."""
    for source in (item, item.get("sku") or {}, item.get("product") or {}):
        if "price" in source:
            return int(source["price"])
    return None


def order_amount(order: Mapping[str, Any]) -> int | None:
    """What an order is worth: the given amount, even when inconsistent, else the sum of its lines.

    Raises InvalidInput when that is more than the largest amount.
    """
    if order.get("amount") is not None:
        return int(order["amount"])
    amounts = [amount for amount in map(line_amount, order.get("items") or ()) if amount is not None]
    return _bounded(sum(amounts)) if amounts else None


def _bounded(amount: int) -> int:
    if amount > MAX_MINOR:
        raise InvalidInput(f"Property .items must not add up to an amount over {MAX_MINOR}")
    return amount


def starting_state(order: Mapping[str, Any]) -> OrderState | None:
    """The state an order is in before anything is applied; None when its amount is not known."""
    amount = order_amount(order)
    if amount is None:
        return None
    lines = sum(int(item.get("discount_amount", 0)) for item in order.get("items") or ())
    return OrderState(amount, int(order.get("discount_amount") or 0), lines)


def amounts(state: OrderState, applied: int | None = None) -> dict[str, int]:
    """The amount fields of an order. Discounts that are zero are left out, but for those just ``applied``."""
    fields = {
        "discount_amount": state.discount,
        "items_discount_amount": state.items_discount,
        "total_discount_amount": state.discount + state.items_discount,
    }
    answer = {"amount": state.amount, **{name: value for name, value in fields.items() if value}}
    answer["total_amount"] = state.total
    if applied is not None:
        answer |= {"applied_discount_amount": applied, "total_applied_discount_amount": applied}
    return answer
