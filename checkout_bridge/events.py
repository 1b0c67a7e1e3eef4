"""What plugins hand to the bridge: carts and the things that happen to orders. Frozen values, no behaviour but sums."""

from __future__ import annotations

from dataclasses import dataclass, field

from checkout_bridge.errors import InvalidInput
from checkout_bridge.money import MAX_MINOR, exponent

MAX_LINES = 500
MAX_REDEEMABLES = 30


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a cart. ``unit_price`` is in minor units; ``line_id`` is the shop's own, unique in the cart."""

    line_id: str
    quantity: int
    unit_price: int
    sku: str | None = None
    product_id: str | None = None
    name: str | None = None

    @property
    def amount(self) -> int:
        """Unit price times quantity, in minor units."""
        return self.unit_price * self.quantity


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


@dataclass(frozen=True, slots=True)
class Cancellation:
    """An order was cancelled on the platform."""

    order_ref: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """Money of an order was given back on the platform.

    Neither ``lines`` nor ``amount`` (minor units): the whole order. No lines but an amount: money that is not for
    certain pieces. ``refund_id`` is the platform's own.
    """

    order_ref: str
    refund_id: str
    lines: tuple[RefundLine, ...] | None = None
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """The platform told something that is of no interest here."""

    reason: str


Event = Checkout | Cancellation | Refund | Ignored


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook delivery, as its headers identify it; the body has been verified but not yet read."""

    shop: str
    event_id: str
    topic: str
    headers: dict[str, str] = field(default_factory=dict, repr=False, compare=False)


def _refuse_unless(condition: bool, details: str, *, key: str = "invalid_payload") -> None:
    if not condition:
        raise InvalidInput(details, key=key)


def _is_whole(value: object, least: int) -> bool:
    return type(value) is int and value >= least


def _unique(values: list[str]) -> bool:
    return len(set(values)) == len(values)
