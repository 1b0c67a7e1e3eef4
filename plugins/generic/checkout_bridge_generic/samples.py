"""Samples of the documented JSON cart, for the contract suite: a shop that takes part by its own requests."""

from __future__ import annotations

from typing import Any

from checkout_bridge.testing.samples import Sample, Samples

_CART = {
    "currency": "EUR",
    "items": [
        {"id": "1", "sku": "MUG-01", "name": "Mug", "quantity": 2, "unit_price": "12.50"},
        {"id": "2", "sku": "KETTLE-01", "name": "Kettle", "quantity": 1, "unit_price": "89.05", "amount": "89.05"},
    ],
    "total": "114.05",
    "customer": {"id": "c-17"},
    "codes": ["SAVE"],
    "gift_cards": [{"code": "GIFT-1"}],
}


def _total_after(cart: Any, answer: Any) -> int:
    """The shop reads the total off the answer, in minor units."""
    return int(answer["total"])


SAMPLES = Samples(
    code="SAVE",
    gift_card="GIFT-1",
    cart=Sample("cart.json", _CART),
    cart_total=11405,
    total_after=_total_after,
)
