"""A real engine on a temporary SQLite file, and a small client that speaks the contract to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from checkout_bridge.database import reading
from checkout_bridge.engine.app import create_engine_app, dispose, open_engine_database
from checkout_bridge.engine.store.schema import metadata

KEYS = {"X-App-Id": "shop", "X-App-Token": "secret"}


class Clock:
    """A time that moves only when told to."""

    def __init__(self) -> None:
        self.now = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        """Move on by a timedelta's arguments."""
        self.now += timedelta(**by)


class EngineClient:
    """Sends JSON with the right keys. Every call says which status it expects; 200 when not told."""

    def __init__(self, app: Flask, clock: Clock) -> None:
        self.app, self.clock = app, clock

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """The whole response. A body that is not bytes is sent as JSON; header names have underscores for dashes."""
        named = {**KEYS, **{name.replace("_", "-"): value for name, value in headers.items()}}
        content = {"data": body} if isinstance(body, bytes) else {} if body is None else {"json": body}
        with self.app.test_client() as client:
            return client.open(path, method=method, headers=named, **content)

    def ask(self, method: str, path: str, body: Any = None, *, status: int = 200, **headers: str) -> Any:
        """The decoded answer, which must have this status."""
        response = self.send(method, path, body, **headers)
        assert response.status_code == status, response.get_data(as_text=True)
        return response.get_json(silent=True)

    def get(self, path: str, *, status: int = 200) -> Any:
        return self.ask("GET", path, status=status)

    def post(self, path: str, body: Any = None, *, status: int = 200, **headers: str) -> Any:
        return self.ask("POST", path, body, status=status, **headers)

    def put(self, path: str, body: Any, *, status: int = 200) -> Any:
        return self.ask("PUT", path, body, status=status)

    def delete(self, path: str, *, status: int = 204) -> Any:
        return self.ask("DELETE", path, status=status)

    def coupon(self, code: str, *, status: int = 200, quantity: int | None = None, **discount: Any) -> Any:
        """Create a coupon: ``amount_off=`` or ``percent_off=``; with ``type=`` whatever else a discount may be."""
        kind = "AMOUNT" if "amount_off" in discount else "PERCENT"
        body = {"discount": {"type": kind, **discount}, "redemption": {"quantity": quantity}}
        return self.post(f"/v1/vouchers/{code}", body, status=status)

    def gift_card(self, code: str, amount: int) -> Any:
        return self.post(f"/v1/vouchers/{code}", {"type": "GIFT_VOUCHER", "gift": {"amount": amount}})

    def obey(self, *codes: str, **rule: Any) -> Any:
        """Create a validation rule and let vouchers obey it."""
        made = self.post("/v1/validation-rules", {"name": "a rule", **rule})
        for code in codes:
            assignment = {"related_object_type": "voucher", "related_object_id": code}
            self.post(f"/v1/validation-rules/{made['id']}/assignments", assignment)
        return made

    def redeem(self, *codes: str, status: int = 200, **request: Any) -> Any:
        return self.post("/v1/redemptions", {**stack(*codes), **request}, status=status)

    def validate(self, *codes: str, status: int = 200, **request: Any) -> Any:
        return self.post("/v1/validations", {**stack(*codes), **request}, status=status)

    def roll_back(self, redemption_id: str, body: Any = None, *, status: int = 200) -> Any:
        return self.post(f"/v1/redemptions/{redemption_id}/rollback", body, status=status)

    def roll_back_stack(self, parent_id: str, body: Any = None, *, status: int = 200) -> Any:
        return self.post(f"/v1/redemptions/{parent_id}/rollbacks", body, status=status)

    def voucher(self, code: str) -> Any:
        return self.get(f"/v1/vouchers/{code}")

    def redeemed_quantity(self, code: str) -> int:
        return int(self.voucher(code)["redemption"]["redeemed_quantity"])

    def balance(self, code: str) -> int:
        return int(self.voucher(code)["gift"]["balance"])

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all tables: what must not change when nothing may be written. Records of refusals may be."""
        with reading(self.app.extensions["checkout_bridge.engine"]) as connection:
            rows = {table.name: connection.execute(select(table)).all() for table in metadata.sorted_tables}
        return {name: [tuple(row) for row in its if "FAILURE" not in row] for name, its in rows.items()}


def about(*product_ids: str, **how: Any) -> dict[str, Any]:
    """An ``applicable_to`` that includes these products, all in the same way."""
    return {"included": [{"object": "product", "id": name, **how} for name in product_ids]}


def stack(*codes: str) -> dict[str, Any]:
    """The redeemables of a request."""
    return {"redeemables": [{"object": "voucher", "id": code} for code in codes]}


@contextmanager
def running_engine(database_url: str, **options: Any) -> Iterator[EngineClient]:
    """An engine over this database; closed at the end."""
    clock = Clock()
    app = create_engine_app(database_url, KEYS["X-App-Id"], KEYS["X-App-Token"], clock=clock, **options)
    try:
        yield EngineClient(app, clock)
    finally:
        dispose(app)


OpenEngine = Callable[..., AbstractContextManager[EngineClient]]


@pytest.fixture(scope="session")
def open_engine() -> OpenEngine:
    """Opens an engine over a database of the test's own choice."""
    return running_engine


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of an engine's database that was migrated: copying it is faster than migrating for every test."""
    path = tmp_path_factory.mktemp("empty") / "engine.db"
    open_engine_database(f"sqlite:///{path}").dispose()
    return path.read_bytes()


@pytest.fixture
def engine(tmp_path: Path, empty_database: bytes) -> Iterator[EngineClient]:
    """An engine with nothing in it."""
    (tmp_path / "engine.db").write_bytes(empty_database)
    with running_engine(f"sqlite:///{tmp_path}/engine.db", max_body=100_000) as client:
        yield client
