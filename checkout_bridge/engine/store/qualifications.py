"""What may qualify, newest first: vouchers, code campaigns, promotion tiers and stacks as the rows of one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    String,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    union_all,
)

from checkout_bridge.contract.campaigns import PROMOTION, TYPE_OF_VOUCHERS
from checkout_bridge.contract.qualifications import CAMPAIGN, FILTERED, STACK, TIER, VOUCHER
from checkout_bridge.contract.vouchers import GIFT
from checkout_bridge.engine.store.filters import clause
from checkout_bridge.engine.store.schema import campaigns, resources, vouchers
from checkout_bridge.engine.store.vouchers import TIER as TIER_ROW

_NOTHING = cast(null(), String)


class Candidate(NamedTuple):
    """``object`` is the contract's word for what it is; ``id`` that of its row."""

    object: str
    id: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which candidates: a checked filter, and what else narrows them down. Of vouchers that somebody holds only those
    of the customer ``holder_id`` ever are.
    """

    holder_id: str | None = None
    filter: Mapping[str, Any] = field(default_factory=dict)
    only_held: bool = False
    only_stacks: bool = False
    no_loose_cards: bool = False


def candidates(
    connection: Connection,
    wanted: Wanted,
    moment: datetime,
    *,
    now: str,
    limit: int,
    before: str | None = None,
    passed: int = 0,
) -> list[Candidate]:
    """What is wanted and not plainly out of use, newest first; ``now`` is the ``moment`` as text.

    Begins with what was made before a time or, with ``passed``, after so many of those that were made at that time.
    """
    its = wanted.holder_id
    there = union_all(_vouchers(its, now), _held(its, now), _tiers(now), _campaigns(), _stacks()).subquery()
    these = [clause(wanted.filter, {name: there.c[name] for name in FILTERED}, moment), *_narrowed(wanted, there)]
    if before is not None:
        these.append(there.c.created_at <= before if passed else there.c.created_at < before)
    order = (there.c.created_at.desc(), there.c.kind, there.c.number.desc())
    statement = select(there.c.resource_type, there.c.resource_id, there.c.created_at).where(*these)
    rows = connection.execute(statement.order_by(*order).limit(limit).offset(passed))
    return [Candidate(*row) for row in rows]


def _narrowed(wanted: Wanted, there: FromClause) -> list[ColumnElement[bool]]:
    is_held, is_voucher = there.c.holder_role.is_not(None), there.c.resource_type == VOUCHER
    return [
        *([is_held] if wanted.only_held else []),
        *([there.c.resource_type == STACK] if wanted.only_stacks else []),
        *([or_(is_held, not_(and_(is_voucher, there.c.voucher_type == GIFT)))] if wanted.no_loose_cards else []),
    ]


def _columns(
    kind: str,
    rank: int,
    row: FromClause,
    *,
    campaign_id: ColumnElement[Any] = _NOTHING,
    campaign_type: ColumnElement[Any] = _NOTHING,
    category_id: ColumnElement[Any] = _NOTHING,
    voucher_type: ColumnElement[Any] = _NOTHING,
    code: ColumnElement[Any] = _NOTHING,
    holder_role: ColumnElement[Any] = _NOTHING,
) -> Select[Any]:
    """The columns that all kinds have, the later ones by the names of filters; ``rank`` orders what is as old."""
    return select(
        literal(rank).label("kind"),
        row.c.number.label("number"),
        row.c.created_at.label("created_at"),
        row.c.id.label("resource_id"),
        literal(kind, String).label("resource_type"),
        campaign_id.label("campaign_id"),
        campaign_type.label("campaign_type"),
        category_id.label("category_id"),
        voucher_type.label("voucher_type"),
        code.label("code"),
        holder_role.label("holder_role"),
    )


def _is_of_use(now: str) -> ColumnElement[bool]:
    """What is disabled, out of time or used up is not even tried."""
    return and_(
        vouchers.c.deleted_at.is_(None),
        vouchers.c.active,
        or_(vouchers.c.start_date.is_(None), vouchers.c.start_date <= now),
        or_(vouchers.c.expiration_date.is_(None), vouchers.c.expiration_date > now),
        or_(vouchers.c.quantity.is_(None), vouchers.c.redeemed_quantity < vouchers.c.quantity),
        or_(vouchers.c.gift_balance.is_(None), vouchers.c.gift_balance > 0),
    )


def _is_held(holder_id: str | None) -> ColumnElement[bool]:
    return false() if holder_id is None else vouchers.c.holder_id == holder_id


def _vouchers(holder_id: str | None, now: str) -> Select[Any]:
    """Without a campaign: those that nobody holds, and the customer's."""
    held = _is_held(holder_id)
    columns = _columns(
        VOUCHER,
        4,
        vouchers,
        category_id=vouchers.c.category_id,
        voucher_type=vouchers.c.type,
        code=vouchers.c.code,
        holder_role=case((held, "OWNER")),
    )
    nobodys_or_theirs = or_(vouchers.c.holder_id.is_(None), held)
    return columns.where(vouchers.c.campaign_id.is_(None), nobodys_or_theirs, _is_of_use(now))


def _held(holder_id: str | None, now: str) -> Select[Any]:
    """Those of campaigns that the customer holds."""
    columns = _columns(
        VOUCHER,
        3,
        vouchers,
        **_of_campaign(vouchers),
        voucher_type=vouchers.c.type,
        code=vouchers.c.code,
        holder_role=literal("OWNER", String),
    )
    return _in_campaigns(columns).where(_is_held(holder_id), vouchers.c.type != TIER_ROW, _is_of_use(now))


def _tiers(now: str) -> Select[Any]:
    columns = _in_campaigns(_columns(TIER, 2, vouchers, **_of_campaign(vouchers)))
    return columns.where(campaigns.c.campaign_type == PROMOTION, vouchers.c.type == TIER_ROW, _is_of_use(now))


def _of_campaign(row: FromClause) -> dict[str, ColumnElement[Any]]:
    return {
        "campaign_id": campaigns.c.id,
        "campaign_type": campaigns.c.campaign_type,
        "category_id": func.coalesce(row.c.category_id, campaigns.c.category_id),
    }


def _in_campaigns(columns: Select[Any]) -> Select[Any]:
    return columns.join(campaigns, campaigns.c.id == vouchers.c.campaign_id).where(campaigns.c.active)


def _campaigns() -> Select[Any]:
    """Those with codes, as whole campaigns."""
    columns = _columns(
        CAMPAIGN,
        1,
        campaigns,
        campaign_id=campaigns.c.id,
        campaign_type=campaigns.c.campaign_type,
        category_id=campaigns.c.category_id,
        voucher_type=case({its: kind for kind, its in TYPE_OF_VOUCHERS.items()}, value=campaigns.c.campaign_type),
    )
    return columns.where(campaigns.c.active, campaigns.c.campaign_type != PROMOTION)


def _stacks() -> Select[Any]:
    columns = _columns(
        STACK,
        0,
        resources,
        campaign_id=campaigns.c.id,
        campaign_type=campaigns.c.campaign_type,
        category_id=resources.c.body["category_id"].as_string(),
    )
    joined = columns.join(campaigns, campaigns.c.id == resources.c.parent_id)
    return joined.where(resources.c.kind == STACK, campaigns.c.active)
