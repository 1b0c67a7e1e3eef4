"""The cart: products, codes and gift cards a visitor has collected, kept in the session. It knows no discounts."""

from __future__ import annotations

import json
import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Literal

from checkout_bridge.demo.catalogue import BY_SKU, Product
from checkout_bridge.demo.prices import CURRENCY, decimal_string

MAX_QUANTITY = 99
# The session travels in a cookie, which browsers drop whole when it grows beyond 4 KB.
MAX_CODES = 5
MAX_CODE_LENGTH = 64

CodeKind = Literal["codes", "gift_cards"]


class InvalidEntry(ValueError):
    """The visitor sent something the cart cannot take; the message is for the visitor."""


@dataclass(frozen=True, slots=True)
class CartLine:
    """A product and how many of it."""

    product: Product
    quantity: int

    @property
    def amount(self) -> int:
        """Price of the line in cents."""
        return self.product.price * self.quantity


def parse_quantity(text: str, *, least: int) -> int:
    """A whole number from ``least`` to 99; anything else raises InvalidEntry."""
    if not re.fullmatch(r"[0-9]{1,2}", text.strip()) or int(text) < least:
        raise InvalidEntry(f"Please give a whole number from {least} to {MAX_QUANTITY} as the quantity.")
    return int(text)


class Cart:
    """The cart of one session. Each change replaces a whole value, which is how a session notices it."""

    def __init__(self, session: MutableMapping[str, Any]) -> None:
        self._session = session

    @property
    def lines(self) -> list[CartLine]:
        """In the order they were added; products no longer sold are left out."""
        return [CartLine(BY_SKU[sku], quantity) for sku, quantity in self._quantities().items() if sku in BY_SKU]

    @property
    def count(self) -> int:
        """How many pieces."""
        return sum(line.quantity for line in self.lines)

    @property
    def subtotal(self) -> int:
        """Cents, before any code."""
        return sum(line.amount for line in self.lines)

    @property
    def codes(self) -> list[str]:
        return list(self._session.get("codes", ()))

    @property
    def gift_cards(self) -> list[str]:
        return list(self._session.get("gift_cards", ()))

    def add(self, product: Product, quantity: int) -> None:
        """Add pieces of a product. Raises InvalidEntry when there would be more than 99."""
        total = self._quantities().get(product.sku, 0) + quantity
        if total > MAX_QUANTITY:
            raise InvalidEntry(f"At most {MAX_QUANTITY} pieces of one product fit into an order.")
        self.set_quantity(product, total)

    def set_quantity(self, product: Product, quantity: int) -> None:
        """Have exactly so many pieces of a product; none takes it out."""
        quantities = {**self._quantities(), product.sku: quantity}
        # Pairs, because a session sorts the keys of a mapping and the order of the lines would be lost.
        self._session["items"] = [[sku, number] for sku, number in quantities.items() if number > 0]

    def enter(self, kind: CodeKind, text: str) -> None:
        """Keep a code or gift card, trimmed. One that is already there, in either list, is not kept twice.

        Raises InvalidEntry when it is empty or long, or when there are five of its kind already.
        """
        code = text.strip()
        if not code:
            raise InvalidEntry("Please enter a code.")
        # The length counts as it is written into the cookie, where a letter like ü takes six characters.
        if len(json.dumps(code)) - 2 > MAX_CODE_LENGTH:
            raise InvalidEntry(f"A code has at most {MAX_CODE_LENGTH} characters.")
        if code in self.codes or code in self.gift_cards:
            return
        kept = self._session.get(kind, [])
        if len(kept) >= MAX_CODES:
            raise InvalidEntry(f"At most {MAX_CODES} of them can be used in one order.")
        self._session[kind] = [*kept, code]

    def remove(self, kind: CodeKind, text: str) -> None:
        """Forget a code or gift card; one that is not there is no mistake."""
        self._session[kind] = [code for code in self._session.get(kind, []) if code != text.strip()]

    def empty(self) -> None:
        """Forget products, codes and gift cards; the customer stays known."""
        for key in ("items", "codes", "gift_cards"):
            self._session.pop(key, None)

    def to_dict(self) -> dict[str, Any]:
        """The cart as generic JSON: ``{currency, items, customer, codes, gift_cards}``, prices as decimal strings."""
        return {
            "currency": CURRENCY,
            "items": [
                {
                    "id": line.product.sku,
                    "sku": line.product.sku,
                    "product_id": line.product.product_id,
                    "name": line.product.name,
                    "quantity": line.quantity,
                    "unit_price": decimal_string(line.product.price),
                }
                for line in self.lines
            ],
            "customer": {"id": self._session["customer_id"]},
            "codes": self.codes,
            "gift_cards": [{"code": code} for code in self.gift_cards],
        }

    def _quantities(self) -> dict[str, int]:
        return dict(self._session.get("items", ()))
