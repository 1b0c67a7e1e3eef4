"""The tables of the engine. Times are ISO 8601 text in UTC, which sorts; amounts are integer minor units."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

metadata = MetaData()

# Numbered rows: SQLite counts up only for INTEGER PRIMARY KEY.
_Number = BigInteger().with_variant(Integer, "sqlite")


def _numbered(name: str, *columns: Column[object] | Index | UniqueConstraint) -> Table:
    """A table whose rows are numbered as they come, so that 'newest first' has no ties."""
    return Table(name, metadata, Column("number", _Number, primary_key=True, autoincrement=True), *columns)


# Vouchers, and promotion tiers, which are counted and redeemed alike; a tier's code is its id.
vouchers = _numbered(
    "vouchers",
    Column("id", String(40), nullable=False, unique=True),
    Column("code", String(200), nullable=False),
    Column("type", String(20), nullable=False),
    Column("campaign_id", String(40), index=True),
    Column("category_id", String(40)),
    Column("holder_id", String(500), index=True),
    Column("discount", JSON),
    # The credits of a gift card, or the points of a loyalty card.
    Column("gift_amount", BigInteger),
    Column("gift_balance", BigInteger),
    Column("gift_effect", String(40)),
    Column("quantity", BigInteger),
    Column("redeemed_quantity", BigInteger, nullable=False, server_default=text("0")),
    Column("redeemed_amount", BigInteger, nullable=False, server_default=text("0")),
    Column("active", Boolean, nullable=False),
    Column("start_date", String(30)),
    Column("expiration_date", String(30)),
    # When it may be used within that time: validity_timeframe, validity_day_of_week, validity_hours.
    Column("validity", JSON),
    Column("category", String(500)),
    Column("additional_info", String),
    # What only a promotion tier has: name, banner, hierarchy.
    Column("tier", JSON),
    Column("metadata", JSON, nullable=False),
    # Whether a validation rule was ever assigned, so that most redemptions need not look.
    Column("has_rules", Boolean, nullable=False),
    Column("created_at", String(30), nullable=False),
    Column("updated_at", String(30)),
    Column("deleted_at", String(30)),
    # A deleted voucher keeps its row for its redemptions, and frees its code.
    Index(
        "vouchers_code",
        "code",
        unique=True,
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    ),
)

campaigns = _numbered(
    "campaigns",
    Column("id", String(40), nullable=False, unique=True),
    Column("name", String(500), nullable=False, unique=True),
    Column("campaign_type", String(20), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("category_id", String(40)),
    # The rest as told: dates, validity, what its vouchers are like, metadata.
    Column("body", JSON, nullable=False),
    Column("has_rules", Boolean, nullable=False),
    Column("created_at", String(30), nullable=False),
    Column("updated_at", String(30)),
)

# Small things that are kept as they were told: categories, collections, segments, rewards, promotion stacks.
resources = _numbered(
    "resources",
    Column("kind", String(40), nullable=False),
    Column("id", String(40), nullable=False, unique=True),
    Column("name", String(500)),
    # The campaign of a promotion stack; the reward of an assignment.
    Column("parent_id", String(40), index=True),
    Column("body", JSON, nullable=False),
    Column("created_at", String(30), nullable=False),
    Column("updated_at", String(30)),
    Index("resources_kind", "kind", "number"),
)

project_settings = Table(
    "project_settings",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("body", JSON, nullable=False),
    Column("created_at", String(30), nullable=False),
    Column("updated_at", String(30)),
)

sessions = Table(
    "sessions",
    metadata,
    Column("voucher_id", String(40), ForeignKey("vouchers.id", ondelete="CASCADE"), primary_key=True),
    Column("session_key", String(200), primary_key=True, index=True),
    Column("quantity", BigInteger, nullable=False),
    Column("credits", BigInteger, nullable=False),
    Column("expires_at", String(30), nullable=False),
)

transactions = _numbered(
    "voucher_transactions",
    Column("id", String(40), nullable=False, unique=True),
    Column("voucher_id", String(40), nullable=False, index=True),
    Column("type", String(40), nullable=False),
    Column("source_id", String(500)),
    Column("source", String(40)),
    Column("reason", String(500)),
    Column("amount", BigInteger, nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("details", JSON, nullable=False),
    Column("created_at", String(30), nullable=False),
    # A balance change that names its source happens once.
    Index(
        "voucher_transactions_source",
        "voucher_id",
        "source_id",
        unique=True,
        sqlite_where=text("source_id IS NOT NULL"),
        postgresql_where=text("source_id IS NOT NULL"),
    ),
)

customers = _numbered(
    "customers",
    Column("id", String(500), nullable=False, unique=True),
    Column("source_id", String(500), unique=True),
    Column("body", JSON, nullable=False),
    Column("created_at", String(30), nullable=False),
    Column("updated_at", String(30)),
)

# Products and SKUs together: a line of an order may be either, and one look-up finds both.
catalogue = _numbered(
    "catalogue",
    Column("kind", String(10), nullable=False),
    Column("id", String(500), nullable=False, unique=True),
    Column("source_id", String(500), index=True),
    Column("product_id", String(500), index=True),
    Column("price", BigInteger),
    Column("body", JSON, nullable=False),
    Column("created_at", String(30), nullable=False),
    Column("updated_at", String(30)),
    UniqueConstraint("kind", "source_id"),
)

validation_rules = _numbered(
    "validation_rules",
    Column("id", String(40), nullable=False, unique=True),
    Column("name", String(500)),
    Column("body", JSON, nullable=False),
    Column("created_at", String(30), nullable=False),
    Column("updated_at", String(30)),
)

assignments = _numbered(
    "validation_rules_assignments",
    Column("id", String(40), nullable=False, unique=True),
    Column("rule_id", String(40), ForeignKey("validation_rules.id"), nullable=False, index=True),
    Column("related_object_type", String(40), nullable=False),
    Column("related_object_id", String(500), nullable=False, index=True),
    Column("created_at", String(30), nullable=False),
    UniqueConstraint("rule_id", "related_object_type", "related_object_id"),
)

orders = _numbered(
    "orders",
    Column("id", String(500), nullable=False, unique=True),
    Column("source_id", String(500), unique=True),
    Column("status", String(20), nullable=False),
    Column("customer_id", String(500)),
    Column("referrer_id", String(500)),
    # What the caller told: amount, discount_amount, initial_amount, items, metadata.
    Column("body", JSON, nullable=False),
    # What redemptions that stand change, and the last one's part of it (null after a rollback).
    Column("change", JSON),
    Column("applied", JSON),
    Column("redemptions", JSON, nullable=False),
    # What it comes to, kept with every change, so that lists and exports need not calculate; null when not known.
    Column("amount", BigInteger),
    Column("discount_amount", BigInteger),
    Column("items_discount_amount", BigInteger),
    Column("total_amount", BigInteger),
    Column("created_at", String(30), nullable=False),
    Column("updated_at", String(30)),
    Index("orders_created", "created_at", "number"),
    Index("orders_updated", "updated_at", "number"),
    Index("orders_customer", "customer_id", "number"),
)

redemptions = _numbered(
    "redemptions",
    Column("id", String(40), nullable=False, unique=True),
    Column("object", String(30), nullable=False),
    Column("date", String(30), nullable=False, index=True),
    Column("parent_id", String(40), index=True),
    # What a rollback rolled back.
    Column("redemption_id", String(40), index=True),
    Column("related_object_type", String(20), nullable=False),
    Column("related_object_id", String(200), nullable=False, index=True),
    Column("campaign_id", String(40)),
    Column("voucher_code", String(200)),
    Column("order_id", String(500), index=True),
    Column("customer_id", String(500), index=True),
    Column("tracking_id", String(500)),
    Column("result", String(20), nullable=False),
    Column("status", String(20), nullable=False),
    Column("failure_code", String(100)),
    Column("failure_message", String(500)),
    Column("amount", BigInteger),
    # What the order was worth and what this took off it, for the budgets of campaigns.
    Column("order_amount", BigInteger),
    Column("discount_amount", BigInteger),
    Column("reward", JSON),
    # Of a rollback: whether it took its part off the order, too.
    Column("rollback_order_mode", String(20)),
    # The key by which it was asked for.
    Column("channel_id", String(500)),
    # What it changed on its order; null for the parent of a stack, whose children say it.
    Column("change", JSON),
    Column("reason", String(500)),
    Column("metadata", JSON),
    Column("session_key", String(200)),
    Column("order", JSON),
    Index("redemptions_campaign", "campaign_id", "date"),
)


def _leased() -> tuple[Column[object], ...]:
    """Who is at work on it until when, and its times."""
    return (
        Column("worker", String(40)),
        Column("lease_until", String(30)),
        Column("started_at", String(30)),
        Column("finished_at", String(30)),
        Column("created_at", String(30), nullable=False),
        Column("updated_at", String(30)),
    )


# Work for later. Whoever holds the lease does it; when it runs out, the work is taken up again.
async_actions = _numbered(
    "async_actions",
    Column("id", String(40), nullable=False, unique=True),
    Column("type", String(40), nullable=False),
    Column("status", String(20), nullable=False),
    Column("operation_status", String(20)),
    # What is to be done, and how much of it is done: both move in one transaction with the work itself.
    Column("payload", JSON),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("result", JSON),
    Column("request_id", String(40)),
    *_leased(),
    Index("async_actions_open", "status", "number"),
)

exports = _numbered(
    "exports",
    Column("id", String(40), nullable=False, unique=True),
    Column("exported_object", String(40), nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("status", String(20), nullable=False),
    # The name of the finished file in the folder of exports.
    Column("file", String(80)),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger),
    Column("error", String(500)),
    *_leased(),
    Index("exports_open", "status", "number"),
)

access_tokens = Table(
    "access_tokens",
    metadata,
    # A hash, so that whoever reads the database holds no key.
    Column("hash", String(64), primary_key=True),
    Column("scope", String(500), nullable=False),
    Column("expires_at", String(30), nullable=False, index=True),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", JSON),
    Column("created_at", String(30), nullable=False),
)
