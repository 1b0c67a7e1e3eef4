"""However much there is: no statement of a redemption reads a whole table on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, event

if TYPE_CHECKING:
    from .conftest import EngineClient

# What there is but one of.
SMALL = ("project_settings",)
ORDER = {"source_id": "cart-1", "items": [{"product_id": "shirt", "quantity": 2, "price": 500}]}
REQUEST = {"order": ORDER, "customer": {"source_id": "ann", "name": "Ann"}, "session": {"type": "LOCK", "key": "mine"}}
Statements = list[tuple[str, Any]]


@pytest.fixture
def database(engine: EngineClient) -> Engine:
    """The engine's database, where two coupons, one of them in a campaign, obey rules that count redemptions."""
    engine.post("/v1/campaigns", {"name": "Spring", "voucher": {"discount": {"type": "AMOUNT", "amount_off": 10}}})
    engine.post("/v1/campaigns/Spring/vouchers/SPRING", {})
    engine.coupon("CODE", amount_off=10, quantity=9)
    engine.gift_card("CARD", 1000)
    counted = ("campaign.redemptions.count", "redemption.count.per_customer", "campaign.orders.amount")
    rules = {str(n): {"name": name, "conditions": {"$less_than": [5000]}} for n, name in enumerate(counted, 1)}
    engine.obey("CODE", "SPRING", rules={**rules, "logic": "1 and 2 and 3"})
    found: Engine = engine.app.extensions["checkout_bridge.engine"]
    return found


@contextmanager
def recorded(database: Engine) -> Iterator[Statements]:
    """Every statement that is executed, with its parameters."""
    statements: Statements = []

    def record(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, is_many: bool) -> None:
        statements.append((statement, parameters[0] if is_many else parameters))

    event.listen(database, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(database, "before_cursor_execute", record)


def scans(database: Engine, statements: Statements) -> list[str]:
    """What reads a whole table, as SQLite plans it."""
    with database.connect() as connection:
        plans = [
            (statement, row.detail)
            for statement, parameters in statements
            if statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE"))
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert plans
    return [f"{plan}: {statement}" for statement, plan in plans if plan.startswith("SCAN") and not plan.endswith(SMALL)]


def test_a_redemption_and_its_rollback_read_no_whole_table(engine: EngineClient, database: Engine) -> None:
    with recorded(database) as statements:
        engine.validate("CODE", "SPRING", "CARD", **REQUEST)
        redeemed = engine.redeem("CODE", "SPRING", "CARD", **REQUEST)
        engine.roll_back_stack(redeemed["parent_redemption"]["id"], {})

    assert scans(database, statements) == []


def test_a_scan_is_seen(database: Engine) -> None:
    """Given a statement that no index helps, when it is looked at, then it is told."""
    statement = "SELECT id FROM vouchers WHERE additional_info = ?"

    assert scans(database, [(statement, ("x",))]) == [f"SCAN vouchers: {statement}"]
