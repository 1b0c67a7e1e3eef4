"""The WooCommerce platform: its orders and refunds as its signed webhooks tell, and the carts of its Store API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from checkout_bridge import hookimpl
from checkout_bridge.events import Capabilities, Cart, Delivery, Effects, Event, Ignored, WebhookAnswer, WriteBack
from checkout_bridge.money import read_json
from checkout_bridge.options import refuse_unknown_options
from checkout_bridge_woocommerce import carts, deliveries
from checkout_bridge_woocommerce.orders import deleted, restored, told_by
from checkout_bridge_woocommerce.refunds import refund_created
from checkout_bridge_woocommerce.write_back import written

EVENTS: Mapping[str, Callable[[Any], Event | tuple[Event, ...]]] = {
    "order.created": told_by,
    "order.updated": told_by,
    "order.restored": restored,
    "order.deleted": deleted,
    "refund.created": refund_created,
}


class WooCommercePlugin:
    """Takes part by webhook and prices carts; the option ``SECRET`` says whose signatures count."""

    def __init__(self) -> None:
        self._keys: tuple[bytes, ...] = ()

    @hookimpl
    def configure(self, options: Mapping[str, str]) -> None:
        """Take ``SECRET``: the webhooks' secrets, separated by commas. Raises InvalidInput for any other option."""
        refuse_unknown_options("woocommerce", options, ("SECRET",))
        self._keys = deliveries.signing_keys(options.get("SECRET", ""))

    @hookimpl
    def capabilities(self) -> Capabilities:
        """Any number of codes, told of a cart as a whole; refunds name lines where the shop adds them."""
        return Capabilities(prices_carts=True, refund_lines=True, order_topic="order.updated")

    @hookimpl
    def answer_ping(self, headers: Mapping[str, str], body: bytes) -> WebhookAnswer | None:
        """200 for the first ping, which is neither signed nor JSON."""
        return deliveries.answer_ping(headers, body)

    @hookimpl
    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether one of the secrets signed these bytes."""
        return deliveries.is_accepted(self._keys, headers, body)

    @hookimpl
    def identify_webhook(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """The shop's address, the delivery with its order and content, and the topic."""
        return deliveries.identify(headers, body)

    @hookimpl
    def event_of(self, delivery: Delivery, body: bytes) -> Event | tuple[Event, ...]:
        """What the delivery tells. Raises InvalidInput, naming the field, when its body lacks what the topic needs."""
        event = EVENTS.get(delivery.topic)
        if event is None:
            return Ignored(f"topic {delivery.topic} is not used")
        if delivery.shop == deliveries.UNKNOWN:
            return Ignored("the delivery does not name its shop")
        return event(read_json(body))

    @hookimpl
    def parse_cart(self, payload: Mapping[str, Any]) -> Cart:
        """The cart of the Store API."""
        return carts.parse(payload)

    @hookimpl
    def write_back(self, effects: Effects) -> WriteBack:
        """Virtual coupons and negative fees."""
        return written(effects)
