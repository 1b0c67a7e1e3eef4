"""Vendure's integers: a value times ten to a precision that is the shop's, whatever decimals the currency has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from checkout_bridge.money import exponent, round_minor
from checkout_bridge.options import unusable_option

_SETTING = re.compile(r"(?:([A-Z]{3}):)?([0-6])")


@dataclass(frozen=True, slots=True)
class Precision:
    """How many decimals the shop's integers have: ``MoneyStrategy.precision``, and other ones of some currencies."""

    digits: int = 2
    by_currency: Mapping[str, int] = field(default_factory=dict)

    def of(self, currency: str) -> int:
        """The decimals of the amounts in a currency."""
        return self.by_currency.get(currency, self.digits)

    def major(self, value: int, currency: str) -> Decimal:
        """The exact amount in major units."""
        return Decimal(value).scaleb(-self.of(currency))

    def minor(self, value: int, currency: str, name: str) -> int:
        """One amount in the currency's minor units, rounded half up. Raises InvalidInput, naming the field."""
        return round_minor([self.major(value, currency)], currency, name)[0]

    def shop_units(self, amount: int, currency: str) -> tuple[int, int]:
        """An amount in minor units as the shop's integer, and how many minor units of it that cannot carry."""
        more = self.of(currency) - exponent(currency)
        if more >= 0:
            return int(amount * 10**more), 0
        units, lost = divmod(amount, 10**-more)
        return units, lost


def precision_from(text: str) -> Precision:
    """The option ``PRECISION``, as ``2`` or ``2,JPY:0``. Raises InvalidInput for anything else."""
    digits, by_currency = 2, {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = _SETTING.fullmatch(part)
        if not found:
            raise unusable_option("vendure", "PRECISION", "must look like 2 or 2,JPY:0")
        if found[1]:
            exponent(found[1])
            by_currency[found[1]] = int(found[2])
        else:
            digits = int(found[2])
    return Precision(digits, by_currency)
