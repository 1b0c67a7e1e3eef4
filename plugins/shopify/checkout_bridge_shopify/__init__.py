"""The Shopify platform: orders that were paid, cancelled or refunded, as its signed webhooks tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from checkout_bridge import hookimpl
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Delivery, Event, Ignored
from checkout_bridge_shopify.deliveries import UNKNOWN, identify, is_signed
from checkout_bridge_shopify.orders import cancelled, paid
from checkout_bridge_shopify.payloads import read
from checkout_bridge_shopify.refunds import refunded

EVENTS: Mapping[str, Callable[[Any], Event]] = {
    "orders/paid": paid,
    "orders/cancelled": cancelled,
    "refunds/create": refunded,
}


class ShopifyPlugin:
    """Takes part by webhook only; the option ``SECRET`` says whose signatures count."""

    def __init__(self) -> None:
        self._secrets: tuple[bytes, ...] = ()

    @hookimpl
    def configure(self, options: Mapping[str, str]) -> None:
        """Take ``SECRET``: client secrets separated by commas, for while one replaces another, both sign.

        Raises InvalidInput for any other option.
        """
        for name in options:
            if name != "SECRET":
                raise InvalidInput(f"CHECKOUT_BRIDGE_SHOPIFY_{name} is not an option", key="invalid_setting")
        listed = (secret.strip() for secret in options.get("SECRET", "").split(","))
        self._secrets = tuple(secret.encode() for secret in listed if secret)

    @hookimpl
    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether one of the secrets signed these bytes."""
        return is_signed(self._secrets, headers, body)

    @hookimpl
    def identify_webhook(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """The shop's domain, Shopify's id of the delivery, which its retries share, and the topic."""
        return identify(headers, body)

    @hookimpl
    def event_of(self, delivery: Delivery, body: bytes) -> Event:
        """What the delivery tells. Raises InvalidInput, naming the field, when its body lacks what the topic needs."""
        event = EVENTS.get(delivery.topic)
        if event is None:
            return Ignored(f"topic {delivery.topic} is not used")
        if delivery.shop == UNKNOWN:
            return Ignored("the delivery does not name its shop")
        return event(read(body))
