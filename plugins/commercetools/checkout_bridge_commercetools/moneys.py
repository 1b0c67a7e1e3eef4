"""commercetools' money, read exactly: whole minor units, or with more digits where it is of high precision."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from checkout_bridge.contract.fields import ContractSchema, Text, WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.money import MAX_MINOR, exponent

_ROUNDINGS = {"HalfEven": ROUND_HALF_EVEN, "HalfUp": ROUND_HALF_UP, "HalfDown": ROUND_HALF_DOWN}


class Money(ContractSchema):
    """``centAmount`` counts; of type ``highPrecision`` it is rounded, and ``preciseAmount`` counts."""

    type = Text()
    currencyCode = Text(required=True, longest=3)
    centAmount = WholeNumber()
    preciseAmount = WholeNumber(maximum=10**20)
    fractionDigits = WholeNumber(maximum=20)


def exact(money: Mapping[str, Any], currency: str, field: str) -> Decimal:
    """Its value in minor units, which may have a fraction. Raises InvalidInput, naming ``field``."""
    if money["currencyCode"] != currency:
        raise InvalidInput(f"Property .{field}.currencyCode must be {currency}, as the cart's")
    is_precise = money.get("type") == "highPrecision"
    name = "preciseAmount" if is_precise else "centAmount"
    for needed in (name, "fractionDigits") if is_precise else (name,):
        if needed not in money:
            raise InvalidInput(f"Property .{field} should have required property '{needed}'")
    decimals = exponent(currency)
    return Decimal(money[name]).scaleb(decimals - money.get("fractionDigits", decimals))


def rounded(amount: Decimal, field: str, mode: str = "HalfUp") -> int:
    """Whole minor units, as the platform itself rounds. Raises InvalidInput, naming ``field``, for too large a one."""
    if amount > MAX_MINOR:
        raise InvalidInput(f"Property .{field} is too large")
    return int(amount.to_integral_value(_ROUNDINGS.get(mode, ROUND_HALF_EVEN)))
