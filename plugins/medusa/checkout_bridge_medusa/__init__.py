"""The Medusa platform: carts to price, and orders that were paid, canceled or refunded, as a subscriber posts them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge import hookimpl
from checkout_bridge.envelopes import CART, data_in, identify, is_signed, unwrapped
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Capabilities, Cart, CartUpdate, Delivery, Effects, Event, Ignored, WriteBack
from checkout_bridge.options import address_and_key, refuse_unknown_options
from checkout_bridge.signatures import secrets_of
from checkout_bridge_medusa import orders, writing
from checkout_bridge_medusa.api import MedusaApi
from checkout_bridge_medusa.carts import cart_of

OPTIONS = ("SECRET", "API_URL", "TOKEN")
ORDER = "order"  # one of an export


class MedusaPlugin:
    """Reads whole orders where they are posted, and fetches those of which only the id is."""

    def __init__(self) -> None:
        self._secrets: tuple[bytes, ...] = ()
        self._api: MedusaApi | None = None

    @hookimpl
    def configure(self, options: Mapping[str, str]) -> None:
        """Take ``SECRET`` (several with commas between), ``API_URL`` and ``TOKEN``. Raises InvalidInput."""
        refuse_unknown_options("medusa", options, OPTIONS)
        self._secrets = secrets_of(options.get("SECRET", ""))
        found = address_and_key("medusa", options, "TOKEN")
        self._api = MedusaApi(*found) if found else None

    @hookimpl
    def capabilities(self) -> Capabilities:
        """Adjustments carry any number of codes line by line; refunds are of money alone."""
        return Capabilities(
            item_discounts=True, prices_carts=True, signs_time=True, fetches=self._api is not None, order_topic=ORDER
        )

    @hookimpl
    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether one of the secrets signed these bytes lately."""
        return is_signed(self._secrets, headers, body)

    @hookimpl
    def identify_webhook(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """What the signed envelope says."""
        return identify(body)

    @hookimpl
    def event_of(self, delivery: Delivery, body: bytes) -> Event | tuple[Event, ...]:
        """What the delivery tells; what it has only an id of is fetched. Raises InvalidInput, naming the field."""
        topic, data = delivery.topic, _order_or_ids(data_in(body))
        if topic == CART:
            return CartUpdate(cart_of(data))
        if topic == ORDER:
            return orders.exported(data)
        if topic in ("order.placed", "payment.captured"):
            return orders.paid(self._order(data, topic))
        if topic == "order.canceled":
            return orders.canceled(self._order(data, topic) if self._api else data)
        if topic == "payment.failed":
            return orders.payment_failed(self._order(data, topic) if self._api else _named_order(data))
        if topic == "payment.refunded":
            if "refunds" in data and "payment_collections" not in data:
                return orders.refunded_payment(data)
            return orders.refunded(self._order(data, topic))
        return Ignored(f"topic {topic} is not used")

    @hookimpl
    def parse_cart(self, payload: Mapping[str, Any]) -> Cart:
        """A cart as Medusa's store API answers it."""
        return cart_of(unwrapped(payload))

    @hookimpl
    def write_back(self, effects: Effects) -> WriteBack:
        """Line item adjustments."""
        return writing.write_back(effects)

    def _order(self, data: Mapping[str, Any], topic: str) -> Mapping[str, Any]:
        """The order with its payments: as it was posted, else as Medusa has it now."""
        if "items" in data or "payment_collections" in data:
            return data
        order_id = data.get("order_id") or (None if topic.startswith("payment.") else data.get("id"))
        known = order_id or data.get("id")
        if not isinstance(known, str) or not known:
            raise InvalidInput("Payload should have required property 'id'")
        if self._api is None:
            raise InvalidInput("Payload has only ids: post the whole order, or set CHECKOUT_BRIDGE_MEDUSA_API_URL")
        return self._api.order(order_id or self._api.order_id_of(known))


def _order_or_ids(data: Any) -> Mapping[str, Any]:
    """What was posted, without the ``{order}`` around it that the API's answers have: an order, or ids."""
    if not isinstance(data, Mapping):
        raise InvalidInput("Payload must be an object")
    order = data.get("order")
    return order if isinstance(order, Mapping) and "items" in order else data


def _named_order(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The order that a payment names, with nothing known of it; a whole one as it is."""
    if "items" in data or "payment_collections" in data:
        return data
    if not data.get("order_id"):
        raise InvalidInput("Payload should have required property 'order_id'")
    return {"id": data["order_id"]}
