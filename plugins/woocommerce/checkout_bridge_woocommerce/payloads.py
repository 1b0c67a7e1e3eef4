"""What orders and carts of WooCommerce's have in common: ids that may be strings, and quantities of a piece."""

from __future__ import annotations

from decimal import Decimal

from checkout_bridge.contract.fields import WholeNumber
from checkout_bridge.events import Line
from checkout_bridge.money import half_up
from checkout_bridge.purchases import line_of

_LARGEST_ID = 2**63 - 1


class Identifier(WholeNumber):
    """An id of WordPress: a whole number, which some versions send as a string. 0 stands for none."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(required=required, maximum=_LARGEST_ID, lenient=True)


def line(
    line_id: str, quantity: Decimal, amount: int, *, sku: str | None, product_id: str | None, name: str | None
) -> Line:
    """A line that comes to ``amount`` minor units, however many pieces it has.

    A quantity with a fraction (1.5 m of cloth) is one piece: only the whole of it can be counted.
    """
    pieces = int(quantity) if is_whole(quantity) else 1
    return line_of(line_id, pieces, half_up(amount, pieces), amount, sku=sku, product_id=product_id, name=name)


def is_whole(quantity: Decimal) -> bool:
    """Whether it counts pieces."""
    return quantity == quantity.to_integral_value()
