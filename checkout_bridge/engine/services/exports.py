"""Exports: asked for, told of, deleted, and what a worker has to read to write one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select

from checkout_bridge.contract.fields import parse_moment
from checkout_bridge.contract.ids import new_id
from checkout_bridge.engine.services import export_links
from checkout_bridge.engine.services.export_objects import METADATA, check_filters, fields_of, order_of
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import exports as store
from checkout_bridge.engine.store.export_queries import SOURCES
from checkout_bridge.engine.store.filters import clause
from checkout_bridge.errors import InvalidInput, NotFound, Unauthorized

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What to read for an export: ``fields`` is the header, ``names`` the columns of ``rows`` in their order.

    A field ``metadata.<name>`` is a property of the column ``metadata``. ``count`` counts the rows.
    """

    fields: list[str]
    names: list[str]
    rows: Select[Any]
    count: Select[Any]


def create(unit: Unit, kind: str, told: Mapping[str, Any]) -> Row:
    """Ask for an export. Raises InvalidInput for a field, an order or a filter that cannot be."""
    parameters = {("fields" if name == "field_names" else name): value for name, value in told.items()}
    parameters["fields"] = fields_of(kind, parameters.get("fields", ()))
    row = {
        "id": new_id("exp_"),
        "exported_object": kind,
        "parameters": parameters,
        "status": "SCHEDULED",
        "file": None,
        "done": 0,
        "total": None,
        "error": None,
        "created_at": unit.now,
        "updated_at": None,
    }
    reading_of(unit.connection, row)
    export_links.make_secret(unit)
    store.add(unit.connection, row)
    return row


def get(unit: Unit, export_id: str) -> Row:
    """The export with this id. Raises NotFound."""
    row = store.find(unit.connection, export_id)
    if row is None:
        raise NotFound.of("export", export_id)
    return row


def delete(unit: Unit, export_id: str) -> str | None:
    """Delete an export, also one that is being written, and give the name of its file. Raises NotFound."""
    row = store.remove(unit.connection, export_id)
    if row is None:
        raise NotFound.of("export", export_id)
    file: str | None = row["file"]
    return file


def answer(unit: Unit, row: Row, base_url: str) -> dict[str, Any]:
    """An export as answered; the address of its file begins with ``base_url``."""
    url = f"{base_url}v1/exports/{row['id']}?token={export_links.token_for(unit, row['id'])}" if row["file"] else None
    return {
        "id": row["id"],
        "object": "export",
        "created_at": row["created_at"],
        "status": row["status"],
        "channel": "API",
        "exported_object": row["exported_object"],
        "parameters": row["parameters"],
        "result": {"url": url} if url else None,
        "user_id": None,
        "progress": _progress(row),
        **({"error": {"message": row["error"]}} if row["error"] else {}),
    }


def _progress(row: Row) -> int:
    if row["status"] == "DONE":
        return 100
    # Rows may have come since they were counted.
    return min(99, 100 * row["done"] // row["total"]) if row["total"] else 0


def file_for(unit: Unit, export_id: str, token: str) -> str:
    """The name of the file that a token is for.

    Raises Unauthorized for a token that is wrong, another's or has expired, NotFound when there is no file any more.
    """
    if not token.isascii():
        raise Unauthorized("Unauthorized", details="The token is wrong")
    export_links.check(unit.connection, export_id, token, unit.moment)
    file: str | None = get(unit, export_id)["file"]
    if file is None:
        raise NotFound.of("export", export_id)
    return file


def reading_of(connection: Connection, row: Row) -> Reading:
    """What is to be read for an export, as of when it was asked for. Raises InvalidInput for what cannot be."""
    kind, parameters = row["exported_object"], row["parameters"]
    source, fields = SOURCES[kind], parameters["fields"]
    names = list(dict.fromkeys(METADATA if name.startswith(f"{METADATA}.") else name for name in fields))
    where = _where(connection, row)
    rows = source.rows(names, where, order_of(kind, parameters.get("order")))
    return Reading(fields, names, rows, source.count(where))


def _where(connection: Connection, row: Row) -> list[ColumnElement[bool]]:
    kind, parameters = row["exported_object"], row["parameters"]
    source = SOURCES[kind]
    these: list[ColumnElement[bool]] = []
    if (filter := parameters.get("filters")) is not None:
        check_filters(kind, filter)
        asked = _with_customer_ids(connection, filter)
        try:
            these.append(clause(asked, source.filtered, parse_moment(row["created_at"]), dates=source.dates))
        except InvalidInput as fault:
            raise InvalidInput(str(fault.details).replace(".filters", ".parameters.filters", 1)) from None
    if "campaign_id" in parameters:
        if kind != "voucher":
            raise InvalidInput("Property .parameters.campaign_id is for vouchers only")
        these.append(source.filtered["campaign_id"] == parameters["campaign_id"])
    return these


def _with_customer_ids(connection: Connection, filter: Mapping[str, Any]) -> Mapping[str, Any]:
    """Customers may be told by source id, too."""
    if "customer" not in filter:
        return filter
    conditions = filter["customer"]["conditions"]
    texts = {name: [value for value in values or () if isinstance(value, str)] for name, values in conditions.items()}
    with_ids = {
        name: [*values, *store.customer_ids(connection, texts[name])] if texts[name] else values
        for name, values in conditions.items()
    }
    return {**filter, "customer": {"conditions": with_ids}}
