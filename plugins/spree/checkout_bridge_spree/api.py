"""A small client of Spree's Admin API: reads orders and their refunds, or says why it cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from checkout_bridge.errors import MalformedAnswer
from checkout_bridge.platform_api import PlatformApi, not_known

# A refund changes its order, so that it is among those that changed last.
PAGES, PAGE = 3, 100


class SpreeApi:
    """``url`` is the store's address; ``token`` a secret API key that may read orders, payments and refunds.

    Reading raises what ``PlatformApi`` raises.
    """

    def __init__(self, url: str, token: str) -> None:
        self._api = PlatformApi("Spree", f"{url.rstrip('/')}/api/v3/admin", {"X-Spree-Api-Key": token})

    def order(self, id: str) -> Mapping[str, Any]:
        """An order with its lines, discounts and payments."""
        return self._api.get_object(f"/orders/{quote(id, safe='')}?expand=items,discounts,payments,billing_address")

    def order_of_payment(self, id: str) -> Mapping[str, Any]:
        """The order that a payment is of. Raises BackendNotFound when it is not among the orders that changed last."""
        for page in range(1, PAGES + 1):
            orders = self._list(f"/orders?expand=payments&sort=-updated_at&limit={PAGE}&page={page}")
            found = next((order for order in orders if id in _payment_ids(order)), None)
            if found is not None:
                return found
            if len(orders) < PAGE:
                break
        raise not_known("Spree", f"payment {id}, of none of the orders that changed last")

    def refunds(self, order_id: str) -> Sequence[Mapping[str, Any]]:
        """The refunds of an order, up to a hundred."""
        return self._list(f"/orders/{quote(order_id, safe='')}/refunds?limit={PAGE}")

    def _list(self, path: str) -> Sequence[Mapping[str, Any]]:
        data = self._api.get_object(path).get("data")
        if not isinstance(data, list) or not all(isinstance(one, Mapping) for one in data):
            raise MalformedAnswer("Spree's answer has no list of data", details=path.partition("?")[0])
        return data


def _payment_ids(order: Mapping[str, Any]) -> list[Any]:
    payments = order.get("payments")
    listed = payments if isinstance(payments, list) else []
    return [payment.get("id") for payment in listed if isinstance(payment, Mapping)]
