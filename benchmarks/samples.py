"""The one shopping cart that everything here is measured with: three lines and a code for ten per cent off."""

from __future__ import annotations

from typing import Any

from checkout_bridge.events import Cart, Line

KEYS = {"X-App-Id": "benchmark", "X-App-Token": "benchmark"}
CODE = "TEN"
VOUCHER: dict[str, Any] = {"discount": {"type": "PERCENT", "percent_off": 10}}

CART = Cart(
    "EUR",
    tuple(
        Line(f"line-{n}", n, 1000 * n, sku=f"sku-{n}", product_id=f"product-{n}", name=f"Thing {n}") for n in (1, 2, 3)
    ),
    codes=(CODE,),
)
ORDER: dict[str, Any] = {
    "amount": CART.total,
    "items": [
        {
            "source_id": line.line_id,
            "product_id": line.product_id,
            "quantity": line.quantity,
            "price": line.unit_price,
            "amount": line.amount,
            "product": {"name": line.name},
        }
        for line in CART.lines
    ],
    "metadata": {"shop": "benchmark"},
}


def redemption(source_id: str) -> dict[str, Any]:
    """A request that redeems the code for a new order."""
    return {
        "redeemables": [{"object": "voucher", "id": CODE}],
        "order": {**ORDER, "source_id": source_id},
    }


def order_of(lines: int) -> dict[str, Any]:
    """An order of so many lines, all alike."""
    line = {"quantity": 2, "price": 1000, "product": {"name": "Thing"}}
    return {"items": [{**line, "source_id": f"line-{number}"} for number in range(lines)]}
