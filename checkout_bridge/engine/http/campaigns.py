"""Operations on campaigns and their vouchers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract import campaigns as contract
from checkout_bridge.contract.vouchers import VoucherAnswer
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.http.paging import flag, order_by, page_of, whole_number
from checkout_bridge.engine.services import campaigns, vouchers
from checkout_bridge.engine.services.campaign_answers import answers
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.services.voucher_rows import DATES, VALIDITY
from checkout_bridge.engine.store import campaigns as store

Body = Mapping[str, Any]
Query = Mapping[str, str]

CLEARED_BY_NULL = (*DATES, *VALIDITY, "category_id")


def _create(unit: Unit, body: Body) -> dict[str, Any]:
    return answers(unit, [campaigns.create(unit, body)])[0]


def _get(unit: Unit, campaign_id: str) -> dict[str, Any]:
    return answers(unit, [campaigns.get(unit, campaign_id)])[0]


def _list(unit: Unit, query: Query) -> dict[str, Any]:
    return listed(unit, query, query.get("campaign_type"))


def listed(unit: Unit, query: Query, campaign_type: str | None) -> dict[str, Any]:
    """A page of campaigns of a type, or of all."""
    limit, page = page_of(query)
    order = order_by(query, store.ORDERED)
    rows, total = store.page(unit.connection, order=order, limit=limit, page=page, campaign_type=campaign_type)
    return {"object": "list", "data_ref": "campaigns", "campaigns": answers(unit, rows), "total": total}


def _update(unit: Unit, campaign_id: str, body: Body) -> dict[str, Any]:
    return answers(unit, [campaigns.update(unit, campaigns.get(unit, campaign_id), body)])[0]


def _delete(unit: Unit, campaign_id: str, query: Query) -> dict[str, Any]:
    return campaigns.delete(unit, campaigns.get(unit, campaign_id), force=flag(query, "force"))


def _enable(unit: Unit, campaign_id: str) -> dict[str, Any]:
    campaigns.set_active(unit, campaigns.get(unit, campaign_id), True)
    return {}


def _disable(unit: Unit, campaign_id: str) -> dict[str, Any]:
    campaigns.set_active(unit, campaigns.get(unit, campaign_id), False)
    return {}


def _add_vouchers(unit: Unit, campaign_id: str, body: Body, query: Query) -> dict[str, Any]:
    campaign = campaigns.get(unit, campaign_id)
    count = whole_number(query, "vouchers_count", 1, 1, contract.MOST_VOUCHERS)
    if count > 1:
        campaigns.generate(unit, campaign, count, body)
        return campaigns.generated(unit, count)
    return vouchers.answers(unit, [campaigns.add_voucher(unit, campaign, body.get("code"), body)])[0]


def _add_voucher(unit: Unit, campaign_id: str, code: str, body: Body) -> dict[str, Any]:
    row = campaigns.add_voucher(unit, campaigns.get(unit, campaign_id), code, body)
    return vouchers.answers(unit, [row])[0]


_CAMPAIGNS, _CAMPAIGN = "/v1/campaigns", "/v1/campaigns/{campaign_id}"
_ANSWER = contract.CampaignAnswer

OPERATIONS = (
    Operation(
        "POST",
        _CAMPAIGNS,
        _create,
        "Create a campaign with its vouchers or promotion tiers",
        contract.CampaignRequest(),
        _ANSWER,
        checks=campaigns.refuse_unsupported,
    ),
    Operation("GET", _CAMPAIGNS, _list, "List campaigns", answer=contract.CampaignList, query=True),
    Operation("GET", _CAMPAIGN, _get, "Get a campaign by id or name", answer=_ANSWER),
    Operation(
        "PUT",
        _CAMPAIGN,
        _update,
        "Update a campaign and its vouchers",
        contract.CampaignUpdate(),
        _ANSWER,
        keep_nulls=CLEARED_BY_NULL,
        checks=campaigns.refuse_unsupported,
    ),
    Operation(
        "DELETE",
        _CAMPAIGN,
        _delete,
        "Delete a campaign with its vouchers and tiers",
        answer=contract.AsyncAction,
        status=202,
        query=True,
    ),
    Operation("POST", f"{_CAMPAIGN}/enable", _enable, "Enable a campaign"),
    Operation("POST", f"{_CAMPAIGN}/disable", _disable, "Disable a campaign"),
    Operation(
        "POST",
        f"{_CAMPAIGN}/vouchers",
        _add_vouchers,
        "Add vouchers with random codes to a campaign: one, or vouchers_count (202)",
        contract.CampaignVoucherRequest(),
        VoucherAnswer,
        keep_nulls=("redemption.quantity",),
        query=True,
        may_be_later=True,
        needs_body=False,
    ),
    Operation(
        "POST",
        f"{_CAMPAIGN}/vouchers/{{code}}",
        _add_voucher,
        "Add a voucher with this code to a campaign",
        contract.CampaignVoucherRequest(),
        VoucherAnswer,
        keep_nulls=("redemption.quantity",),
    ),
)
