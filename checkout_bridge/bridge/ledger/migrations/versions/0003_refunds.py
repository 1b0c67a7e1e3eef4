"""Refunds of parts of an order, and the credits they put on cards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add their tables, and what went off each card in its own units; so far there were gift cards only."""
    op.add_column("ledger_redemptions", sa.Column("credits", sa.BigInteger(), nullable=True))
    op.execute("UPDATE ledger_redemptions SET credits = amount WHERE type = 'GIFT_VOUCHER'")
    op.create_table(
        "ledger_refunds",
        sa.Column("checkout_id", sa.String(length=64), sa.ForeignKey("ledger_checkouts.id"), primary_key=True),
        sa.Column("attempt", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("refund_id", sa.String(length=255), primary_key=True),
        sa.Column("lines", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.String(length=30), nullable=False),
        sa.Column("updated_at", sa.String(length=30), nullable=False),
    )
    op.create_index("ix_ledger_refunds_status", "ledger_refunds", ["status"])
    op.create_table(
        "ledger_credits",
        sa.Column("checkout_id", sa.String(length=64), sa.ForeignKey("ledger_checkouts.id"), primary_key=True),
        sa.Column("attempt", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("refund_id", sa.String(length=255), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("code", sa.String(length=255), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.String(length=255), nullable=False, unique=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.String(length=30), nullable=True),
    )
