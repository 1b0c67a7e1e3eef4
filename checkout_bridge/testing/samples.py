"""What the contract suite needs of a platform: samples of the life of one order, and how the platform signs them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checkout_bridge.events import Cart, Event


@dataclass(frozen=True, slots=True)
class Sample:
    """One body of a platform under its topic. ``payload`` is JSON, or the bytes themselves."""

    topic: str
    payload: Any

    @property
    def body(self) -> bytes:
        """The bytes that are sent."""
        return self.payload if isinstance(self.payload, bytes) else json.dumps(self.payload).encode()


# (what is sent, the id of the event, when it is signed in unix seconds) -> headers
Sign = Callable[[Sample, str, int], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of one platform. All are of the same order, which was paid with ``code`` and, where the platform's
    orders can carry one, ``gift_card``. A platform that sends no webhooks has ``cart`` and what goes with it alone.

    ``options`` are the plugin's own, by name; under them it must accept what ``sign`` signs. ``paid`` maps to a
    Checkout whose cart is ``expected_cart``. ``refunds`` are refunds of parts, each under an id of its own, and
    together not the whole order. ``rest`` is the refund of all that is left after them, None where the platform tells
    none that completes an order. ``cancelled`` is a Cancellation. ``expected`` are further samples with the event that
    each must map to, or None where it must be refused as unmappable.

    ``cart`` is a body that asks for prices, or that a door gets as a cart, with ``code`` in it and ``cart_total`` what
    it comes to by itself (minor units). ``total_after(body, answer)`` is what it comes to once the platform has
    followed ``answer``: the ``body`` of ``write_back``, of a platform without that hook what ``POST /bridge/quote``
    answers. ``api`` answers, by path and query, what the plugin fetches (JSON, or bytes as they are); the option
    ``API_URL`` then is set to where it is served. ``ping`` is an unsigned first ping: headers and body.
    """

    options: Mapping[str, str] = field(default_factory=dict)
    sign: Sign | None = None
    shop: str = "default"
    order_ref: str = ""
    code: str = ""
    paid: Sample | None = None
    expected_cart: Cart | None = None
    cancelled: Sample | None = None
    refunds: Sequence[Sample] = ()
    rest: Sample | None = None
    gift_card: str | None = None
    expected: Sequence[tuple[Sample, Event | None]] = ()
    cart: Sample | None = None
    cart_total: int | None = None
    total_after: Callable[[Any, Any], int] | None = None
    api: Mapping[str, Any] = field(default_factory=dict)
    ping: tuple[Mapping[str, str], bytes] | None = None
