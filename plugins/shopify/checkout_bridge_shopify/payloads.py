"""Reading Shopify's JSON exactly: ids to the last digit, amounts without ever being a float."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from checkout_bridge.contract.fields import WholeNumber
from checkout_bridge.errors import InvalidInput
from checkout_bridge.money import to_minor

_LARGEST_ID = 2**63 - 1


class Identifier(WholeNumber):
    """An id of Shopify's: a positive whole number of up to 64 bits."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(required=required, minimum=1, maximum=_LARGEST_ID)


def read(body: bytes) -> Any:
    """The parsed body; numbers with a point are Decimal. Raises InvalidInput when it is not JSON."""
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        raise InvalidInput("Payload must be valid JSON") from None


def minor_units(amount: object, currency: str, field: str) -> int:
    """Minor units of an amount that Shopify wrote as a decimal string or as a number.

    Raises InvalidInput, naming ``field``, when it is neither or finer than the currency allows.
    """
    is_number = isinstance(amount, int | Decimal) and not isinstance(amount, bool)
    return to_minor(str(amount) if is_number or isinstance(amount, str) else "", currency, field)
