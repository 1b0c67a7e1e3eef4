"""The Shopify platform: orders that were paid, cancelled or refunded, as its signed webhooks tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from checkout_bridge import hookimpl
from checkout_bridge.events import Capabilities, Cart, Delivery, Effects, Event, Ignored, WriteBack
from checkout_bridge.money import read_json
from checkout_bridge.options import refuse_unknown_options
from checkout_bridge.signatures import secrets_of
from checkout_bridge_shopify import carts
from checkout_bridge_shopify.deliveries import UNKNOWN, identify, is_signed
from checkout_bridge_shopify.draft_orders import discounted
from checkout_bridge_shopify.orders import cancelled, paid
from checkout_bridge_shopify.refunds import refunded

EVENTS: Mapping[str, Callable[[Any], Event]] = {
    "orders/paid": paid,
    "orders/cancelled": cancelled,
    "refunds/create": refunded,
}


class ShopifyPlugin:
    """Takes part by webhook, and prices carts that it is given; the option ``SECRET`` says whose signatures count."""

    def __init__(self) -> None:
        self._secrets: tuple[bytes, ...] = ()

    @hookimpl
    def configure(self, options: Mapping[str, str]) -> None:
        """Take ``SECRET``: client secrets separated by commas, for while one replaces another, both sign.

        Raises InvalidInput for any other option.
        """
        refuse_unknown_options("shopify", options, ("SECRET",))
        self._secrets = secrets_of(options.get("SECRET", ""))

    @hookimpl
    def capabilities(self) -> Capabilities:
        """Draft orders take one discount for all codes together; gift cards come in an attribute of the cart."""
        return Capabilities(gift_cards=True, prices_carts=True, refund_lines=True, order_topic="orders/paid")

    @hookimpl
    def parse_cart(self, payload: Mapping[str, Any]) -> Cart:
        """The storefront's cart, or the one that ``carts/update`` tells. Raises InvalidInput, naming the field."""
        return carts.parse(payload)

    @hookimpl
    def write_back(self, effects: Effects) -> WriteBack:
        """The discount of a draft order."""
        return discounted(effects)

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
        return event(read_json(body))
