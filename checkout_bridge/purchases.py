"""What a platform tells of a purchase, in the bridge's own terms: its lines, who buys, and the codes entered. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from checkout_bridge.events import Customer, Line

LONGEST_NAME = 500  # what the promotions API takes; a longer one must not cost the shopper a code


def line_of(
    line_id: str,
    quantity: int,
    unit_price: int,
    amount: int,
    *,
    sku: str | None = None,
    product_id: str | None = None,
    name: str | None = None,
) -> Line:
    """A line of so many pieces that comes to ``amount`` (minor units); texts that are empty are none."""
    exact = None if unit_price * quantity == amount else amount
    return Line(line_id, quantity, unit_price, sku or None, product_id or None, shortened(name), exact)


def customer_of(shop_id: str | None, email: str | None, *names: str | None) -> Customer | None:
    """Who buys; a guest is known by the e-mail address at most, and somebody of whom nothing is told is nobody."""
    name = shortened(" ".join(filter(None, names)))
    return Customer(shop_id or None, email or None, name) if shop_id or email or name else None


def each_once(codes: Iterable[str]) -> tuple[str, ...]:
    """Codes as they were first entered, for platforms to which upper and lower case are the same."""
    found: dict[str, str] = {}
    for code in (code.strip() for code in codes):
        if code:
            found.setdefault(code.casefold(), code)
    return tuple(found.values())


def shortened(name: str | None) -> str | None:
    """A name that the promotions API takes; None when there is none."""
    return name[:LONGEST_NAME] if name else None
