"""The ledger's tables, which may share a database with the engine's. Times are ISO text; amounts are minor units."""

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
    Text,
    text,
)

metadata = MetaData()

_Number = BigInteger().with_variant(Integer, "sqlite")

checkouts = Table(
    "ledger_checkouts",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("platform", String(64), nullable=False),
    Column("shop", String(255), nullable=False),
    Column("order_ref", String(255)),
    Column("state", String(20), nullable=False, index=True),
    Column("reason", Text),
    # A changed cart is a new attempt, with a source id of its own upstream.
    Column("attempt", Integer, nullable=False),
    Column("source_id", String(80), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("cart", JSON, nullable=False),
    Column("rejected", JSON, nullable=False),
    # The stack's parent, or the only redemption.
    Column("redemption_id", String(80)),
    Column("quote_id", String(64)),
    # When the shop said that it has the order.
    Column("confirmed_at", String(30)),
    # What the attempt did while the promotions API was out of reach; and, until it is done, what is still to be done.
    Column("outage", String(40)),
    Column("deferral", JSON(none_as_null=True)),
    # Why the order does not stand, the positions that the restore policy keeps, and the refund that let go of coupons.
    Column("occasion", String(40)),
    Column("kept", JSON(none_as_null=True)),
    Column("released_by", String(255)),
    Column("created_at", String(30), nullable=False),
    Column("updated_at", String(30), nullable=False),
    Index(
        "ledger_checkouts_order",
        "platform",
        "shop",
        "order_ref",
        unique=True,
        sqlite_where=text("order_ref IS NOT NULL"),
        postgresql_where=text("order_ref IS NOT NULL"),
    ),
)


def _attempt() -> tuple[Column[str], Column[int]]:
    return (
        Column("checkout_id", String(64), ForeignKey("ledger_checkouts.id"), primary_key=True),
        Column("attempt", Integer, primary_key=True),
    )


# Frozen at redemption; never updated.
redemptions = Table(
    "ledger_redemptions",
    metadata,
    *_attempt(),
    Column("position", Integer, primary_key=True),
    Column("code", String(255), nullable=False),
    Column("type", String(40), nullable=False),
    Column("redemption_id", String(80), nullable=False, index=True),
    Column("amount", BigInteger, nullable=False),
    Column("allocations", JSON, nullable=False),
    # What went off a gift card (minor units) or a loyalty card (points); null for what is no card.
    Column("credits", BigInteger),
)

# What went back, a row for each redemption it went back for.
give_backs = Table(
    "ledger_give_backs",
    metadata,
    *_attempt(),
    Column("position", Integer, primary_key=True),
    Column("rollback_id", String(80)),
    Column("amount", BigInteger),
    Column("at", String(30), nullable=False),
)

# Refunds by the platform's own id. One that is not final gives a part back, and leaves the order as it is.
refunds = Table(
    "ledger_refunds",
    metadata,
    *_attempt(),
    Column("refund_id", String(255), primary_key=True),
    Column("lines", JSON(none_as_null=True)),
    Column("amount", BigInteger),
    Column("is_final", Boolean, nullable=False),
    Column("status", String(20), nullable=False, index=True),
    Column("reason", Text),
    Column("created_at", String(30), nullable=False),
    Column("updated_at", String(30), nullable=False),
)

# What refunds move on cards, in the cards' own units; negative is taken off again.
credits = Table(
    "ledger_credits",
    metadata,
    *_attempt(),
    Column("refund_id", String(255), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("code", String(255), nullable=False),
    Column("amount", BigInteger, nullable=False),
    # What the movement is known by upstream.
    Column("source_id", String(255), nullable=False, unique=True),
    Column("status", String(20), nullable=False),
    Column("reason", Text),
    # When it was last claimed; once it is not planned any more, when it was done or refused.
    Column("at", String(30)),
)

# What was sent and answered upstream, once an attempt. ``check_at`` is when to look whether an attempt that was given
# up has been redeemed after all.
exchanges = Table(
    "ledger_exchanges",
    metadata,
    *_attempt(),
    Column("request", JSON, nullable=False),
    Column("response", JSON),
    Column("check_at", String(30), index=True),
)

history = Table(
    "ledger_history",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),
    Column("checkout_id", String(64), ForeignKey("ledger_checkouts.id"), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("at", String(30), nullable=False),
    Column("event", String(40), nullable=False),
    Column("event_id", String(255)),
    Column("state", String(20), nullable=False),
    Column("detail", Text),
)

quotes = Table(
    "ledger_quotes",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("platform", String(64), nullable=False),
    Column("shop", String(255), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    # What the client is known by, as a digest; null for one that nobody can tell from others.
    Column("client", String(64), index=True),
    Column("applied", JSON(none_as_null=True)),
    Column("rejected", JSON(none_as_null=True)),
    Column("session_key", String(200)),
    # When what it held was let go of.
    Column("released_at", String(30)),
    Column("currency", String(3), nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("created_at", String(30), nullable=False),
    Column("expires_at", String(30), nullable=False),
)

deliveries = Table(
    "ledger_deliveries",
    metadata,
    Column("platform", String(64), primary_key=True),
    Column("shop", String(255), primary_key=True),
    Column("event_id", String(255), primary_key=True),
    Column("topic", String(255), nullable=False),
    Column("body", Text, nullable=False),
    # Null until it has been dealt with for good.
    Column("status", String(20)),
    Column("reason", Text),
    Column("order_ref", String(255)),
    Column("received_at", String(30), nullable=False),
    Column("processed_at", String(30)),
    Index("ledger_deliveries_open", "status", "processed_at"),
)

workers = Table(
    "ledger_workers",
    metadata,
    Column("worker", String(40), primary_key=True),
    Column("seen_at", String(30), nullable=False),
)
