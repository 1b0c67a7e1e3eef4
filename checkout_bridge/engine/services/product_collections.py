"""Product collections: which products and SKUs are in them, by name or by what matches their filter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from checkout_bridge.engine.services import filters, resources
from checkout_bridge.engine.services.catalogue import Catalogue
from checkout_bridge.engine.services.facts import reader
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import catalogue as catalogue_store
from checkout_bridge.engine.store import collection_products as store
from checkout_bridge.errors import InvalidInput

Row = dict[str, Any]
Names = frozenset[tuple[str, str]]

_PLAIN = ("id", "product_id", "source_id", "name", "price", "object", "image_url", "created_at", "updated_at")
_FIELDS = frozenset((*_PLAIN, "attributes"))


def create(unit: Unit, request: Mapping[str, Any]) -> Row:
    """Keep a collection. Raises InvalidInput when what says its members is missing or cannot be evaluated."""
    return resources.create(unit, resources.COLLECTION, _checked(request))


def update(unit: Unit, collection_id: str, request: Mapping[str, Any]) -> Row:
    """Set what was sent; what is absent stays. Raises NotFound and InvalidInput."""
    row = resources.get(unit, resources.COLLECTION, collection_id, for_change=True)
    _checked({**row["body"], **request})
    return resources.change(unit, row, request)


def answer(row: Row) -> dict[str, Any]:
    """A collection as answered: with its products or with its filter."""
    shown = "products" if row["body"]["type"] == "STATIC" else "filter"
    answered = resources.answer(row)
    return {name: value for name, value in answered.items() if name == shown or name not in ("products", "filter")}


def members(unit: Unit, ids: Iterable[str], found: Catalogue) -> dict[str, Names]:
    """Per collection the names, ``(kind, id or source id)``, of the products and SKUs in it.

    Of a collection with a filter only those that ``found`` has. A product stands for its SKUs, which have its names,
    too; a SKU does not stand for its product. What does not exist has no members.
    """
    wanted = list(ids)
    rows = resources.by_ids(unit, resources.COLLECTION, wanted)
    told = {(item["object"], item["id"]) for row in rows.values() for item in _static(row)}
    known = catalogue_store.find_many(unit.connection, {name for _, name in told}) if told else []
    names: dict[tuple[str, str], Names] = {}
    for row in known:
        for kind, name in _names_of(row):
            names[kind, name] = names.get((kind, name), frozenset()) | _names_of(row)
    candidates = [*found.products.values(), *found.skus.values()]
    return {id: _members(unit, rows[id], names, candidates) if id in rows else frozenset() for id in wanted}


def products(unit: Unit, row: Row, *, limit: int, page: int, newest_first: bool) -> tuple[list[Row], int]:
    """A page of the catalogue rows in a collection, and how many there are in all."""
    start = (page - 1) * limit
    if row["body"]["type"] == "STATIC":
        rows = sorted(_listed(unit, row), key=lambda one: one["number"], reverse=newest_first)
        return rows[start : start + limit], len(rows)
    matching = _matching(unit, row, store.each(unit.connection, newest_first=newest_first))
    before = sum(1 for _ in islice(matching, start))
    shown = list(islice(matching, limit))
    return shown, before + len(shown) + sum(1 for _ in matching)


def _checked(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """A collection that says who is in it."""
    needed = "products" if told["type"] == "STATIC" else "filter"
    if needed == "filter" and "filter" not in told:
        raise InvalidInput("Payload should have required property 'filter'")
    if needed == "filter":
        filters.check(told["filter"], _FIELDS)
    return told


def _static(row: Row) -> list[Mapping[str, Any]]:
    return row["body"].get("products") or [] if row["body"]["type"] == "STATIC" else []


def _members(unit: Unit, row: Row, names: Mapping[tuple[str, str], Names], candidates: Iterable[Row]) -> Names:
    if row["body"]["type"] == "STATIC":
        told = [(item["object"], item["id"]) for item in _static(row)]
        return frozenset(told).union(*(names.get(name, frozenset()) for name in told))
    return frozenset(name for one in _matching(unit, row, candidates) for name in _names_of(one))


def _listed(unit: Unit, row: Row) -> list[Row]:
    """The catalogue rows that a static collection names."""
    told = {(item["object"], item["id"]) for item in _static(row)}
    rows = catalogue_store.find_many(unit.connection, {name for _, name in told}) if told else []
    return [one for one in rows if _names_of(one) & told]


def _matching(unit: Unit, row: Row, candidates: Iterable[Row]) -> Iterator[Row]:
    """Those that a collection's filter takes in."""
    told = row["body"]["filter"]
    return (one for one in candidates if filters.matches(told, reader(_facts(one)), unit.moment))


def _names_of(row: Row) -> Names:
    return frozenset((row["kind"], name) for name in (row["id"], row["source_id"]) if name)


def _facts(row: Row) -> Mapping[str, Any]:
    """What filters know of a product or SKU: a SKU is named by its ``sku``, attributes by their names."""
    body = row["body"]
    return {
        **body,
        **{name: row[name] for name in ("id", "product_id", "source_id", "price", "created_at", "updated_at")},
        "object": row["kind"],
        "name": body.get("sku" if row["kind"] == "sku" else "name"),
        "attributes": list(body.get("attributes") or ()),
    }
