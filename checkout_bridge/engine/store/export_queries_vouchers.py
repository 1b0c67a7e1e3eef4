"""What exports of vouchers, their publications, movements on cards and points that expire read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    String,
    case,
    cast,
    column,
    false,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from checkout_bridge.engine.store import publications as publication_lists
from checkout_bridge.engine.store import voucher_lists
from checkout_bridge.engine.store.export_queries_sales import IS_VOUCHER, customer_of, named
from checkout_bridge.engine.store.export_queries_source import Columns, Source
from checkout_bridge.engine.store.schema import assignments, campaigns, customers, resources, transactions, vouchers

_WORTH = {"AMOUNT": "amount_off", "PERCENT": "percent_off", "FIXED": "fixed_amount", "UNIT": "unit_off"}
_nothing = cast(null(), String)
_never = literal(False, Boolean)


def _discount(name: str) -> ColumnElement[str]:
    text: ColumnElement[str] = vouchers.c.discount[name].as_string()
    return text


_rules = (
    select(func.aggregate_strings(assignments.c.rule_id, ","))
    .where(or_(*(assignments.c.related_object_id == id for id in (vouchers.c.id, vouchers.c.campaign_id))))
    .correlate(vouchers)
    .scalar_subquery()
)
_category_name = select(resources.c.name).where(resources.c.id == vouchers.c.category_id).scalar_subquery()
_is_units = _discount("type") == "UNIT"
# The lists of vouchers know most of it by the same names.
_LISTED = (
    *("id", "code", "voucher_type", "discount_type", "campaign", "campaign_id", "start_date", "expiration_date"),
    *("gift_balance", "loyalty_balance", "redemption_quantity", "redemption_count", "active", "created_at"),
    *("updated_at", "additional_info", "customer_id", "metadata"),
)
_VOUCHER_COLUMNS: Columns = {
    **{name: voucher_lists.FILTERED[name] for name in _LISTED},
    "value": case(
        *((_discount("type") == kind, _discount(name)) for kind, name in _WORTH.items()),
        else_=cast(vouchers.c.gift_amount, String),
    ),
    "formula": func.coalesce(*(_discount(f"{name}_formula") for name in _WORTH.values())),
    "category": func.coalesce(vouchers.c.category, _category_name),
    # This engine draws no codes and has no referral programs.
    "qr_code": _nothing,
    "bar_code": _nothing,
    "is_referral_code": _never,
    "validity_timeframe_interval": vouchers.c.validity[("validity_timeframe", "interval")].as_string(),
    "validity_timeframe_duration": vouchers.c.validity[("validity_timeframe", "duration")].as_string(),
    "validity_day_of_week": vouchers.c.validity["validity_day_of_week"],
    "discount_amount_limit": vouchers.c.discount["amount_limit"].as_integer(),
    "customer_source_id": customer_of(vouchers.c.holder_id, customers.c.source_id),
    "discount_effect": _discount("effect"),
    "discount_unit_type": _discount("unit_type"),
    "discount_unit_effect": case((_is_units, _discount("effect"))),
    "validation_rules_id": _rules,
}
VOUCHERS = Source(
    vouchers,
    columns=_VOUCHER_COLUMNS,
    filtered={
        **{name: it for name, it in _VOUCHER_COLUMNS.items() if name not in ("value", "validity_day_of_week")},
        **voucher_lists.FILTERED,
        "categories": _VOUCHER_COLUMNS["category"],
        "category_ids": vouchers.c.category_id,
        "created_date": vouchers.c.created_at,
        "published_for_customer_id": vouchers.c.holder_id,
        "redemption.quantity": vouchers.c.quantity,
        "redemption.redeemed_quantity": vouchers.c.redeemed_quantity,
        "redemption.redeemed_amount": vouchers.c.redeemed_amount,
    },
    orders={"created_at": vouchers.c.number, **named(vouchers, "updated_at", "code")},
    where=(vouchers.c.deleted_at.is_(None), IS_VOUCHER),
)


class _Published(FunctionElement[Any]):
    """The ids of a publication's vouchers, as rows; its argument is the body."""

    inherit_cache = True


@compiles(_Published, "sqlite")
def _in_sqlite(element: _Published, compiler: Any, **how: Any) -> str:
    (body,) = element.clauses
    return f"json_each({compiler.process(body, **how)}, '$.vouchers_id')"


@compiles(_Published, "postgresql")
def _in_postgresql(element: _Published, compiler: Any, **how: Any) -> str:
    (body,) = element.clauses
    return f"json_array_elements_text({compiler.process(body, **how)} -> 'vouchers_id')"


_published = _Published(resources.c.body).table_valued(column("value", String))
_body = resources.c.body
_to = _body["customer_id"].as_string()
_its_campaign = select(campaigns.c.name).where(campaigns.c.id == _body["campaign_id"].as_string()).scalar_subquery()
_PUBLICATION_COLUMNS: Columns = {
    "code": vouchers.c.code,
    "voucher_code": vouchers.c.code,
    "customer_id": _to,
    "customer_source_id": customer_of(_to, customers.c.source_id),
    "date": resources.c.created_at,
    "channel": _body["channel"].as_string(),
    "campaign": func.coalesce(_its_campaign, voucher_lists.FILTERED["campaign"]),
    # Nobody wins a voucher by luck here.
    "is_winner": _nothing,
    "metadata": _body["metadata"],
}
PUBLICATIONS = Source(
    resources,
    columns=_PUBLICATION_COLUMNS,
    filtered={
        **_PUBLICATION_COLUMNS,
        "id": resources.c.id,
        "created_at": resources.c.created_at,
        "source_id": resources.c.name,
        "customer": _to,
        "voucher": vouchers.c.code,
        "voucher_type": vouchers.c.type,
        "related_object_id": vouchers.c.id,
        "parent_object_id": vouchers.c.campaign_id,
        "campaign_name": _PUBLICATION_COLUMNS["campaign"],
        # Only those that succeeded are kept.
        "result": literal("SUCCESS", String),
        "failure_code": _nothing,
        "is_referral_code": _never,
    },
    orders={
        **publication_lists.ORDERED,
        "voucher_code": vouchers.c.code,
        # It stands for the customer, and is kept nowhere.
        "tracking_id": _to,
    },
    where=(resources.c.kind == publication_lists.KIND,),
    joined=resources.join(_published, literal(True)).join(vouchers, vouchers.c.id == _published.c.value),
)

_card_campaign = select(vouchers.c.campaign_id).where(vouchers.c.id == transactions.c.voucher_id).scalar_subquery()
_MOVEMENT_COLUMNS: Columns = {
    **named(transactions, "id", "voucher_id", "type", "source_id", "reason", "source", "balance", "amount"),
    **named(transactions, "created_at", "details"),
    "campaign_id": _card_campaign,
    "related_transaction_id": _nothing,
    "status": _nothing,
}
MOVEMENTS = Source(
    transactions,
    columns=_MOVEMENT_COLUMNS,
    filtered={name: it for name, it in _MOVEMENT_COLUMNS.items() if name != "details"},
    orders={"created_at": transactions.c.number},
)

# Points do not expire here: nothing is the truth about them.
_EXPIRING: Columns = {
    **dict.fromkeys(("id", "campaign_id", "voucher_id", "status", "expires_at"), _nothing),
    "points": cast(null(), BigInteger),
}
EXPIRING_POINTS = Source(
    transactions, columns=_EXPIRING, filtered=_EXPIRING, orders={"expires_at": transactions.c.number}, where=(false(),)
)
