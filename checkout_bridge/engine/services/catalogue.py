"""Products and SKUs: kept, found again, and looked up for the lines of orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checkout_bridge.contract.ids import new_id
from checkout_bridge.engine.pricing.order import Names
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import catalogue as store
from checkout_bridge.errors import NotFound

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The products and SKUs that some lines may be, by id and by source id."""

    products: Mapping[str, Row] = field(default_factory=dict)
    skus: Mapping[str, Row] = field(default_factory=dict)

    def names_of(self, item: Mapping[str, Any]) -> Names:
        """Everything a line is known as: a SKU is its product, too."""
        sku, product = item.get("sku") or {}, item.get("product") or {}
        related = item.get("related_object", "product")
        told = {("sku", item.get("sku_id")), ("sku", sku.get("id")), ("sku", sku.get("source_id"))}
        told |= {("product", item.get("product_id")), ("product", product.get("id"))}
        told |= {("product", product.get("source_id")), (related, item.get("source_id"))}
        names = {(kind, name) for kind, name in told if name}
        for kind, name in list(names):
            names |= self.names(kind, name)
        return frozenset(names)

    def names(self, kind: str, name: str) -> set[tuple[str, str]]:
        """Every name of one product or SKU."""
        row = (self.skus if kind == "sku" else self.products).get(name)
        if row is None:
            return {(kind, name)}
        names = {(kind, row["id"])} | ({(kind, row["source_id"])} if row["source_id"] else set())
        return names | (self.names("product", row["product_id"]) if kind == "sku" else set())

    def price_of(self, names: Names) -> int | None:
        """The SKU's price, else the product's."""
        for kind, rows in (("sku", self.skus), ("product", self.products)):
            for its_kind, name in names:
                if its_kind == kind and name in rows and rows[name]["price"] is not None:
                    return int(rows[name]["price"])
        return None

    def metadata_of(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        """The metadata of the product that a line is."""
        for kind, name in self.names_of(item):
            if kind == "product" and name in self.products:
                return self.products[name]["body"].get("metadata") or {}
        return {}


def look_up(unit: Unit, items: Sequence[Mapping[str, Any]], extra: Iterable[str] = ()) -> Catalogue:
    """What the catalogue knows of these lines, and of other products and SKUs by id or source id."""
    names = {name for item in items for name in _told(item)} | set(extra)
    if not names:
        return Catalogue()
    rows = store.find_many(unit.connection, names)
    # A SKU is its product, too; that may not have been named.
    missing = {row["product_id"] for row in rows if row["kind"] == "sku"} - {row["id"] for row in rows}
    if missing:
        rows += store.find_many(unit.connection, missing)
    by_kind = {kind: [row for row in rows if row["kind"] == kind] for kind in ("product", "sku")}
    return Catalogue(_by_name(by_kind["product"]), _by_name(by_kind["sku"]))


def _told(item: Mapping[str, Any]) -> list[str]:
    nested = (item.get("sku") or {}, item.get("product") or {})
    told = [item.get("sku_id"), item.get("product_id"), item.get("source_id")]
    told += [part.get(name) for part in nested for name in ("id", "source_id")]
    return [name for name in told if name]


def _by_name(rows: Sequence[Row]) -> dict[str, Row]:
    by_source = {row["source_id"]: row for row in rows if row["source_id"]}
    return by_source | {row["id"]: row for row in rows}


def upsert(unit: Unit, kind: str, request: Mapping[str, Any], product_id: str | None = None) -> Row:
    """Create a product or SKU, or update the one with this ``id`` or ``source_id``."""
    for name in (request.get("id"), request.get("source_id")):
        if name is not None and (row := store.find(unit.connection, kind, name)):
            return update(unit, row, request)
    row = {
        "kind": kind,
        "id": request.get("id") or new_id("prod_" if kind == "product" else "sku_"),
        "source_id": request.get("source_id"),
        "price": request.get("price"),
        "body": _body(request),
        "created_at": unit.now,
        "updated_at": None,
        "product_id": product_id,
    }
    store.add(unit.connection, row)
    return row


def update(unit: Unit, row: Row, request: Mapping[str, Any]) -> Row:
    """Set what was sent; what is absent stays."""
    changed = {"body": {**row["body"], **_body(request)}, "updated_at": unit.now}
    if "price" in request:
        changed["price"] = request["price"]
    store.change(unit.connection, row["id"], changed)
    return {**row, **changed}


def get(unit: Unit, kind: str, name: str) -> Row:
    """The product or SKU with this id or source id. Raises NotFound."""
    row = store.find(unit.connection, kind, name)
    if row is None:
        raise NotFound.of(kind, name)
    return row


def sku_of(unit: Unit, product: str, name: str) -> Row:
    """The SKU with this id or source id, of that product. Raises NotFound."""
    row = get(unit, "sku", name)
    if row["product_id"] != get(unit, "product", product)["id"]:
        raise NotFound.of("sku", name)
    return row


def delete(unit: Unit, row: Row) -> None:
    """Remove a product with its SKUs, or a SKU."""
    store.remove(unit.connection, row["id"])


def answer(kind: str, row: Row) -> dict[str, Any]:
    """A product or SKU as answered."""
    body: dict[str, Any] = {"metadata": {}, "attributes": {} if kind == "sku" else [], **row["body"]}
    body |= {"id": row["id"], "source_id": row["source_id"], "object": kind}
    if kind == "sku":
        body["product_id"] = row["product_id"]
    if row["price"] is not None:
        body["price"] = row["price"]
    return body | {"created_at": row["created_at"], "updated_at": row["updated_at"]}


def _body(request: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if name not in ("id", "source_id", "price")}
