"""The tables of the engine. Times are ISO 8601 text in UTC, which sorts; amounts are integer minor units."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, MetaData, String, Table, text

metadata = MetaData()

# Numbered rows: SQLite counts up only for INTEGER PRIMARY KEY.
_Number = BigInteger().with_variant(Integer, "sqlite")


def _numbered(name: str, *columns: Column[object] | Index) -> Table:
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
    Column("quantity", BigInteger),
    Column("redeemed_quantity", BigInteger, nullable=False, server_default=text("0")),
    Column("redeemed_amount", BigInteger, nullable=False, server_default=text("0")),
    Column("active", Boolean, nullable=False),
    Column("start_date", String(30)),
    Column("expiration_date", String(30)),
    Column("category", String(500)),
    Column("additional_info", String),
    Column("metadata", JSON, nullable=False),
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

orders = _numbered(
    "orders",
    Column("id", String(500), nullable=False, unique=True),
    Column("source_id", String(500), unique=True),
    Column("status", String(20), nullable=False),
    Column("customer_id", String(500)),
    Column("referrer_id", String(500)),
    # What the caller told: amount, discount_amount, initial_amount, items, metadata.
    Column("body", JSON, nullable=False),
    # What redemptions that stand take off, and the last one's part of it (null after a rollback).
    Column("redeemed_discount", BigInteger, nullable=False, server_default=text("0")),
    Column("applied_discount", BigInteger),
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
    Column("discount", BigInteger, nullable=False, server_default=text("0")),
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
