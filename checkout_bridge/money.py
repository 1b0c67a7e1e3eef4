"""Money: integer minor units, currency exponents, half-up rounding and the one allocator. Pure; never a float."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

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
