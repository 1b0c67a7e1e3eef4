"""Rules about the items of an order: whether any, every, none, the cheapest or the dearest is as it should be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checkout_bridge.engine.pricing.conditions import hold
from checkout_bridge.engine.pricing.logic import parse
from checkout_bridge.engine.pricing.order import Line
from checkout_bridge.engine.services.incentives import COLLECTION, Things, entry_names
from checkout_bridge.engine.services.rule_names import Situation

Rule = Mapping[str, Any]
# What the conditions name: the items meant, or those not meant.
_THESE, _OTHERS = ("$is", "$in", "$from"), ("$is_not", "$not_in")


def holds(rule: Rule, now: Situation) -> bool:
    """Whether the items are as the rule says; without an order they are not."""
    if now.state is None:
        return False
    lines = [(i, line) for i, line in now.lines if line.quantity or line.amount]
    meant = [(i, line) for i, line in lines if _is_meant(rule, line, now.context.things)]
    fitting = [one for one in meant if _fits(rule, one, meant, now)]
    which = rule["name"].rpartition(".")[2]
    if which == "none":
        return not fitting
    if which == "every":
        return bool(lines) and len(fitting) == len(lines)
    if which == "any":
        return bool(fitting)
    priced = [one for one in lines if one[1].price is not None]
    if not priced:
        return False
    sign = -1 if which == "most_expensive" else 1
    return min(priced, key=lambda one: sign * (one[1].price or 0)) in fitting


def quantities(rule: Rule, now: Situation) -> Iterator[tuple[Rule, Any]]:
    """The first subrule and the most that any item meant has of it: what a reason tells."""
    if now.state is None:
        return
    meant = [(i, line) for i, line in now.lines if _is_meant(rule, line, now.context.things)]
    for subrule in _subrules(rule).values():
        values = [_value(subrule, one, meant, now) for one in meant] or [0]
        numbers = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
        if numbers:
            yield subrule, max(numbers)


def entries(rule: Rule) -> Iterator[Mapping[str, Any]]:
    """What the conditions name, as entries ``{object, id, source_id}``; a bare id may be any kind of thing."""
    for values in (rule.get("conditions") or {}).values():
        for told in values or ():
            if isinstance(told, Mapping):
                kind = told.get("object") or told.get("type")
                kinds = [kind] if kind in ("product", "sku", COLLECTION) else ["product", "sku", COLLECTION]
                facts = {name: told[name] for name in ("id", "source_id") if isinstance(told.get(name), str)}
            else:
                kinds, facts = ["product", "sku", COLLECTION], {"id": str(told)}
            yield from ({"object": kind, **facts} for kind in kinds)


def _is_meant(rule: Rule, line: Line, things: Things) -> bool:
    conditions = rule.get("conditions") or {}
    for name, values in conditions.items():
        names = set().union(*(entry_names(one, things) for one in entries({"conditions": {name: values}})))
        if name in _THESE and not line.names & names:
            return False
        if name in _OTHERS and line.names & names:
            return False
    return True


def _fits(rule: Rule, one: tuple[int, Line], meant: Sequence[tuple[int, Line]], now: Situation) -> bool:
    subrules = _subrules(rule)
    logic = (rule.get("rules") or {}).get("logic") or " and ".join(subrules)
    if not subrules or not logic.strip():
        return True
    moment = now.context.unit.moment
    return parse(logic)(
        lambda number: hold(subrules[number]["conditions"], _value(subrules[number], one, meant, now), moment)
    )


def _subrules(rule: Rule) -> dict[str, Rule]:
    return {number: one for number, one in (rule.get("rules") or {}).items() if number != "logic"}


def _value(rule: Rule, one: tuple[int, Line], meant: Sequence[tuple[int, Line]], now: Situation) -> Any:
    index, line = one
    what = rule["name"].removeprefix("order.items.")
    if what == "metadata":
        return (now.context.facts.item(index).get("metadata") or {}).get(rule["property"])
    return {
        "quantity": line.quantity,
        "aggregated_quantity": sum(each.quantity for _, each in meant),
        "price": line.price,
        "amount": line.amount,
        "aggregated_amount": sum(each.amount or 0 for _, each in meant),
    }[what]
