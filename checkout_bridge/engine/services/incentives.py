"""Vouchers as pricing sees them: the effect of a discount or gift card, on the lines its rules say."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from checkout_bridge.contract.vouchers import GIFT
from checkout_bridge.engine.pricing import items
from checkout_bridge.engine.pricing.effects import AmountOff, Effect, FixedPrice, GiftCredits, PercentOff
from checkout_bridge.engine.pricing.formulas import Read, minor, parse
from checkout_bridge.engine.pricing.order import Names, OrderState
from checkout_bridge.engine.pricing.scope import Entry, Picked, Scope
from checkout_bridge.engine.pricing.units import Replace, SameUnits, Unit, UnitsOff
from checkout_bridge.engine.services import catalogue
from checkout_bridge.engine.services.catalogue import Catalogue
from checkout_bridge.engine.services.operands import Number
from checkout_bridge.money import half_up

COLLECTION = "products_collection"
MAX_UNITS = 10**6
_NUMBERS = ("amount_off", "percent_off", "fixed_amount", "unit_off")

Row = dict[str, Any]
ON_ORDER = "APPLY_TO_ORDER"
ReadAt = Callable[[OrderState, int | None], Read]


@dataclass(frozen=True, slots=True)
class Way:
    """In what way the stacking rules let a discount work.

    ``initial``: percentages are of what the order was before any discount. ``once``: lines that are discounted already
    are left alone.
    """

    initial: bool = False
    once: bool = False


_PLAIN_WAY = Way()


@dataclass(frozen=True, slots=True)
class Things:
    """What the catalogue and the collections know of the products that a request and its rules speak of."""

    found: Catalogue = field(default_factory=Catalogue)
    collections: Mapping[str, Names] = field(default_factory=dict)

    def of_kindless(self, name: str) -> Names:
        """What a name is that may be a collection, a product or a SKU."""
        if its := self.collections.get(name):
            return its
        return frozenset(one for kind in ("product", "sku") for one in self.found.names(kind, name) if one[0] == kind)


def entries_of(rules: Sequence[Row], which: str) -> list[Mapping[str, Any]]:
    """What all of a voucher's rules say under ``included`` or ``excluded``."""
    return [entry for rule in rules for entry in (rule["body"].get("applicable_to") or {}).get(which) or ()]


def scope_of(rules: Sequence[Row], things: Things) -> Scope:
    """What all of a voucher's rules include and exclude."""
    return Scope(
        tuple(_entry(one, things) for one in entries_of(rules, "included")),
        tuple(_entry(one, things) for one in entries_of(rules, "excluded")),
        any((rule["body"].get("applicable_to") or {}).get("included_all") for rule in rules),
    )


def names_in(rules: Sequence[Row]) -> list[str]:
    """The products, SKUs and collections that rules are about, by id or source id."""
    entries = entries_of(rules, "included") + entries_of(rules, "excluded")
    return [entry[name] for entry in entries for name in ("id", "source_id") if entry.get(name)]


def names_in_discount(voucher: Row) -> list[str]:
    """The products, SKUs and collections that a voucher gives for free."""
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


def gift_effect(voucher: Row, credits: int, scope: Scope, way: Way = _PLAIN_WAY) -> Effect:
    """The credits of a gift card, on the order or on the lines its rules say."""
    if effect_name(voucher, scope) == ON_ORDER:
        return GiftCredits(credits)
    return items.ItemsOff(_lines_of(scope), items.all_that_is_left, limit=credits, skip_discounted=way.once)


class Discount:
    """The discount of a voucher or promotion tier, on the lines that its rules say.

    ``read_at`` gives what its formulas read of an order in a state, and of one of its lines.
    """

    def __init__(self, row: Row, scope: Scope, things: Things, read_at: ReadAt, way: Way = _PLAIN_WAY) -> None:
        self.told: Mapping[str, Any] = row["discount"]
        self.name = effect_name(row, scope)
        self._scope, self._things, self._read_at, self._way = scope, things, read_at, way

    def effect(self, state: OrderState) -> Effect:
        """What it does to an order in this state."""
        kind = self.told["type"]
        if kind == "UNIT":
            return self._units(state)
        limit, line_limit = self.told.get("aggregated_amount_limit"), self.told.get("amount_limit")
        if self.name != ON_ORDER:
            split = self._split(state)
            return items.ItemsOff(_lines_of(self._scope), split, line_limit, limit, skip_discounted=self._way.once)
        if kind == "AMOUNT":
            return AmountOff(self._money("amount_off", state), limit)
        if kind == "FIXED":
            return FixedPrice(self._money("fixed_amount", state))
        limits = [one for one in (limit, line_limit) if one is not None]
        return PercentOff(self._percent(state), min(limits, default=None), self._way.initial)

    def resolved(self, state: OrderState | None) -> dict[str, Any]:
        """The discount with the numbers that count, and ``is_dynamic``: whether a formula gave one of them."""
        discount = {**self.told, "effect": self.name}
        if state is None:
            return discount | {"is_dynamic": False}
        calculated = [name for name in _NUMBERS if self._number(name, state).calculated() is not None]
        is_dynamic = bool(calculated) or self._differs_by_line(state)
        return discount | {name: self._value(name, state) for name in calculated} | {"is_dynamic": is_dynamic}

    def _differs_by_line(self, state: OrderState) -> bool:
        """Whether a formula gives some line a number of its own."""
        numbers = [number for name in _NUMBERS if (number := self._number(name, state)).is_of_lines]
        return self.name in ("APPLY_TO_ITEMS", "APPLY_TO_ITEMS_BY_QUANTITY") and any(
            number.calculated(index) is not None for number in numbers for index in range(len(state.lines))
        )

    def _value(self, name: str, state: OrderState) -> int | float:
        if name == "unit_off":
            return self._count(self.told, state)
        if name != "percent_off":
            return self._money(name, state)
        percent = self._percent(state)
        return int(percent) if percent.denominator == 1 else float(percent)

    def _number(self, name: str, state: OrderState) -> Number:
        return Number(self.told, name, lambda index: self._read_at(state, index))

    def _money(self, name: str, state: OrderState, index: int | None = None) -> int:
        number = self._number(name, state)
        calculated = number.calculated(index)
        return half_up(number.plain.numerator, number.plain.denominator) if calculated is None else minor(calculated)

    def _percent(self, state: OrderState, index: int | None = None) -> Fraction:
        number = self._number("percent_off", state)
        calculated = number.calculated(index)
        return min(max(number.plain if calculated is None else calculated, Fraction(0)), Fraction(100))

    def _count(self, told: Mapping[str, Any], state: OrderState) -> int:
        number = Number(told, "unit_off", lambda index: self._read_at(state, index))
        calculated = number.calculated()
        return min(max(math.floor(number.plain if calculated is None else calculated), 0), MAX_UNITS)

    def _split(self, state: OrderState) -> items.Split:
        if self.told["type"] == "PERCENT":
            return items.percent_off(lambda index: self._percent(state, index), initial=self._way.initial)
        if self.told["type"] == "FIXED":
            return items.fixed_price(lambda one: self._price(one, state))
        if self.name == "APPLY_TO_ITEMS":
            return items.amount_off(lambda index: self._money("amount_off", state, index))
        if self.name == "APPLY_TO_ITEMS_BY_QUANTITY":
            return items.amount_off_by_quantity(lambda index: self._money("amount_off", state, index))
        amount = self._money("amount_off", state)
        if self.name == "APPLY_TO_ITEMS_PROPORTIONALLY":
            return items.amount_off_in_proportion(amount)
        return items.amount_off_in_proportion_by_quantity(amount)

    def _price(self, one: Picked, state: OrderState) -> int | None:
        """The fixed price of a line: that of its own entry first."""
        if one.entry.price_formula is not None:
            calculated = parse(one.entry.price_formula).value(self._read_at(state, one.index))
            if calculated is not None:
                return minor(calculated)
        if one.entry.price is not None:
            return one.entry.price
        has_own = "fixed_amount" in self.told or "fixed_amount_formula" in self.told
        return self._money("fixed_amount", state, one.index) if has_own else None

    def _units(self, state: OrderState) -> Effect:
        told = self.told
        if self.name == "ADD_MANY_ITEMS":
            return UnitsOff(
                tuple(self._unit(one, one.get("effect", "ADD_MISSING_ITEMS"), state) for one in told["units"])
            )
        if self.name == "ADD_SAME_ITEMS":
            names = self._things.of_kindless(told["unit_type"])
            return SameUnits(names, self._count(told, state), self._way.once)
        unit = self._unit(told, self.name, state)
        if self.name == "REPLACE_ITEMS":
            included = self._scope.included
            source = frozenset().union(*(entry.names for entry in included)) if included else frozenset()
            return Replace(source, unit.count, unit)
        return UnitsOff((unit,))

    def _unit(self, told: Mapping[str, Any], effect: str, state: OrderState) -> Unit:
        name, found = told["unit_type"], self._things.found
        kind = "sku" if name in found.skus else "product"
        # Of a thing that the catalogue does not know it may be either.
        is_known = name in found.skus or name in found.products
        known_as = frozenset(found.names(kind, name) if is_known else {("product", name), ("sku", name)})
        # Another SKU of the same product is not it.
        names = frozenset(one for one in known_as if one[0] == kind) if is_known else known_as
        return Unit(
            names,
            self._count(told, state),
            effect == "ADD_NEW_ITEMS",
            found.price_of(known_as),
            _item(kind, name, found),
            known_as - names,
            self._way.once,
        )


def _lines_of(scope: Scope) -> Scope:
    """Without a word about products an effect on lines is about all of them."""
    return scope if scope.is_about_lines or scope.included_all else Scope(included_all=True)


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


def entry_names(told: Mapping[str, Any], things: Things) -> Names:
    """What an entry is about: one on a product is about all its SKUs, one on a SKU about that SKU alone, one on a
    collection about all that is in it.
    """
    names: set[tuple[str, str]] = set()
    for name in (told.get("id"), told.get("source_id")):
        if name and told["object"] == COLLECTION:
            names |= things.collections.get(name, frozenset())
        elif name:
            names |= {one for one in things.found.names(told["object"], name) if one[0] == told["object"]}
    return frozenset(names)


def _entry(told: Mapping[str, Any], things: Things) -> Entry:
    limits = ("quantity_limit", "aggregated_quantity_limit", "amount_limit", "aggregated_amount_limit")
    return Entry(
        entry_names(told, things),
        told.get("effect", "APPLY_TO_EVERY"),
        told.get("skip_initially", 0),
        told.get("repeat", 1),
        told.get("target") == "UNIT",
        **{name: told.get(name) for name in ("price", "price_formula", *limits)},
    )
