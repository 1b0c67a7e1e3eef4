"""Loyalty programs: campaigns whose vouchers are cards with points, and the members who hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract.campaigns import LOYALTY_PROGRAM
from checkout_bridge.contract.vouchers import LOYALTY
from checkout_bridge.engine.services import balances, campaigns, publications, vouchers
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.errors import InvalidInput, NotFound

Row = dict[str, Any]

_EXPIRATION_TYPES = ("PROGRAM_RULES", "NON_EXPIRING")


def create(unit: Unit, request: Mapping[str, Any]) -> Row:
    """Make a loyalty program: a campaign of that type."""
    return campaigns.create(unit, {**request, "campaign_type": LOYALTY_PROGRAM})


def get(unit: Unit, name: str) -> Row:
    """The program with this id or name. Raises NotFound."""
    return campaigns.get(unit, name, LOYALTY_PROGRAM)


def add_member(unit: Unit, program: Row, request: Mapping[str, Any]) -> Row:
    """Give a customer a card of the program, unless they have one: then that one is given."""
    return publications.held(unit, publications.publish(unit, request, campaign=program))


def card(unit: Unit, code: str, campaign_id: str | None = None, *, for_change: bool = False) -> Row:
    """The loyalty card with this code or id; where a program is told, of that program. Raises NotFound."""
    row = vouchers.get(unit, code, for_change=for_change)
    program_id = None if campaign_id is None else get(unit, campaign_id)["id"]
    if row["type"] != LOYALTY or program_id not in (None, row["campaign_id"]):
        raise NotFound.of("voucher", code)
    return row


def change_points(unit: Unit, card: Row, request: Mapping[str, Any]) -> dict[str, Any]:
    """Add points to a card, or remove them when negative. Raises InvalidInput for points that are to expire."""
    if request.get("expiration_type", "NON_EXPIRING") not in _EXPIRATION_TYPES:
        raise InvalidInput("Property .expiration_type CUSTOM_DATE is not supported by this engine")
    if "expiration_date" in request:
        raise InvalidInput("Property .expiration_date is not supported by this engine")
    answer = balances.change(unit, card, {**request, "amount": request["points"]})
    return {"points": answer.pop("amount"), **answer}


def movements(unit: Unit, card: Row, *, limit: int, after: str | None) -> dict[str, Any]:
    """The movements on a card, as a member sees them: without the source."""
    answer = balances.movements(unit, card, limit=limit, after=after)
    return {**answer, "data": [{**one, "source": None} for one in answer["data"]]}
