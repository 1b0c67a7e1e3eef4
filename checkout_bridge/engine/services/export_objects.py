"""What can be exported: the fields of each kind of thing, those written when none are named, orders and filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checkout_bridge.engine.services import filters
from checkout_bridge.engine.store.export_queries import SOURCES
from checkout_bridge.errors import InvalidInput

METADATA = "metadata"
_WHERE = ".parameters.filters"


@dataclass(frozen=True, slots=True)
class ExportedObject:
    """One kind: its ``default`` fields, ``more`` of them, and what it is sorted by, also backwards.

    ``refused`` are filters of the contract that this engine cannot evaluate, or what such begin with.
    """

    default: tuple[str, ...]
    more: tuple[str, ...]
    orders: tuple[str, ...]
    refused: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields; with metadata among them, ``metadata.<name>`` is one, too."""
        return self.default + self.more

    def has(self, field: str) -> bool:
        """Whether this can be written."""
        of_metadata = METADATA in self.more and field.startswith(f"{METADATA}.") and len(field) > len(METADATA) + 1
        return field in self.fields or of_metadata


_CREATED = ("created_at", "updated_at")
_ADDRESS = ("city", "state", "line_1", "line_2", "country", "postal_code")
_REDEEMED = ("redeemed", "failed", "succeeded", "rolled_back", "rollback_failed", "rollback_succeeded")
_ORDERED = ("total_amount", "total_count", "average_amount", "last_order_amount", "last_order_date")
_EXPIRING = ("id", "campaign_id", "voucher_id", "status", "expires_at", "points")

EXPORTED: Mapping[str, ExportedObject] = {
    "order": ExportedObject(
        ("id", "source_id", "status"),
        (
            *_CREATED,
            *("amount", "discount_amount", "items_discount_amount", "total_discount_amount", "total_amount"),
            *("customer_id", "referrer_id", METADATA),
        ),
        # By source id is this engine's own: the same orders in two engines have the same ones.
        (*_CREATED, "status", "source_id"),
    ),
    "voucher": ExportedObject(
        ("code", "voucher_type", "value", "discount_type"),
        (
            *("id", "formula", "campaign", "campaign_id", "category", "start_date", "expiration_date"),
            *("gift_balance", "loyalty_balance", "redemption_quantity", "redemption_count", "active", "qr_code"),
            *("bar_code", METADATA, "is_referral_code", *_CREATED, "validity_timeframe_interval"),
            *("validity_timeframe_duration", "validity_day_of_week", "discount_amount_limit", "additional_info"),
            *("customer_id", "customer_source_id", "discount_effect", "discount_unit_type", "discount_unit_effect"),
            "validation_rules_id",
        ),
        (*_CREATED, "code"),
        ("redemption_status", "vouchers", "validity_timeframe", "validity_day_of_week", "redemption."),
    ),
    "redemption": ExportedObject(
        ("id", "object", "voucher_code", "customer_id", "date", "result"),
        (
            *("campaign", "promotion_tier_id", "customer_source_id", "customer_name", "tracking_id", "order_id"),
            *("order_amount", "gift_amount", "loyalty_points", "failure_code", "failure_message", METADATA),
        ),
        ("id", "voucher_code", "tracking_id", "customer_id", "created_at"),
    ),
    "publication": ExportedObject(
        ("code", "customer_id", "date", "channel"),
        ("voucher_code", "customer_source_id", "campaign", "is_winner", METADATA),
        ("id", "voucher_code", "tracking_id", "customer_id", "created_at", "channel"),
    ),
    "customer": ExportedObject(
        ("name", "source_id"),
        (
            *("id", "description", "email", "phone", "birthday", "birthdate", *_CREATED),
            *(f"address_{name}" for name in _ADDRESS),
            *(f"redemptions_total_{name}" for name in _REDEEMED),
            *(f"orders_{name}" for name in _ORDERED),
            *("loyalty_points", "loyalty_referred_customers", METADATA),
        ),
        ("name", "id", "email", "source_id", *_CREATED),
        ("publications.", "summary.", "loyalty.", "loyalty_tier.", "loyalty_points.", "system_metadata."),
    ),
    "points_expiration": ExportedObject(_EXPIRING, (), ("expires_at",)),
    "voucher_transactions": ExportedObject(
        ("id", "type", "source_id", "status", "reason", "source", "balance", "amount", "created_at"),
        ("campaign_id", "voucher_id", "related_transaction_id", "details"),
        ("created_at",),
    ),
    "product": ExportedObject(
        ("id", "name", "price", "image_url", "source_id", "attributes", "created_at"),
        ("updated_at", METADATA),
        ("created_at",),
    ),
    "sku": ExportedObject(
        ("id", "sku", "product_id", "currency", "price", "image_url", "source_id", "attributes", "created_at"),
        ("updated_at", METADATA),
        ("created_at",),
    ),
}


def fields_of(kind: str, named: Sequence[str]) -> list[str]:
    """The fields to write, in this order; the default ones when none are named. Raises InvalidInput."""
    exported = EXPORTED[kind]
    unknown = [name for name in named if not exported.has(name)]
    if unknown:
        allowed = ", ".join((*exported.fields, *(["metadata.X"] if METADATA in exported.fields else [])))
        raise InvalidInput(
            f"Invalid field {unknown[0]!a}; allowed fields of {kind}: {allowed}",
            message="Invalid Export",
            key="invalid_export_fields",
        )
    return list(named or exported.default)


def order_of(kind: str, told: str | None) -> str:
    """What rows are sorted by; the newest come first when it is not told. Raises InvalidInput."""
    orders = EXPORTED[kind].orders
    if told is None:
        return "-created_at" if "created_at" in orders else f"-{orders[0]}"
    if told.removeprefix("-") not in orders:
        allowed = ", ".join(sign + name for name in orders for sign in ("", "-"))
        raise InvalidInput(f"Property .parameters.order must be equal to one of the allowed values: {allowed}")
    return told


def check_filters(kind: str, filter: Mapping[str, Any]) -> None:
    """Raise InvalidInput that names what is unknown, malformed or not supported."""
    source = SOURCES[kind]
    fields, refused = source.filter_fields, EXPORTED[kind].refused
    for name in filter:
        # "a." stands for all that begins so.
        if name not in fields and (name in refused or f"{name.partition('.')[0]}." in refused):
            raise InvalidInput(f"Property {_WHERE}.{name} is not supported by this engine")
    filters.check(filter, fields, source.filter_prefixes, at=_WHERE)
