"""Vouchers as pricing sees them: the effect of a discount or gift card, on the lines its rules say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from checkout_bridge.contract.vouchers import GIFT
from checkout_bridge.engine.pricing import items
from checkout_bridge.engine.pricing.effects import AmountOff, Effect, FixedPrice, GiftCredits, PercentOff
from checkout_bridge.engine.pricing.order import Names
from checkout_bridge.engine.pricing.scope import Entry, Scope
from checkout_bridge.engine.pricing.units import Replace, Unit, UnitsOff
from checkout_bridge.engine.services import catalogue
from checkout_bridge.engine.services.catalogue import Catalogue

Row = dict[str, Any]
ON_ORDER = "APPLY_TO_ORDER"


def entries_of(rules: Sequence[Row], which: str) -> list[Mapping[str, Any]]:
    """What all of a voucher's rules say under ``included`` or ``excluded``."""
    return [entry for rule in rules for entry in (rule["body"].get("applicable_to") or {}).get(which) or ()]


def scope_of(rules: Sequence[Row], found: Catalogue) -> Scope:
    """What all of a voucher's rules include and exclude."""
    return Scope(
        tuple(_entry(one, found) for one in entries_of(rules, "included")),
        tuple(_entry(one, found) for one in entries_of(rules, "excluded")),
        any((rule["body"].get("applicable_to") or {}).get("included_all") for rule in rules),
    )


def names_in(rules: Sequence[Row]) -> list[str]:
    """The products and SKUs that rules speak of, by id or source id."""
    entries = entries_of(rules, "included") + entries_of(rules, "excluded")
    return [entry[name] for entry in entries for name in ("id", "source_id") if entry.get(name)]


def names_in_discount(voucher: Row) -> list[str]:
    """The products and SKUs that a voucher gives for free."""
    discount = voucher["discount"] or {}
    return [one["unit_type"] for one in (discount, *discount.get("units", ())) if one.get("unit_type")]


def effect_name(voucher: Row, scope: Scope) -> str:
    """The effect, resolved: the stored one, else on lines when the rules speak of products, else on the order."""
    if voucher["type"] == GIFT:
        return str(voucher["gift_effect"] or ON_ORDER)
    discount = voucher["discount"]
    if discount.get("effect"):
        return str(discount["effect"])
    if discount["type"] == "UNIT":
        return "ADD_MISSING_ITEMS"
    return "APPLY_TO_ITEMS" if scope.is_about_lines else ON_ORDER


def gift_effect(voucher: Row, credits: int, scope: Scope) -> Effect:
    """The credits of a gift card, on the order or on the lines its rules say."""
    if effect_name(voucher, scope) == ON_ORDER:
        return GiftCredits(credits)
    return items.ItemsOff(_lines_of(scope), items.gift_credits(credits))


def discount_effect(voucher: Row, scope: Scope, found: Catalogue) -> Effect:
    """The effect of a discount."""
    discount, effect = voucher["discount"], effect_name(voucher, scope)
    if discount["type"] == "UNIT":
        return _units_effect(discount, effect, scope, found)
    limit, line_limit = discount.get("aggregated_amount_limit"), discount.get("amount_limit")
    if effect == ON_ORDER:
        if discount["type"] == "AMOUNT":
            return AmountOff(int(discount["amount_off"]), limit)
        if discount["type"] == "FIXED":
            return FixedPrice(int(discount["fixed_amount"]))
        limits = [one for one in (limit, line_limit) if one is not None]
        return PercentOff(_percent(discount), min(limits, default=None))
    return items.ItemsOff(_lines_of(scope), _split(discount, effect), line_limit, limit)


def _split(discount: Mapping[str, Any], effect: str) -> items.Split:
    if discount["type"] == "PERCENT":
        return items.percent_off(_percent(discount))
    if discount["type"] == "FIXED":
        return items.fixed_price(int(discount["fixed_amount"]))
    return {
        "APPLY_TO_ITEMS": items.amount_off,
        "APPLY_TO_ITEMS_BY_QUANTITY": items.amount_off_by_quantity,
        "APPLY_TO_ITEMS_PROPORTIONALLY": items.amount_off_in_proportion,
        "APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY": items.amount_off_in_proportion_by_quantity,
    }[effect](int(discount["amount_off"]))


def _percent(discount: Mapping[str, Any]) -> Fraction:
    return Fraction(str(discount["percent_off"]))


def _lines_of(scope: Scope) -> Scope:
    """Without a word about products an effect on lines is about all of them."""
    return scope if scope.is_about_lines or scope.included_all else Scope(included_all=True)


def _units_effect(discount: Mapping[str, Any], effect: str, scope: Scope, found: Catalogue) -> Effect:
    if effect == "ADD_MANY_ITEMS":
        return UnitsOff(tuple(_unit(one, one.get("effect", "ADD_MISSING_ITEMS"), found) for one in discount["units"]))
    unit = _unit(discount, effect, found)
    if effect == "REPLACE_ITEMS":
        source = frozenset().union(*(entry.names for entry in scope.included)) if scope.included else frozenset()
        return Replace(source, unit.count, unit)
    return UnitsOff((unit,))


def _unit(told: Mapping[str, Any], effect: str, found: Catalogue) -> Unit:
    name = told["unit_type"]
    kind = "sku" if name in found.skus else "product"
    # Of a thing that the catalogue does not know it may be either.
    is_known = name in found.skus or name in found.products
    known_as = frozenset(found.names(kind, name) if is_known else {("product", name), ("sku", name)})
    # Another SKU of the same product is not it.
    names = frozenset(one for one in known_as if one[0] == kind) if is_known else known_as
    return Unit(
        names,
        int(told["unit_off"]),
        effect == "ADD_NEW_ITEMS",
        found.price_of(known_as),
        _item(kind, name, found),
        known_as - names,
    )


def _item(kind: str, name: str, found: Catalogue) -> dict[str, Any]:
    """How a line is called that was not in the cart."""
    row = (found.skus if kind == "sku" else found.products).get(name)
    if row is None:
        return {"product_id": name}
    told = catalogue.answer(kind, row)
    kept = {
        key: told[key] for key in ("id", "source_id", "name", "sku", "price", "metadata") if told.get(key) is not None
    }
    if kind == "product":
        return {"product_id": row["id"], "product": kept}
    return {"sku_id": row["id"], "product_id": row["product_id"], "sku": kept}


def entry_names(told: Mapping[str, Any], found: Catalogue) -> Names:
    """What an entry is about: one on a product is about all its SKUs, one on a SKU about that SKU alone."""
    names: set[tuple[str, str]] = set()
    for name in (told.get("id"), told.get("source_id")):
        if name:
            names |= {one for one in found.names(told["object"], name) if one[0] == told["object"]}
    return frozenset(names)


def _entry(told: Mapping[str, Any], found: Catalogue) -> Entry:
    limits = ("price", "quantity_limit", "aggregated_quantity_limit", "amount_limit", "aggregated_amount_limit")
    return Entry(
        entry_names(told, found),
        told.get("effect", "APPLY_TO_EVERY"),
        told.get("skip_initially", 0),
        told.get("repeat", 1),
        told.get("target") == "UNIT",
        **{name: told.get(name) for name in limits},
    )
