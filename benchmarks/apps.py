"""The apps that are served: a bare shop, the same shop with the bridge around it, and a thin view that redeems."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, jsonify, request

from checkout_bridge.extension import CheckoutBridge

PAGE = "/products/lamp"
DATABASE_VARIABLE = "BENCHMARK_DATABASE"

_COUNT = "UPDATE vouchers SET redeemed_quantity = redeemed_quantity + 1 WHERE code = ? AND deleted_at IS NULL"
_ORDER = """
    INSERT INTO orders (id, source_id, status, body, change, applied, redemptions, created_at)
    VALUES (?, ?, 'PAID', ?, ?, ?, ?, ?)
"""
_REDEMPTION = """
    INSERT INTO redemptions
    (id, object, date, related_object_type, related_object_id, order_id, result, status, change, "order")
    VALUES (?, 'redemption', ?, 'voucher', ?, ?, 'SUCCESS', 'SUCCEEDED', ?, ?)
"""


def bare_shop() -> Flask:
    """A shop with one page, and nothing around it."""
    app = Flask("shop", static_folder=None)

    @app.get("/products/<name>")
    def product(name: str) -> str:
        return f"<h1>{name}</h1>"

    return app


def bridged_shop() -> Flask:
    """The same shop, mounted as the README says."""
    app = bare_shop()
    CheckoutBridge(app)
    return app


def thin_redemptions() -> Flask:
    """The three writes of a redemption in the engine's own tables, durable as there, and nothing checked."""
    app = Flask("thin", static_folder=None)
    path = os.environ[DATABASE_VARIABLE]
    connections = threading.local()

    @app.post("/v1/redemptions")
    def redeem() -> Response:
        if not hasattr(connections, "mine"):
            connections.mine = _connect(path)
        return jsonify(_redeem(connections.mine, request.get_json()))

    return app


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _redeem(connection: sqlite3.Connection, sent: dict[str, Any]) -> dict[str, Any]:
    code, order = sent["redeemables"][0]["id"], sent["order"]
    order_id, redemption_id = "ord_" + secrets.token_hex(9), "r_" + secrets.token_hex(9)
    now, body = datetime.now(UTC).isoformat(), json.dumps(order)
    change = json.dumps({"discount": order["amount"] // 10, "lines": {}, "added": {}})
    told = json.dumps({redemption_id: {"date": now}})
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_COUNT, (code,))
    connection.execute(_ORDER, (order_id, order["source_id"], body, change, change, told, now))
    connection.execute(_REDEMPTION, (redemption_id, now, code, order_id, change, body))
    connection.execute("COMMIT")
    return {"redemptions": [{"id": redemption_id, "date": now}], "order": {"id": order_id, **order}}
