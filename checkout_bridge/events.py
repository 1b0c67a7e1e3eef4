"""What plugins and the bridge hand each other: carts, what happens to orders, what applies. Frozen values, no behaviour
but sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from checkout_bridge.errors import InvalidInput
from checkout_bridge.money import MAX_MINOR, exponent

# What can be given back, what can happen to an order that has something to give back, and whether it is then.
Kind = Literal["coupon", "promotion", "gift_card", "points"]
Occasion = Literal[
    "payment_failed",
    "expired",
    "cancelled",
    "cancelled_after_capture",
    "full_refund",
    "partial_refund",
    "chargeback",
]
Restoring = Literal["restore", "keep", "full_only"]
# What a checkout does while the promotions API is out of reach.
OutageMode = Literal["closed", "open_without_discount", "honour_quote"]

MAX_LINES = 500
MAX_REDEEMABLES = 30


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a cart. ``unit_price`` is in minor units; ``line_id`` is the shop's own, unique in the cart.

    ``exact_amount`` is the whole line in minor units, where it is not the unit price times the quantity: a unit price
    with fractions of a minor unit is rounded, its line is not.
    """

    line_id: str
    quantity: int
    unit_price: int
    sku: str | None = None
    product_id: str | None = None
    name: str | None = None
    exact_amount: int | None = None

    @property
    def amount(self) -> int:
        """The whole line, in minor units."""
        return self.unit_price * self.quantity if self.exact_amount is None else self.exact_amount


@dataclass(frozen=True, slots=True)
class GiftCard:
    """A gift card to pay with. ``amount`` in minor units, or None for as much as it takes."""

    code: str
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """Who buys. ``id`` is the shop's own."""

    id: str | None = None
    email: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Cart:
    """What is about to be bought, and what shall be redeemed for it.

    Raises InvalidInput, naming the field, for an unknown currency, a quantity below 1, a negative price, a number that
    is not an int, two lines or two redeemables with the same id, or more of them than the contract allows.
    """

    currency: str
    lines: tuple[Line, ...]
    customer: Customer | None = None
    codes: tuple[str, ...] = ()
    gift_cards: tuple[GiftCard, ...] = ()

    def __post_init__(self) -> None:
        exponent(self.currency)
        _refuse_unless(len(self.lines) <= MAX_LINES, f"Property .items must not have more than {MAX_LINES} items")
        for i, line in enumerate(self.lines):
            _refuse_unless(_is_whole(line.quantity, 1), f"Property .items[{i}].quantity must be integer and >= 1")
            _refuse_unless(_is_whole(line.unit_price, 0), f"Property .items[{i}].unit_price must be integer and >= 0")
            possible = line.exact_amount is None or _is_whole(line.exact_amount, 0)
            _refuse_unless(possible, f"Property .items[{i}].amount must be integer and >= 0")
        _refuse_unless(self.total <= MAX_MINOR, "Property .items adds up to too large an amount")
        _refuse_unless(_unique([line.line_id for line in self.lines]), "Property .items has two items with one id")
        redeemed = [*self.codes, *(card.code for card in self.gift_cards)]
        for code in redeemed:
            _refuse_unless(isinstance(code, str) and bool(code), "Property .codes must have texts that are not empty")
        _refuse_unless(
            len(redeemed) <= MAX_REDEEMABLES, f"Property .codes must not have more than {MAX_REDEEMABLES} codes"
        )
        _refuse_unless(_unique(redeemed), "Property .codes has the same code twice", key="duplicated_redeemables")
        for i, card in enumerate(self.gift_cards):
            possible = card.amount is None or _is_whole(card.amount, 1)
            _refuse_unless(possible, f"Property .gift_cards[{i}].amount must be integer and >= 1")

    @property
    def has_redeemables(self) -> bool:
        """Whether anything is to be redeemed for it."""
        return bool(self.codes or self.gift_cards)

    @property
    def total(self) -> int:
        """The sum of the lines before any discount, in minor units."""
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True, slots=True)
class RefundLine:
    """How many pieces of a line were refunded."""

    line_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Checkout:
    """An order was placed and paid on the platform."""

    order_ref: str
    cart: Cart


# Why an order does not stand: what is given back then is a matter of the restore policy.
Cause = Literal["payment_failed", "expired", "cancelled", "cancelled_after_capture", "chargeback"]


@dataclass(frozen=True, slots=True)
class Cancellation:
    """An order does not stand any more on the platform.

    ``platform`` and ``shop`` are those of the order when another one tells of it, such as a payment provider.
    """

    order_ref: str
    reason: str | None = None
    cause: Cause = "cancelled"
    platform: str | None = None
    shop: str | None = None


@dataclass(frozen=True, slots=True)
class Reinstatement:
    """An order that was cancelled stands again on the platform; ``platform`` and ``shop`` as for a cancellation."""

    order_ref: str
    reason: str | None = None
    platform: str | None = None
    shop: str | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """Money of an order was given back on the platform.

    Neither ``lines`` nor ``amount`` (minor units): the whole order. No lines but an amount: money that is not for
    certain pieces. ``refund_id`` is the platform's own. ``platform`` and ``shop`` are those of the order when another
    one tells of it, such as a payment provider.
    """

    order_ref: str
    refund_id: str
    lines: tuple[RefundLine, ...] | None = None
    amount: int | None = None
    platform: str | None = None
    shop: str | None = None


@dataclass(frozen=True, slots=True)
class CartUpdate:
    """The platform shows a cart, and waits to be told what applies to it."""

    cart: Cart


@dataclass(frozen=True, slots=True)
class Ignored:
    """The platform told something that is of no interest here.

    ``answer`` is the JSON with which a platform that waits for one goes on as if nothing applied.
    """

    reason: str
    answer: Any = None


# What happens to an order; the rest changes nothing.
Happening = Checkout | Cancellation | Reinstatement | Refund
Event = Happening | CartUpdate | Ignored


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook delivery, as its headers identify it; the body has been verified but not yet read.

    ``asks`` says that the platform waits for an answer and changes nothing: such a delivery is not kept, and the same
    one is answered anew.
    """

    shop: str
    event_id: str
    topic: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    asks: bool = False


@dataclass(frozen=True, slots=True)
class FreeItem:
    """A product that an incentive adds to the cart for nothing. ``value`` (minor units) is what it would cost."""

    quantity: int
    sku: str | None = None
    product_id: str | None = None
    value: int = 0


@dataclass(frozen=True, slots=True)
class Effect:
    """What one redeemable does to a cart: ``amount`` off in minor units, of that ``allocations`` by line id.

    ``amount`` has nothing of ``free_items`` in it.
    """

    code: str
    type: str
    amount: int
    allocations: Mapping[str, int]
    free_items: tuple[FreeItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A code that does not apply, and why. ``key`` is for programs, ``message`` for the shopper."""

    code: str | None
    key: str
    message: str


@dataclass(frozen=True, slots=True)
class Effects:
    """What applies to a cart, in the order in which it was applied, and what does not. ``total`` is in minor units."""

    cart: Cart
    applied: tuple[Effect, ...]
    rejected: tuple[Rejected, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Uncarried:
    """An effect, or a part of one, that the platform cannot carry. ``name`` is for programs."""

    name: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class WriteBack:
    """Effects in the platform's own terms: ``body`` is JSON. What it cannot carry is named, never dropped silently."""

    body: Any
    warnings: tuple[Uncarried, ...] = ()


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What a platform wants to hear: ``body`` under an HTTP status."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can do.

    ``codes_per_cart`` None is any number. ``item_discounts``: a discount can be told line by line; ``free_items``: a
    line can be added; ``gift_cards``: the platform knows cards to pay with; ``prices_carts``: the platform asks what
    applies to a cart, or can be told; ``refund_lines``: its refunds name lines; ``signs_time``: a delivery that is
    sent again much later is refused; ``fetches``: its events have ids only, the rest is read from its API.
    ``order_topic`` is the topic under which ``event_of`` maps an exported order, None where it cannot.
    """

    codes_per_cart: int | None = None
    item_discounts: bool = False
    free_items: bool = False
    gift_cards: bool = False
    prices_carts: bool = False
    refund_lines: bool = False
    signs_time: bool = False
    fetches: bool = False
    order_topic: str | None = None


def _refuse_unless(condition: bool, details: str, *, key: str = "invalid_payload") -> None:
    if not condition:
        raise InvalidInput(details, key=key)


def _is_whole(value: object, least: int) -> bool:
    return type(value) is int and value >= least


def _unique(values: list[str]) -> bool:
    return len(set(values)) == len(values)
