"""The Vendure platform: orders to price, and those that were paid, cancelled or refunded, as a plugin of it posts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge import hookimpl
from checkout_bridge.envelopes import CART, data_in, identify, is_signed, unwrapped
from checkout_bridge.events import Capabilities, Cart, CartUpdate, Delivery, Effects, Event, Ignored, WriteBack
from checkout_bridge.options import refuse_unknown_options
from checkout_bridge.signatures import secrets_of
from checkout_bridge_vendure import orders, refunds, writing
from checkout_bridge_vendure.amounts import Precision, precision_from

OPTIONS = ("SECRET", "PRECISION")
ORDER = "order"  # one of an export


class VendurePlugin:
    """Reads the orders that are posted; asks Vendure nothing."""

    def __init__(self) -> None:
        self._secrets: tuple[bytes, ...] = ()
        self._precision = Precision()

    @hookimpl
    def configure(self, options: Mapping[str, str]) -> None:
        """Take ``SECRET`` (several with commas between) and ``PRECISION``. Raises InvalidInput."""
        refuse_unknown_options("vendure", options, OPTIONS)
        self._secrets = secrets_of(options.get("SECRET", ""))
        self._precision = precision_from(options.get("PRECISION", ""))

    @hookimpl
    def capabilities(self) -> Capabilities:
        """Surcharges carry any number of codes line by line; refunds name lines."""
        return Capabilities(
            item_discounts=True, prices_carts=True, refund_lines=True, signs_time=True, order_topic=ORDER
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
        """What the delivery tells. Raises InvalidInput, naming the field, when it lacks what the event needs."""
        data = data_in(body)
        if delivery.topic == CART:
            return CartUpdate(orders.cart_of(data, self._precision))
        if delivery.topic == ORDER:
            return orders.exported(data, self._precision)
        if delivery.topic == "OrderStateTransitionEvent":
            return orders.state_changed(data, self._precision)
        if delivery.topic == "RefundStateTransitionEvent":
            return refunds.settled(data, self._precision)
        return Ignored(f"topic {delivery.topic} is not used")

    @hookimpl
    def parse_cart(self, payload: Mapping[str, Any]) -> Cart:
        """An active order as the shop API answers it."""
        return orders.cart_of(unwrapped(payload), self._precision)

    @hookimpl
    def write_back(self, effects: Effects) -> WriteBack:
        """Surcharges."""
        return writing.write_back(effects, self._precision)
