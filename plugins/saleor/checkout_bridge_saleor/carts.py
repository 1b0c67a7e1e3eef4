"""Saleor's carts: a checkout, or a draft order, as its GraphQL API answers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.events import Cart
from checkout_bridge_saleor.payloads import Sold, buyer_of, codes_of, currency_in, lines_of


class _Cart(Sold):
    total = fields.Dict()
    totalPrice = fields.Dict()


_CART = _Cart()


def cart_of(payload: Any) -> Cart:
    """The cart of a checkout or a draft order, bare or still in the API's answer. Raises InvalidInput."""
    cart = load(_CART, _unwrapped(payload))
    prices = (line["undiscountedUnitPrice"] for line in cart["lines"])
    currency = currency_in(
        cart.get("channel", {}).get("currencyCode"),
        *(total.get("currency") for total in (cart.get("totalPrice", {}), cart.get("total", {}))),
        *(_currency(price) for price in prices),
    )
    return Cart(currency, lines_of(cart, currency), buyer_of(cart), codes_of(cart))


def _unwrapped(payload: Any) -> Any:
    """What is inside ``data``, the name of a mutation, and ``checkout`` or ``order``."""
    data = payload.get("data") if isinstance(payload, Mapping) else None
    inner = next(iter(data.values()), None) if isinstance(data, Mapping) and len(data) == 1 else payload
    for told in (data, inner):
        if isinstance(told, Mapping):
            for name in ("checkout", "order"):
                if isinstance(told.get(name), Mapping):
                    return told[name]
    return inner


def _currency(price: Mapping[str, Any]) -> Any:
    gross = price.get("gross")
    return price.get("currency") or (gross.get("currency") if isinstance(gross, Mapping) else None)
