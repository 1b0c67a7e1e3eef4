"""The codes of a cart: entries of its custom field, each plain text or JSON text with a status."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

from checkout_bridge.contract.fields import is_text
from checkout_bridge.events import Effects

FIELD = "discount_codes"
APPLIED, NOT_APPLIED = "APPLIED", "NOT_APPLIED"
# Without a status, or new: nobody has priced it. Any other status is of no code that a shopper entered.
REDEEMED = (None, "NEW", APPLIED)
TRIED = (*REDEEMED, NOT_APPLIED)


def codes_in(entries: Iterable[str], statuses: Collection[str | None]) -> tuple[str, ...]:
    """The codes that shoppers entered and that have one of these statuses, each once; no promotions, which apply
    by themselves.
    """
    told = [_entry(text) for text in entries]
    found = [
        str(one["code"]).strip()
        for one in told
        if one.get("status") in statuses and not str(one.get("type")).startswith("promotion")
    ]
    return tuple(dict.fromkeys(code for code in found if code and is_text(code)))


def statuses(effects: Effects) -> list[str]:
    """The entries anew: a code that applies with what it is worth (minor units), any other with the reason."""
    worth = {effect.code: effect.amount for effect in effects.applied}
    reasons = {one.code: one.key for one in effects.rejected}
    return [
        json.dumps(
            {"code": code, "status": APPLIED, "type": "voucher", "value": worth[code]}
            if code in worth
            else {"code": code, "status": NOT_APPLIED, "reason": reasons.get(code) or reasons.get(None, "rejected")}
        )
        for code in (*effects.cart.codes, *(card.code for card in effects.cart.gift_cards))
    ]


def _entry(text: str) -> dict[str, Any]:
    if text.lstrip().startswith("{"):
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            return {"code": text}
        return told if isinstance(told.get("code"), str) else {"code": ""}
    return {"code": text}
