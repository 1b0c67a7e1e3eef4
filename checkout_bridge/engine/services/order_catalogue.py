"""Products and SKUs that come with the lines of orders: kept in the catalogue where ``override`` says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checkout_bridge.engine.services import catalogue
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.errors import InvalidInput

Row = dict[str, Any]
Item = Mapping[str, Any]
_FACTS = {"product": ("name", "price", "metadata"), "sku": ("sku", "price", "metadata")}


@dataclass(slots=True)
class _Told:
    """What lines tell of one product or SKU: names, facts, and the last line that told them."""

    names: dict[str, str]
    facts: dict[str, Any]
    index: int
    item: Item


def keep_overrides(unit: Unit, items: Sequence[Item]) -> None:
    """Create or update the products and SKUs whose facts say ``override``; of others nothing is kept.

    They are found by id or source id; what has neither is not kept. Raises InvalidInput for a new SKU of a product that
    is not there.
    """
    if not any(_overrides(item, kind) for item in items for kind in _FACTS):
        return
    stored = catalogue.look_up(unit, items)
    products = dict(stored.products)
    for told in _collected(items, "product"):
        row = _kept(unit, "product", told, products, None)
        products |= dict.fromkeys((row["id"], *told.names.values()), row)
    for told in _collected(items, "sku"):
        of_product = next((products[name] for name in _names(told.item, "product").values() if name in products), None)
        _kept(unit, "sku", told, stored.skus, of_product)


def _overrides(item: Item, kind: str) -> bool:
    return bool((item.get(kind) or {}).get("override"))


def _collected(items: Sequence[Item], kind: str) -> list[_Told]:
    """Each product or SKU once, the last line's word counts; sorted, so that no two orders wait for each other."""
    found: dict[str, _Told] = {}
    for index, item in enumerate(items):
        names = _names(item, kind)
        if not _overrides(item, kind) or not names:
            continue
        facts = {name: item[kind][name] for name in _FACTS[kind] if name in item[kind]}
        key = next(iter(names.values()))
        earlier = found[key].facts if key in found else {}
        found[key] = _Told(names, {**earlier, **facts}, index, item)
    return [found[key] for key in sorted(found)]


def _names(item: Item, kind: str) -> dict[str, str]:
    """The id and the source id by which a line names its product or SKU."""
    nested = item.get(kind) or {}
    of_line = item.get("source_id") if item.get("related_object", "product") == kind else None
    told = {"id": nested.get("id") or item.get(f"{kind}_id"), "source_id": nested.get("source_id") or of_line}
    return {name: value for name, value in told.items() if value}


def _kept(unit: Unit, kind: str, told: _Told, stored: Mapping[str, Row], product: Row | None) -> Row:
    row = next((stored[name] for name in told.names.values() if name in stored), None)
    if row is None:
        if kind == "sku" and product is None:
            raise InvalidInput(
                f"Property .items[{told.index}].sku.override needs a product of the new SKU: one that is stored, "
                "or one with override"
            )
        return catalogue.upsert(unit, kind, {**told.names, **told.facts}, product["id"] if product else None)
    known = {**row["body"], "price": row["price"]}
    if all(known.get(name) == value for name, value in told.facts.items()):
        return row
    return catalogue.update(unit, row, told.facts)
