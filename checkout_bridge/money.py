"""Money: integer minor units, currency exponents, half-up rounding and the one allocator. Pure; never a float."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from checkout_bridge.errors import InvalidInput

# ISO 4217: the active currencies, and those whose minor unit is not a hundredth.
_CODES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT
MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD
SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES
VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_WITH_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENTS = (
    dict.fromkeys(_CODES.split(), 2)
    | dict.fromkeys(_WITHOUT_DECIMALS.split(), 0)
    | dict.fromkeys(_WITH_THREE_DECIMALS.split(), 3)
)

_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
# As platforms write them: noise of a float and exponents, too.
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?")

# The largest amount any door takes, in minor units: whole in every JSON parser and in a 64-bit column.
MAX_MINOR = 10**15


def exponent(currency: str) -> int:
    """How many decimals the currency has (ISO 4217). Raises InvalidInput for a code that does not exist."""
    try:
        return _EXPONENTS[currency]
    except (KeyError, TypeError):
        details = f"Property .currency must be a currency of ISO 4217, not {str(currency)[:12]!r}"
        raise InvalidInput(details, key="unknown_currency") from None


def to_minor(text: str, currency: str, field: str = "amount") -> int:
    """Minor units of a decimal string: ``to_minor("12.50", "EUR") == 1250``.

    Raises InvalidInput, naming ``field``, when the text is not a plain decimal or is finer than the currency allows.
    """
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise InvalidInput(f'Property .{field} must be a decimal string such as "12.50"')
    scaled = Decimal(text).scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        raise InvalidInput(f"Property .{field} has more decimals than {currency} allows")
    if abs(scaled) > MAX_MINOR:
        raise InvalidInput(f"Property .{field} is too large")
    return int(scaled)


def read_json(body: bytes) -> Any:
    """Parsed JSON whose numbers are exact: int, or Decimal where they have a point. Raises InvalidInput."""
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        raise InvalidInput("Payload must be valid JSON") from None


def to_decimal(amount: object, field: str = "amount") -> Decimal:
    """The exact value of an amount that a platform wrote as a decimal string, an int or (``read_json``) a Decimal.

    A float, which other parsers of JSON make of a number, is what was written: the shortest text that stands for it.
    Raises InvalidInput, naming ``field``, for anything else, and for more than 40 digits.
    """
    is_number = isinstance(amount, int | float | Decimal) and not isinstance(amount, bool)
    text = str(amount) if is_number or isinstance(amount, str) else ""
    if not _NUMBER.fullmatch(text):
        raise InvalidInput(f'Property .{field} must be a decimal such as "12.50"')
    value = Decimal(text)
    if value.adjusted() > 15 or len(value.as_tuple().digits) > 40:
        raise InvalidInput(f"Property .{field} is too large")
    return value


def round_minor(amounts: Sequence[Decimal], currency: str, field: str = "amount") -> list[int]:
    """Minor units of amounts in major units that may be finer than the currency: each is rounded half up, once, and
    the last one takes what their exact sum, rounded, is more or less.

    Raises InvalidInput, naming ``field``, for an amount that is too large.
    """
    scaled = [amount.scaleb(exponent(currency)) for amount in amounts]
    if any(abs(value) > MAX_MINOR for value in scaled):
        raise InvalidInput(f"Property .{field} is too large")
    parts = [int(value.to_integral_value(ROUND_HALF_UP)) for value in scaled]
    if parts:
        parts[-1] += int(sum(scaled, Decimal(0)).to_integral_value(ROUND_HALF_UP)) - sum(parts)
    return parts


def round_lines(amounts: Sequence[Decimal], currency: str, field: str = "amount") -> list[int]:
    """The same for the lines of a purchase, of which none is less than 0: where rounding would leave that of the last
    one, their sum is split anew.

    Raises InvalidInput, naming ``field``, for an amount that is negative or too large.
    """
    for i, amount in enumerate(amounts):
        if amount < 0:
            raise InvalidInput(f"Property .{field}[{i}] must not come to less than 0")
    parts = round_minor(amounts, currency, field)
    return allocate(sum(parts), [max(part, 0) for part in parts]) if parts and parts[-1] < 0 else parts


def format_minor(amount: int, currency: str) -> str:
    """The decimal string of an amount in minor units: ``format_minor(1250, "EUR") == "12.50"``."""
    return str(Decimal(amount).scaleb(-exponent(currency)))


def half_up(numerator: int, denominator: int) -> int:
    """``numerator / denominator`` rounded half up to an integer; both are not negative."""
    return (2 * numerator + denominator) // (2 * denominator)


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Split ``amount`` in proportion to ``weights`` by the largest remainder; the parts add up to ``amount``.

    Ties go to the earlier part. When every weight is 0 nothing can be split, and every part is 0.
    """
    total = sum(weights)
    if total == 0:
        return [0] * len(weights)
    parts = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
    for i in by_remainder[: amount - sum(parts)]:
        parts[i] += 1
    return parts
