"""Stripe's amounts: integers in a unit that for a few currencies is not that of ISO 4217."""

from __future__ import annotations

from checkout_bridge.errors import InvalidInput
from checkout_bridge.money import exponent

# Two decimals that are always 00, kept from before these currencies lost theirs; and one that Stripe gives none.
_EXPONENTS = {"ISK": 2, "UGX": 2, "MGA": 0}
# The last digit of an amount with three decimals must be 0.
_THREE_DECIMALS = 3


def decimals(currency: str) -> int:
    """How many decimals an amount of Stripe's has. Raises InvalidInput for a currency that does not exist."""
    of_iso = exponent(currency)
    return _EXPONENTS.get(currency, of_iso)


def minor_units(amount: int, currency: str, field: str = "amount") -> int:
    """Minor units of an amount of Stripe's. Raises InvalidInput, naming ``field``, for a fraction of one."""
    shift = exponent(currency) - decimals(currency)
    if shift >= 0:
        return int(amount * 10**shift)
    step = int(10**-shift)
    if amount % step:
        raise InvalidInput(f"Property .{field} has more decimals than {currency} allows")
    return amount // step


def stripe_amount(minor: int, currency: str) -> tuple[int, int]:
    """The largest amount of Stripe's that is not more than so many minor units, and the minor units it leaves out."""
    shift = exponent(currency) - decimals(currency)
    if shift < 0:
        return int(minor * 10**-shift), 0
    unit = int(10**shift)
    rest = minor % (10 if decimals(currency) == _THREE_DECIMALS else unit)
    return (minor - rest) // unit, rest
