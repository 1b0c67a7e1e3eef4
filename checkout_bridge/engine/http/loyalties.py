"""Operations on loyalty programs, their members, and the points on their cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract import balances as balances_contract
from checkout_bridge.contract import campaigns as campaigns_contract
from checkout_bridge.contract import loyalties as contract
from checkout_bridge.contract.vouchers import VoucherAnswer, VoucherList
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.http.campaigns import CLEARED_BY_NULL, listed
from checkout_bridge.engine.http.paging import flag, order_by, page_of, whole_number
from checkout_bridge.engine.services import campaigns, loyalties, vouchers
from checkout_bridge.engine.services.campaign_answers import answers
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import campaign_vouchers
from checkout_bridge.engine.store import customers as customer_store

Body = Mapping[str, Any]
Query = Mapping[str, str]


def _create(unit: Unit, body: Body) -> dict[str, Any]:
    return answers(unit, [loyalties.create(unit, body)])[0]


def _get(unit: Unit, campaign_id: str) -> dict[str, Any]:
    return answers(unit, [loyalties.get(unit, campaign_id)])[0]


def _list(unit: Unit, query: Query) -> dict[str, Any]:
    return listed(unit, query, campaigns_contract.LOYALTY_PROGRAM)


def _update(unit: Unit, campaign_id: str, body: Body) -> dict[str, Any]:
    return answers(unit, [campaigns.update(unit, loyalties.get(unit, campaign_id), body)])[0]


def _delete(unit: Unit, campaign_id: str, query: Query) -> dict[str, Any]:
    return campaigns.delete(unit, loyalties.get(unit, campaign_id), force=flag(query, "force"))


def _add_member(unit: Unit, campaign_id: str, body: Body) -> dict[str, Any]:
    row = loyalties.add_member(unit, loyalties.get(unit, campaign_id), body)
    return vouchers.answers(unit, [row])[0]


def _list_members(unit: Unit, campaign_id: str, query: Query) -> dict[str, Any]:
    limit, page = page_of(query)
    program, customer = loyalties.get(unit, campaign_id), query.get("customer")
    found = customer_store.find(unit.connection, id=customer, source_id=customer) if customer else None
    rows, total = campaign_vouchers.page(
        unit.connection,
        program["id"],
        order=order_by(query, campaign_vouchers.ORDERED),
        limit=limit,
        page=page,
        holder_id=found["id"] if found else customer,
    )
    return {"object": "list", "data_ref": "vouchers", "vouchers": vouchers.answers(unit, rows), "total": total}


def _get_member(unit: Unit, code: str, campaign_id: str | None = None) -> dict[str, Any]:
    return vouchers.answers(unit, [loyalties.card(unit, code, campaign_id)])[0]


def _change_points(unit: Unit, code: str, body: Body, campaign_id: str | None = None) -> dict[str, Any]:
    return loyalties.change_points(unit, loyalties.card(unit, code, campaign_id, for_change=True), body)


def _transactions(unit: Unit, code: str, query: Query, campaign_id: str | None = None) -> dict[str, Any]:
    limit = whole_number(query, "limit", 10, 1, 100)
    card = loyalties.card(unit, code, campaign_id)
    return loyalties.movements(unit, card, limit=limit, after=query.get("starting_after_id"))


_PROGRAMS, _PROGRAM = "/v1/loyalties", "/v1/loyalties/{campaign_id}"
_ANSWER = campaigns_contract.CampaignAnswer

_PROGRAM_OPERATIONS = (
    Operation(
        "POST",
        _PROGRAMS,
        _create,
        "Create a loyalty program",
        contract.LoyaltyRequest(),
        _ANSWER,
        checks=campaigns.refuse_unsupported,
    ),
    Operation("GET", _PROGRAMS, _list, "List loyalty programs", answer=campaigns_contract.CampaignList, query=True),
    Operation("GET", _PROGRAM, _get, "Get a loyalty program", answer=_ANSWER),
    Operation(
        "PUT",
        _PROGRAM,
        _update,
        "Update a loyalty program",
        campaigns_contract.CampaignUpdate(),
        _ANSWER,
        keep_nulls=CLEARED_BY_NULL,
        checks=campaigns.refuse_unsupported,
    ),
    Operation(
        "DELETE",
        _PROGRAM,
        _delete,
        "Delete a loyalty program with its cards",
        answer=campaigns_contract.AsyncAction,
        query=True,
    ),
    Operation(
        "POST",
        f"{_PROGRAM}/members",
        _add_member,
        "Make a customer a member",
        contract.MemberRequest(),
        VoucherAnswer,
    ),
    Operation("GET", f"{_PROGRAM}/members", _list_members, "List members", answer=VoucherList, query=True),
)


def _member_operations(member: str, of_what: str) -> tuple[Operation, ...]:
    """A card is reached with and without naming its program."""
    return (
        Operation("GET", member, _get_member, f"Get a member{of_what}", answer=VoucherAnswer),
        Operation(
            "POST",
            f"{member}/balance",
            _change_points,
            f"Add points to the card of a member{of_what}, or remove them",
            balances_contract.PointsRequest(),
            balances_contract.PointsAnswer,
        ),
        Operation(
            "GET",
            f"{member}/transactions",
            _transactions,
            f"List the movements on the card of a member{of_what}",
            answer=balances_contract.TransactionList,
            query=True,
        ),
    )


OPERATIONS = (
    *_PROGRAM_OPERATIONS,
    *_member_operations("/v1/loyalties/members/{code}", ""),
    *_member_operations(f"{_PROGRAM}/members/{{code}}", " of a program"),
)
