"""Medusa's admin API, as far as an event that has only an id needs it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from checkout_bridge.errors import MalformedAnswer
from checkout_bridge.platform_api import PlatformApi, not_known

# Added to what the route answers by itself.
ORDER_FIELDS = (
    "+total,*items,*items.adjustments,*items.tax_lines,*shipping_methods.adjustments,*customer,*promotions,"
    "*payment_collections,*payment_collections.payments,*payment_collections.payments.captures,"
    "*payment_collections.payments.refunds"
)
PAYMENT_FIELDS = "id,payment_collection.order.id"


class MedusaApi:
    """Reads orders with a secret API key. Raises what ``PlatformApi`` raises."""

    def __init__(self, address: str, token: str) -> None:
        basic = b64encode(f"{token}:".encode()).decode()
        self._api = PlatformApi("Medusa", f"{address.rstrip('/')}/admin", {"Authorization": f"Basic {basic}"})

    def order(self, order_id: str) -> Mapping[str, Any]:
        """The order with its payments."""
        return self._thing("order", order_id, ORDER_FIELDS)

    def order_id_of(self, payment_id: str) -> str:
        """The order that a payment is for."""
        payment = self._thing("payment", payment_id, PAYMENT_FIELDS)
        order = (payment.get("payment_collection") or {}).get("order") or {}
        if not isinstance(order.get("id"), str):
            # Medusa links the order when the cart is completed, which a quick capture may overtake.
            raise not_known("Medusa", f"the order of payment {payment_id}")
        return str(order["id"])

    def _thing(self, name: str, id: str, fields: str) -> Mapping[str, Any]:
        answer = self._api.get_object(f"/{name}s/{quote(id, safe='')}?{urlencode({'fields': fields})}")
        thing = answer.get(name)
        if not isinstance(thing, Mapping):
            raise MalformedAnswer(f"Medusa's answer has no {name}")
        return thing
