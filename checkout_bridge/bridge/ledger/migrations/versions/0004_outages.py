"""What outages, the restore policy and held quotes have to remember."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns; what is there already has nothing to remember."""
    for name, kind in (
        ("confirmed_at", sa.String(length=30)),
        ("outage", sa.String(length=40)),
        ("deferral", sa.JSON(none_as_null=True)),
        ("occasion", sa.String(length=40)),
        ("kept", sa.JSON(none_as_null=True)),
        ("released_by", sa.String(length=255)),
    ):
        op.add_column("ledger_checkouts", sa.Column(name, kind, nullable=True))
    op.add_column("ledger_exchanges", sa.Column("check_at", sa.String(length=30), nullable=True))
    op.create_index("ix_ledger_exchanges_check_at", "ledger_exchanges", ["check_at"])
    for name, kind in (
        ("client", sa.String(length=64)),
        ("applied", sa.JSON(none_as_null=True)),
        ("rejected", sa.JSON(none_as_null=True)),
        ("released_at", sa.String(length=30)),
    ):
        op.add_column("ledger_quotes", sa.Column(name, kind, nullable=True))
    op.create_index("ix_ledger_quotes_client", "ledger_quotes", ["client"])
    op.create_index("ledger_deliveries_open", "ledger_deliveries", ["status", "processed_at"])
