"""How the shop writes amounts: integer cents inside, two decimals outside."""

from __future__ import annotations

CURRENCY = "EUR"
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}


def decimal_string(cents: int) -> str:
    """``1250`` becomes ``"12.50"``; a minus stays in front."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def price(cents: int, currency: str = CURRENCY) -> str:
    """``1250`` becomes ``"12.50 €"``, with a space that does not break."""
    return f"{decimal_string(cents)}\N{NO-BREAK SPACE}{SYMBOLS.get(currency, currency)}"
