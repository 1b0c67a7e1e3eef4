"""Orders as Shopify exports them, and what came in of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from click.testing import Result

from checkout_bridge.runtime import Runtime
from checkout_bridge.settings import read_settings

Command = Callable[..., Result]
SHOP = "my-store.myshopify.com"
ID = 820982911946154000  # with more digits than a double has
EMAIL, NAME = "jo@example.com", "Joanna Doe"


def sold(number: int, *codes: str, **changes: Any) -> dict[str, Any]:
    """An order of two mugs at 12.50, as Shopify exports it."""
    order = {
        "id": ID + number,
        "currency": "EUR",
        "financial_status": "paid",
        "customer": {"id": 7, "email": EMAIL, "first_name": "Joanna", "last_name": "Doe"},
        "line_items": [{"id": 1, "sku": "MUG", "quantity": 2, "price": "12.50"}],
        "discount_codes": [{"code": code, "amount": "1.00", "type": "fixed_amount"} for code in codes],
    }
    return order | changes


def source_id(number: int) -> str:
    return f"shopify:{SHOP}:{ID + number}"


@contextmanager
def opened() -> Iterator[Runtime]:
    """The bridge of the test's own settings."""
    runtime = Runtime(read_settings())
    try:
        yield runtime
    finally:
        runtime.close()


def kept() -> list[dict[str, Any]]:
    """The orders that are there, by source id."""
    with opened() as runtime:
        return sorted(runtime.client.orders.iter_orders(limit=100), key=lambda one: str(one["source_id"]))


TWO = [sold(1), sold(2)]
