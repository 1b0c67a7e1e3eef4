"""Operations on exports, and the download of their files, which has the same path."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Response, after_this_request, current_app, request
from werkzeug.datastructures import MultiDict
from werkzeug.wsgi import wrap_file

from checkout_bridge.contract.exports import ORDER, Export, ExportList, ExportRequest, OrderExportRequest
from checkout_bridge.engine.http.api import Operation
from checkout_bridge.engine.http.paging import order_of, page_of
from checkout_bridge.engine.services import exports
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import exports as store
from checkout_bridge.errors import NotFound

Body = Mapping[str, Any]
Query = MultiDict[str, str]
ORDERS = tuple(sign + name for name in store.ORDERED for sign in ("", "-"))


def _create(unit: Unit, body: Body) -> dict[str, Any]:
    row = exports.create(unit, body["exported_object"], body.get("parameters", {}))
    return exports.answer(unit, row, request.url_root)


def _create_of_orders(unit: Unit, body: Body) -> dict[str, Any]:
    return _create(unit, {**body, "exported_object": ORDER})


def _list(unit: Unit, query: Query) -> dict[str, Any]:
    limit, page = page_of(query)
    rows, total = store.page(unit.connection, order=order_of(query, ORDERS, "-created_at"), limit=limit, page=page)
    bodies = [exports.answer(unit, row, request.url_root) for row in rows]
    return {"object": "list", "data_ref": "exports", "exports": bodies, "total": total}


def _get(unit: Unit, export_id: str, query: Query) -> dict[str, Any] | Response:
    if "token" in query:
        return _download(export_id, _folder() / exports.file_for(unit, export_id, query["token"]))
    return exports.answer(unit, exports.get(unit, export_id), request.url_root)


def _download(export_id: str, path: Path) -> Response:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise NotFound.of("export", export_id) from None
    # The contract's own clients refuse text/csv.
    response = Response(wrap_file(request.environ, file), mimetype="text/plain", direct_passthrough=True)
    response.content_length = os.fstat(file.fileno()).st_size
    response.headers["Content-Disposition"] = f'attachment; filename="{export_id}.csv"'
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _delete(unit: Unit, export_id: str) -> None:
    file = exports.delete(unit, export_id)

    @after_this_request
    def remove(response: Response) -> Response:
        if file is not None and response.status_code == 204:  # only now it is sure that no export has it
            with suppress(OSError):  # the sweep tries again
                (_folder() / file).unlink()
        return response


def _folder() -> Path:
    folder: Path = current_app.config["EXPORTS_FOLDER"]
    return folder


OPERATIONS = (
    Operation("POST", "/v1/exports", _create, "Export something to CSV", ExportRequest(), Export, rings=True),
    Operation(
        "POST", "/v1/orders/export", _create_of_orders, "Export orders to CSV", OrderExportRequest(), Export, rings=True
    ),
    Operation("GET", "/v1/exports", _list, "List exports", answer=ExportList, query=True),
    Operation(
        "GET",
        "/v1/exports/{export_id}",
        _get,
        "Get an export, or with a token its file",
        answer=Export,
        query=True,
        downloads=True,
    ),
    Operation("DELETE", "/v1/exports/{export_id}", _delete, "Delete an export and its file", status=204),
)
