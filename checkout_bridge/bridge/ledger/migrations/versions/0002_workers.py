"""When workers were last seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add their table."""
    op.create_table(
        "ledger_workers",
        sa.Column("worker", sa.String(length=40), primary_key=True),
        sa.Column("seen_at", sa.String(length=30), nullable=False),
    )
