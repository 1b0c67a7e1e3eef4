"""What Shopify's ids and amounts look like: ids to the last digit, amounts without ever being a float."""

from __future__ import annotations

from checkout_bridge.contract.fields import WholeNumber
from checkout_bridge.money import to_decimal, to_minor

_LARGEST_ID = 2**63 - 1


class Identifier(WholeNumber):
    """An id of Shopify's: a positive whole number of up to 64 bits."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(required=required, minimum=1, maximum=_LARGEST_ID)


def minor_units(amount: object, currency: str, field: str) -> int:
    """Minor units of an amount that Shopify wrote as a decimal string or as a number.

    Raises InvalidInput, naming ``field``, when it is neither or finer than the currency allows.
    """
    text = amount if isinstance(amount, str) else f"{to_decimal(amount, field):f}"
    return to_minor(text, currency, field)


def subunits(amount: object, currency: str, field: str) -> int:
    """Minor units of an amount in hundredths, as the storefront writes them in every currency: 1000 yen as 100000.

    Raises InvalidInput, naming ``field``, when it is no amount or finer than the currency allows.
    """
    return to_minor(f"{to_decimal(amount, field).scaleb(-2):f}", currency, field)
