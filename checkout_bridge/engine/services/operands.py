"""What formulas read: the order in a state, its lines, the customer, the redeemable and the redemption."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from checkout_bridge.engine.pricing.formulas import Read, parse
from checkout_bridge.engine.pricing.order import Line, OrderState

Row = dict[str, Any]
# Line operands may be about the line at hand, or about one of the whole order.
_OF_WHICH_LINE = ("CHEAPEST_", "MOST_EXPENSIVE_")


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules and formulas ask about beside amounts: order and customer as stored and as told, and the redemption.

    ``products`` gives the metadata of a line's product.
    """

    order: Mapping[str, Any]
    customer: Mapping[str, Any] | None
    metadata: Mapping[str, Any]
    now: str
    product_metadata: Callable[[Mapping[str, Any]], Mapping[str, Any]]

    def item(self, index: int) -> Mapping[str, Any]:
        """The line at this index as told; empty for one that was added."""
        items = self.order.get("items") or ()
        return items[index] if index < len(items) else {}


def reader(facts: Facts, voucher: Row, state: OrderState, index: int | None = None) -> Read:
    """What a formula of a voucher reads about an order in a state and, with ``index``, one of its lines."""
    metadata = {
        "ORDER_METADATA": facts.order.get("metadata"),
        "CUSTOMER_METADATA": (facts.customer or {}).get("metadata"),
        "REDEEMABLE_METADATA": voucher["metadata"],
        "REDEMPTION_METADATA": facts.metadata,
    }

    def read(name: str, arguments: tuple[str, ...]) -> Any:
        if name in metadata:
            return (metadata[name] or {}).get(arguments[0])
        if "ORDER_ITEM_" in name:
            return _of_line(facts, state, name, arguments, index)
        value = _PLAIN.get(name)
        return value(facts, voucher, state) if value is not None else None

    return read


def _major(minor: int | None) -> Fraction | None:
    return None if minor is None else Fraction(minor, 100)


_PLAIN: Mapping[str, Callable[[Facts, Row, OrderState], Any]] = {
    "ORDER_AMOUNT": lambda facts, voucher, state: _major(state.amount),
    "ORDER_INITIAL_AMOUNT": lambda facts, voucher, state: _major(state.before_units),
    "ORDER_TOTAL_AMOUNT": lambda facts, voucher, state: _major(state.total),
    "ORDER_ITEMS_QUANTITY": lambda facts, voucher, state: sum(line != Line() for line in state.lines),
    "ORDER_UNITS_QUANTITY": lambda facts, voucher, state: sum(line.quantity for line in state.lines),
    "VOUCHER_REDEMPTION_QUANTITY": lambda facts, voucher, state: voucher["quantity"],
    "VOUCHER_REDEEMED_QUANTITY": lambda facts, voucher, state: voucher["redeemed_quantity"],
    "VOUCHER_PUBLISH_COUNT": lambda facts, voucher, state: int(voucher["holder_id"] is not None),
    "VOUCHER_START_DATE": lambda facts, voucher, state: voucher["start_date"],
    "VOUCHER_EXPIRATION_DATE": lambda facts, voucher, state: voucher["expiration_date"],
    "CUSTOMER_BIRTHDATE": lambda facts, voucher, state: _birthdate(facts.customer or {}),
    "TODAY": lambda facts, voucher, state: facts.now[:10],
    "NOW": lambda facts, voucher, state: facts.now,
}


def _birthdate(customer: Mapping[str, Any]) -> Any:
    return customer.get("birthdate") or customer.get("birthday")


def _of_line(facts: Facts, state: OrderState, name: str, arguments: tuple[str, ...], index: int | None) -> Any:
    for which in _OF_WHICH_LINE:
        if name.startswith(which):
            name, index = name.removeprefix(which), _chosen(state, dearest=which == "MOST_EXPENSIVE_")
    if index is None or index >= len(state.lines):
        return None
    line, item = state.lines[index], facts.item(index)
    if name == "ORDER_ITEM_METADATA":
        return (item.get("metadata") or {}).get(arguments[0])
    if name == "ORDER_ITEM_PRODUCT_METADATA":
        return facts.product_metadata(item).get(arguments[0])
    return {
        "ORDER_ITEM_PRICE": _major(line.price),
        "ORDER_ITEM_AMOUNT": _major(line.amount),
        "ORDER_ITEM_SUBTOTAL": _major(line.subtotal),
        "ORDER_ITEM_UNITS_QUANTITY": line.quantity,
    }.get(name)


def _chosen(state: OrderState, *, dearest: bool) -> int | None:
    """The line with the lowest or highest price; of several the one with the lowest subtotal, then the first."""
    priced = [(i, line) for i, line in enumerate(state.lines) if line.price is not None and line.quantity]
    sign = -1 if dearest else 1
    return min(priced, key=lambda one: (sign * (one[1].price or 0), one[1].subtotal), default=(None, None))[0]


class Number:
    """A number of a discount, such as ``amount_off``: the plain one, or what its formula gives where it gives one."""

    def __init__(self, told: Mapping[str, Any], name: str, read_at: Callable[[int | None], Read]) -> None:
        text = told.get(f"{name}_formula")
        self.plain = Fraction(str(told.get(name) or 0))
        self.formula = parse(text) if text else None
        self._read_at = read_at

    @property
    def is_of_lines(self) -> bool:
        """Whether it may be another for each line."""
        return self.formula is not None and any(name.startswith("ORDER_ITEM_") for name in self.formula.operands)

    def calculated(self, index: int | None = None) -> Fraction | None:
        """What the formula gives for the order, or for one line of it; None without one, or when it cannot tell."""
        return None if self.formula is None else self.formula.value(self._read_at(index))
