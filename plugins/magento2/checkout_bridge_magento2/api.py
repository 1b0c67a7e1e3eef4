"""The one call of Magento's REST API: an invoice tells that an order was paid, but not with which codes."""

from __future__ import annotations

from typing import Any

from checkout_bridge.platform_api import PlatformApi


class Api:
    """Reads from the shop under ``url``, such as ``https://shop.example`` with or without a store's code."""

    def __init__(self, url: str, access_token: str) -> None:
        self._api = PlatformApi("Magento", url, {"Authorization": f"Bearer {access_token}"})

    def order(self, order_id: int) -> dict[str, Any]:
        """The order. Raises what ``PlatformApi`` raises."""
        return self._api.get_object(f"/rest/V1/orders/{order_id}")
