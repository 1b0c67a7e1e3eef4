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


vouchers = _numbered(
    "vouchers",
    Column("id", String(40), nullable=False, unique=True),
    Column("code", String(200), nullable=False),
    Column("type", String(20), nullable=False),
    Column("discount", JSON),
    Column("gift_amount", BigInteger),
    Column("gift_balance", BigInteger),
    Column("gift_effect", String(40)),
    Column("quantity", BigInteger),
    Column("redeemed_quantity", BigInteger, nullable=False, server_default=text("0")),
    Column("redeemed_amount", BigInteger, nullable=False, server_default=text("0")),
    Column("active", Boolean, nullable=False),
    Column("start_date", String(30)),
    Column("expiration_date", String(30)),
    Column("category", String(500)),
    Column("additional_info", String),
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

sessions = Table(
    "sessions",
    metadata,
    Column("voucher_id", String(40), ForeignKey("vouchers.id", ondelete="CASCADE"), primary_key=True),
    Column("session_key", String(200), primary_key=True),
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
    Column("created_at", String(30), nullable=False),
    Column("updated_at", String(30)),
)

redemptions = _numbered(
    "redemptions",
    Column("id", String(40), nullable=False, unique=True),
    Column("object", String(30), nullable=False),
    Column("date", String(30), nullable=False),
    Column("parent_id", String(40), index=True),
    # What a rollback rolled back.
    Column("redemption_id", String(40), index=True),
    Column("related_object_type", String(20), nullable=False),
    Column("related_object_id", String(40), nullable=False, index=True),
    Column("order_id", String(500), index=True),
    Column("customer_id", String(500)),
    Column("tracking_id", String(500)),
    Column("result", String(20), nullable=False),
    Column("status", String(20), nullable=False),
    Column("amount", BigInteger),
    # What it changed on its order; null for the parent of a stack, whose children say it.
    Column("change", JSON),
    Column("reason", String(500)),
    Column("metadata", JSON),
    Column("session_key", String(200)),
    Column("order", JSON),
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
