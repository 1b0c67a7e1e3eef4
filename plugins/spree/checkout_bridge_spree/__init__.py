"""The Spree platform: orders that were paid, cancelled, resumed or refunded, as its webhooks and its API tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from checkout_bridge import hookimpl
from checkout_bridge.events import Capabilities, Cart, Delivery, Effects, Event, Ignored, WriteBack
from checkout_bridge.options import address_and_key, refuse_unknown_options
from checkout_bridge.signatures import secrets_of
from checkout_bridge_spree import orders, refunds
from checkout_bridge_spree.api import SpreeApi
from checkout_bridge_spree.carts import parse
from checkout_bridge_spree.deliveries import UNKNOWN, Told, envelope_of, identify, is_signed
from checkout_bridge_spree.write_back import discounts_of

OPTIONS = ("SECRET", "SHOP", "API_URL", "TOKEN")
ORDER_TOPIC = "order.paid"

EVENTS: Mapping[str, Callable[[Told, SpreeApi | None], Event | tuple[Event, ...]]] = {
    ORDER_TOPIC: orders.paid,
    "order.completed": orders.completed,
    "order.canceled": orders.canceled,
    "order.resumed": orders.resumed,
    "refund.created": refunds.refunded,
    "refund.updated": refunds.refunded,
    "reimbursement.created": refunds.reimbursed,
    "reimbursement.updated": refunds.reimbursed,
}


class SpreePlugin:
    """Takes part by webhook; ``API_URL`` and ``TOKEN`` let it read what refunds do not tell."""

    def __init__(self) -> None:
        self._secrets: tuple[bytes, ...] = ()
        self._shop = "default"
        self._api: SpreeApi | None = None

    @hookimpl
    def configure(self, options: Mapping[str, str]) -> None:
        """Take the options. Raises InvalidInput for one that does not exist, and for an API without its token."""
        refuse_unknown_options("spree", options, OPTIONS)
        self._secrets = secrets_of(options.get("SECRET", ""))
        self._shop = options.get("SHOP", "").strip() or "default"
        found = address_and_key("spree", options, "TOKEN")
        self._api = SpreeApi(*found) if found else None

    @hookimpl
    def capabilities(self) -> Capabilities:
        """Discounts are told line by line; refunds are of money alone, and read from the API."""
        return Capabilities(
            item_discounts=True, prices_carts=True, signs_time=True, fetches=True, order_topic=ORDER_TOPIC
        )

    @hookimpl
    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether one of the secrets signed these bytes, at most five minutes ago."""
        return is_signed(self._secrets, headers, body)

    @hookimpl
    def identify_webhook(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """The event's id and name; Spree does not say which store it is of."""
        return identify(body, self._shop)

    @hookimpl
    def event_of(self, delivery: Delivery, body: bytes) -> Event | tuple[Event, ...]:
        """What the event tells, or an order as it is exported. Raises InvalidInput, naming the field of ``data``."""
        event = EVENTS.get(delivery.topic)
        if event is None and delivery.topic != UNKNOWN:
            return Ignored(f"topic {delivery.topic} is not used")
        told = envelope_of(body)
        return event(told, self._api) if event else Ignored("the event does not name itself")

    @hookimpl
    def parse_cart(self, payload: Mapping[str, Any]) -> Cart:
        """The cart behind a cart or an order of Spree's. Raises InvalidInput, naming the field."""
        return parse(payload)

    @hookimpl
    def write_back(self, effects: Effects) -> WriteBack:
        """Manual discounts, one for each line that a code takes something off."""
        return discounts_of(effects)
