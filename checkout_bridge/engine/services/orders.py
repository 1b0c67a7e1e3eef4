"""Orders: resolving the one a request speaks of, keeping it, and answering it with its amounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from checkout_bridge.contract.ids import new_id
from checkout_bridge.engine.pricing.amounts import line_fields, order_fields
from checkout_bridge.engine.pricing.order import Change, Line, OrderState
from checkout_bridge.engine.services import catalogue, customers, order_catalogue
from checkout_bridge.engine.services.catalogue import Catalogue
from checkout_bridge.engine.services.changes import from_json, state_of
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import orders as store
from checkout_bridge.errors import Conflict, NotFound

Row = dict[str, Any]
_TOLD = ("amount", "initial_amount", "discount_amount", "items", "metadata")


@dataclass(frozen=True)
class Draft:
    """The order a request speaks of: what was told of it, its stored row if there is one, and whose it is by id."""

    told: Mapping[str, Any]
    row: Row | None = None
    found: Catalogue = field(default_factory=Catalogue)
    customer_id: str | None = None

    @cached_property
    def base(self) -> OrderState | None:
        """Its amounts without any redemption."""
        return state_of(self.told, self.found)

    @property
    def start(self) -> OrderState | None:
        """Its amounts before anything more is applied."""
        return self.base.after(self.standing) if self.base else None

    @cached_property
    def standing(self) -> Change:
        """What earlier redemptions of it changed."""
        return from_json(self.row["change"]) if self.row else Change()


def draft(unit: Unit, request: Mapping[str, Any] | None, *, for_change: bool = False) -> Draft | None:
    """Resolve an order in a request.

    An ``id`` loads the stored order, and what was sent beside it counts instead of what is stored; a ``source_id``
    that exists means the stored order as it is. Raises NotFound for an id that does not exist.
    """
    if request is None:
        return None
    sent = {name: request[name] for name in _TOLD if name in request}
    if "id" in request:
        stored = get(unit, request["id"], for_change=for_change)
        drafted = _drafted(unit, {**stored["body"], **sent}, stored)
    else:
        source_id = request.get("source_id")
        row = None if source_id is None else store.find(unit.connection, source_id, for_change=for_change)
        drafted = _drafted(unit, row["body"] if row else sent, row)
    its_customer = drafted.row["customer_id"] if drafted.row else None
    return replace(drafted, customer_id=request.get("customer_id", its_customer))


def _drafted(unit: Unit, told: Mapping[str, Any], row: Row | None) -> Draft:
    """With the catalogue's prices where the caller told none."""
    items = told.get("items") or ()
    found = catalogue.look_up(unit, items)
    if found.products or found.skus:
        told = {**told, "items": [_priced(item, found) for item in items]}
    return Draft(told, row, found)


def _priced(item: Mapping[str, Any], found: Catalogue) -> Mapping[str, Any]:
    if "price" in item or "price" in (item.get("sku") or {}) or "price" in (item.get("product") or {}):
        return item
    price = found.price_of(found.names_of(item))
    return item if price is None else {**item, "price": price}


def get(unit: Unit, name: str, *, for_change: bool = False) -> Row:
    """The order with this id or source id. Raises NotFound."""
    row = store.find(unit.connection, name, for_change=for_change)
    if row is None:
        raise NotFound.of("order", name)
    return row


def upsert(unit: Unit, request: Mapping[str, Any]) -> Row:
    """Create an order, or update the one with this ``id`` or ``source_id``."""
    for name in ("id", "source_id"):
        if name in request and (row := store.find(unit.connection, request[name], for_change=True)):
            return update(unit, row, request)
    told = {name: request[name] for name in _TOLD if name in request}
    return keep(unit, _drafted(unit, told, None), request)


def update(unit: Unit, row: Row, request: Mapping[str, Any]) -> Row:
    """Set what was sent; what is absent stays."""
    sent = {name: request[name] for name in _TOLD if name in request}
    return keep(unit, _drafted(unit, {**row["body"], **sent}, row), request)


def keep(unit: Unit, draft: Draft, request: Mapping[str, Any], **columns: Any) -> Row:
    """Insert or update the row behind a draft, with its customer and referrer, and products and SKUs to override.

    ``columns`` are set as given.
    """
    order_catalogue.keep_overrides(unit, request.get("items") or ())
    values = dict(columns)
    if "status" in request:
        values.setdefault("status", request["status"])
    for role in ("customer", "referrer"):
        person = customers.upsert(unit, request.get(role))
        if person is not None or f"{role}_id" in request:
            values.setdefault(f"{role}_id", person["id"] if person else request[f"{role}_id"])
    values |= _amounts(draft, values)
    if draft.row is None:
        row = _new(unit, draft, request) | values
        store.add(unit.connection, row)
        return row
    values |= {"body": _with_line_ids(draft.told), "updated_at": unit.now}
    source_id = request.get("source_id", draft.row["source_id"])
    if source_id != draft.row["source_id"]:
        _refuse_taken(unit, source_id)
        values["source_id"] = source_id
    store.change(unit.connection, draft.row["id"], values)
    return {**draft.row, **values}


def _amounts(draft: Draft, values: Mapping[str, Any]) -> dict[str, int | None]:
    """The columns that say what an order comes to, by what is told of it and by its change, the old or a new one."""
    change = from_json(values["change"]) if "change" in values else draft.standing
    return amount_columns(draft.base and draft.base.after(change))


def amount_columns(state: OrderState | None) -> dict[str, int | None]:
    """What an order comes to in a state, as columns of its row."""
    return {
        "amount": state.amount if state else None,
        "discount_amount": state.discount if state else None,
        "items_discount_amount": state.items_discount if state else None,
        "total_amount": state.total if state else None,
    }


def _new(unit: Unit, draft: Draft, request: Mapping[str, Any]) -> Row:
    return {
        "id": request.get("id") or new_id("ord_"),
        "source_id": request.get("source_id"),
        "status": "CREATED",
        "customer_id": None,
        "referrer_id": None,
        "body": _with_line_ids(draft.told),
        "change": None,
        "applied": None,
        "redemptions": {},
        "created_at": request.get("created_at", unit.now),
        "updated_at": None,
    }


def _refuse_taken(unit: Unit, source_id: str) -> None:
    if store.find(unit.connection, source_id):
        raise Conflict(
            "Duplicated resource found",
            key="duplicate_found",
            details=f"Duplicated order exists with source_id {source_id}",
        )


def _with_line_ids(told: Mapping[str, Any]) -> dict[str, Any]:
    if "items" not in told:
        return dict(told)
    return {**told, "items": [item if "id" in item else {"id": new_id("ordli_"), **item} for item in told["items"]]}


def answer(row: Row) -> dict[str, Any]:
    """A stored order as answered."""
    base, standing = state_of(row["body"]), from_json(row["change"])
    state = base and base.after(standing)
    since = base and base.after(standing + -from_json(row["applied"])) if row["applied"] else None
    body: dict[str, Any] = {
        "id": row["id"],
        "source_id": row["source_id"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "status": row["status"],
        **calculated(row["body"], state, since),
        "customer_id": row["customer_id"],
        "referrer_id": row["referrer_id"],
    }
    for role in ("customer", "referrer"):
        if row[f"{role}_id"] is not None:
            body[role] = {"id": row[f"{role}_id"], "object": "customer"}
    if row["redemptions"]:
        body["redemptions"] = row["redemptions"]
    return body


def calculated(told: Mapping[str, Any], state: OrderState | None, since: OrderState | None = None) -> dict[str, Any]:
    """What was told of an order, and its amounts in a state; with ``since`` what was applied from there to here."""
    body: dict[str, Any] = {name: told[name] for name in ("initial_amount", "metadata") if name in told}
    items = [{**item, "object": "order_item"} for item in told.get("items") or ()]
    if state is None:
        return body | ({"items": items} if "items" in told else {}) | {"object": "order"}
    body |= order_fields(state, since)
    for i, line in enumerate(state.lines):
        before = since.lines[i] if since is not None and i < len(since.lines) else None
        fields = line_fields(line, before or (Line() if since is not None else None))
        if i < len(items):
            items[i] |= fields
        elif line.quantity or line.free:
            items.append({**line.item, **fields, "object": "order_item"})
    return body | ({"items": items} if items or "items" in told else {}) | {"object": "order"}
