"""Campaigns, promotion tiers and small resources; what failed, and what budgets count, on redemptions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add them to the tables of the first release."""
    op.create_table(
        "campaigns",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("campaign_type", sa.String(length=20), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("category_id", sa.String(length=40), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("has_rules", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.String(length=30), nullable=False),
        sa.Column("updated_at", sa.String(length=30), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "project_settings",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.String(length=30), nullable=False),
        sa.Column("updated_at", sa.String(length=30), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "resources",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=True),
        sa.Column("parent_id", sa.String(length=40), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.String(length=30), nullable=False),
        sa.Column("updated_at", sa.String(length=30), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_index(op.f("ix_resources_parent_id"), "resources", ["parent_id"], unique=False)
    op.create_index("resources_kind", "resources", ["kind", "number"], unique=False)
    op.add_column("redemptions", sa.Column("campaign_id", sa.String(length=40), nullable=True))
    op.add_column("redemptions", sa.Column("voucher_code", sa.String(length=200), nullable=True))
    op.add_column("redemptions", sa.Column("failure_code", sa.String(length=100), nullable=True))
    op.add_column("redemptions", sa.Column("failure_message", sa.String(length=500), nullable=True))
    op.add_column("redemptions", sa.Column("order_amount", sa.BigInteger(), nullable=True))
    op.add_column("redemptions", sa.Column("discount_amount", sa.BigInteger(), nullable=True))
    op.add_column("redemptions", sa.Column("reward", sa.JSON(), nullable=True))
    op.add_column("redemptions", sa.Column("rollback_order_mode", sa.String(length=20), nullable=True))
    op.add_column("redemptions", sa.Column("channel_id", sa.String(length=500), nullable=True))
    op.create_index(op.f("ix_redemptions_customer_id"), "redemptions", ["customer_id"], unique=False)
    op.create_index(op.f("ix_redemptions_date"), "redemptions", ["date"], unique=False)
    op.create_index("redemptions_campaign", "redemptions", ["campaign_id", "date"], unique=False)
    op.create_index(op.f("ix_sessions_session_key"), "sessions", ["session_key"], unique=False)
    op.add_column("vouchers", sa.Column("campaign_id", sa.String(length=40), nullable=True))
    op.add_column("vouchers", sa.Column("category_id", sa.String(length=40), nullable=True))
    op.add_column("vouchers", sa.Column("holder_id", sa.String(length=500), nullable=True))
    op.add_column("vouchers", sa.Column("validity", sa.JSON(), nullable=True))
    op.add_column("vouchers", sa.Column("tier", sa.JSON(), nullable=True))
    op.create_index(op.f("ix_vouchers_campaign_id"), "vouchers", ["campaign_id"], unique=False)
    op.create_index(op.f("ix_vouchers_holder_id"), "vouchers", ["holder_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":  # SQLite knows no lengths
        op.alter_column("redemptions", "related_object_id", type_=sa.String(length=200))
    op.execute(
        "UPDATE redemptions SET voucher_code = "
        "(SELECT code FROM vouchers WHERE vouchers.id = redemptions.related_object_id)"
    )
