"""Async actions, exports and access tokens; the amounts of orders as columns."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add them, and fill in the amounts of the orders that are there."""
    op.create_table(
        "access_tokens",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=500), nullable=False),
        sa.Column("expires_at", sa.String(length=30), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_index(op.f("ix_access_tokens_expires_at"), "access_tokens", ["expires_at"], unique=False)
    op.create_table(
        "async_actions",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("operation_status", sa.String(length=20), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("request_id", sa.String(length=40), nullable=True),
        sa.Column("worker", sa.String(length=40), nullable=True),
        sa.Column("lease_until", sa.String(length=30), nullable=True),
        sa.Column("started_at", sa.String(length=30), nullable=True),
        sa.Column("finished_at", sa.String(length=30), nullable=True),
        sa.Column("created_at", sa.String(length=30), nullable=False),
        sa.Column("updated_at", sa.String(length=30), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("async_actions_open", "async_actions", ["status", "number"], unique=False)
    op.create_table(
        "exports",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("exported_object", sa.String(length=40), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("file", sa.String(length=80), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("worker", sa.String(length=40), nullable=True),
        sa.Column("lease_until", sa.String(length=30), nullable=True),
        sa.Column("started_at", sa.String(length=30), nullable=True),
        sa.Column("finished_at", sa.String(length=30), nullable=True),
        sa.Column("created_at", sa.String(length=30), nullable=False),
        sa.Column("updated_at", sa.String(length=30), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("exports_open", "exports", ["status", "number"], unique=False)
    op.add_column("orders", sa.Column("amount", sa.BigInteger(), nullable=True))
    op.add_column("orders", sa.Column("discount_amount", sa.BigInteger(), nullable=True))
    op.add_column("orders", sa.Column("items_discount_amount", sa.BigInteger(), nullable=True))
    op.add_column("orders", sa.Column("total_amount", sa.BigInteger(), nullable=True))
    op.create_index("orders_created", "orders", ["created_at", "number"], unique=False)
    op.create_index("orders_customer", "orders", ["customer_id", "number"], unique=False)
    op.create_index("orders_updated", "orders", ["updated_at", "number"], unique=False)
    _fill_in()


def _fill_in() -> None:
    connection = op.get_bind()
    orders = sa.table(
        "orders",
        sa.column("number", sa.Integer),
        sa.column("body", sa.JSON),
        sa.column("change", sa.JSON),
        *(sa.column(name, sa.BigInteger) for name in _NAMES),
    )
    for row in connection.execute(sa.select(orders.c.number, orders.c.body, orders.c.change)).all():
        amounts = _amounts(row.body, row.change or {"discount": 0, "lines": {}})
        if amounts is not None:
            changed = dict(zip(_NAMES, amounts, strict=True))
            connection.execute(sa.update(orders).where(orders.c.number == row.number).values(**changed))


_NAMES = ("amount", "discount_amount", "items_discount_amount", "total_amount")


def _amounts(body: dict[str, Any], change: dict[str, Any]) -> tuple[int, int, int, int] | None:
    """As they were calculated when this revision was written; a stored line change is [discount, _, _, amount]."""
    items = body.get("items") or []
    of_items = [_amount(item) for item in items]
    amount = body.get("amount")
    if amount is None:
        if all(one is None for one in of_items):
            return None
        amount = sum(one or 0 for one in of_items)
    lines = change["lines"].values()
    amount = max(0, amount + sum(line[3] for line in lines))
    discount = (body.get("discount_amount") or 0) + change["discount"]
    of_lines = sum(item.get("discount_amount", 0) for item in items) + sum(line[0] for line in lines)
    return amount, discount, of_lines, max(0, amount - discount - of_lines)


def _amount(item: dict[str, Any]) -> int | None:
    if item.get("amount") is not None:
        return int(item["amount"])
    prices = (part.get("price") for part in (item, item.get("sku") or {}, item.get("product") or {}))
    price = next((one for one in prices if one is not None), None)
    return None if price is None else int(price) * int(item.get("quantity", 0))
