"""What orders and carts of BigCommerce's have in common: ids, quantities, lines, and who buys."""

from __future__ import annotations

from checkout_bridge.contract.fields import WholeNumber
from checkout_bridge.events import Customer, Line
from checkout_bridge.money import half_up
from checkout_bridge.purchases import customer_of, line_of

# A discount of ours is known by its name: an order names no code for it.
CODE_PREFIX = "Code: "


class Identifier(WholeNumber):
    """An id of the v2 API: a whole number; 0 stands for none."""

    def __init__(self, *, required: bool = False, minimum: int = 0) -> None:
        super().__init__(required=required, minimum=minimum, maximum=2**63 - 1, lenient=True)


class Quantity(WholeNumber):
    """A number of pieces, which is always whole."""

    def __init__(self) -> None:
        super().__init__(required=True, maximum=10**6, lenient=True)


def line(
    line_id: str, quantity: int, amount: int, *, sku: str | None, product_id: int | None, name: str | None
) -> Line:
    """A line of so many pieces that comes to ``amount`` minor units, before discounts."""
    product = str(product_id) if product_id else None
    return line_of(line_id, quantity, half_up(amount, quantity), amount, sku=sku, product_id=product, name=name)


def customer(shop_id: int | None, email: str | None, *names: str | None) -> Customer | None:
    """Who buys; the id of a guest is 0."""
    return customer_of(str(shop_id) if shop_id else None, email, *names)
