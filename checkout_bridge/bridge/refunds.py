"""Which refunds are of a whole order. A part of one is refused, never silently done whole."""

from __future__ import annotations

from collections import Counter
from typing import Any

from checkout_bridge.errors import InvalidInput, PartialRefundRefused
from checkout_bridge.events import RefundLine
from checkout_bridge.money import format_minor

Row = dict[str, Any]
Lines = tuple[RefundLine, ...] | None


def refuse_unless_possible(row: Row, lines: Lines, amount: int | None) -> None:
    """Raise InvalidInput, naming the field, for lines the order does not have or more than was paid."""
    bought = _bought(row)
    for i, line in enumerate(lines or ()):
        if line.line_id not in bought:
            raise InvalidInput(f"Property .lines[{i}].line_id is not a line of this order")
        if line.quantity < 1:
            raise InvalidInput(f"Property .lines[{i}].quantity must be >= 1")
    for line_id, quantity in _refunded(lines).items():
        if quantity > bought[line_id]:
            raise InvalidInput(f"Property .lines has {quantity} of line {line_id}, {bought[line_id]} were bought")
    if amount is not None and (amount < 0 or (amount == 0 and lines is None)):
        raise InvalidInput("Property .amount must be > 0")
    if amount is None or lines == ():
        return
    if amount > row["total"]:
        raise InvalidInput(f"Property .amount is more than the {row['total']} that were paid")
    if lines is not None and (_refunded(lines) == _bought(row)) != (amount == row["total"]):
        raise InvalidInput(
            f"Property .amount does not add up: {amount} was sent, and the whole order is {row['total']}",
            message="Invalid Amount",
            key="invalid_amount",
        )


def is_whole(row: Row, lines: Lines, amount: int | None) -> bool:
    """Whether nothing of the order is left: every piece of every line, or all that was paid."""
    if lines is not None:
        return _refunded(lines) == _bought(row)
    return amount is None or amount == row["total"]


def partial(row: Row, lines: Lines, amount: int | None) -> PartialRefundRefused:
    """The error for a part."""
    if lines:
        what = f"{sum(_refunded(lines).values())} of {sum(_bought(row).values())} pieces"
    elif lines is not None:
        what = "An amount, and no pieces,"
    else:
        what = f"{format_minor(amount or 0, row['currency'])} of {format_minor(row['total'], row['currency'])}"
    return PartialRefundRefused(
        "Only a whole order can be given back",
        details=f"{what} were refunded; nothing was given back",
        resource_id=row["order_ref"],
        resource_type="order",
    )


def _bought(row: Row) -> Counter[str]:
    return Counter({line["line_id"]: line["quantity"] for line in row["cart"]["lines"]})


def _refunded(lines: Lines) -> Counter[str]:
    refunded: Counter[str] = Counter()
    for line in lines or ():
        refunded[line.line_id] += line.quantity
    return refunded
