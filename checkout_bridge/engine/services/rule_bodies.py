"""What a validation rule may say: the names and conditions that can be checked here; the rest is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from checkout_bridge.engine.pricing.conditions import CONDITIONS, fault_in
from checkout_bridge.engine.pricing.formulas import parse as parse_formula
from checkout_bridge.engine.pricing.logic import numbers_in, parse
from checkout_bridge.errors import InvalidInput

# Rules about items, and what their subrules may be about.
ITEM_NAMES = tuple(f"order.items.{which}" for which in ("any", "every", "none", "cheapest", "most_expensive"))
ITEM_FACTS = tuple(
    f"order.items.{what}"
    for what in ("quantity", "aggregated_quantity", "price", "amount", "aggregated_amount", "metadata")
)
_ITEM_CONDITIONS = ("$is", "$is_not", "$in", "$not_in", "$from")
# An application limit that is not known here would let more be discounted than meant.
_KNOWN_LIMITS = ("quantity_limit", "aggregated_quantity_limit", "amount_limit", "aggregated_amount_limit")


def refuse_unsupported(payload: Any) -> None:
    """Raise InvalidInput when a property was sent without which the rule would let more through."""
    told = payload if isinstance(payload, Mapping) else {}
    if set(_mapping("Property .bundle_rules", told.get("bundle_rules"))) - {"logic"}:
        raise _invalid("Property .bundle_rules is not supported by this engine")
    applicable = told.get("applicable_to") if isinstance(told.get("applicable_to"), Mapping) else {}
    included = applicable.get("included") if isinstance(applicable, Mapping) else None
    for i, entry in enumerate(included if isinstance(included, list) else []):
        for name in entry if isinstance(entry, Mapping) else ():
            is_limit = "_limit" in name and name not in _KNOWN_LIMITS and entry[name] is not None
            if is_limit:
                raise _invalid(f"Property .applicable_to.included[{i}].{name} is not supported by this engine")


def checked(request: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """A rule's body as it is kept; ``names`` are those of single rules, each with ``needs_property``.

    Raises InvalidInput for one that cannot be checked here.
    """
    body = {name: value for name, value in request.items() if name not in ("id", "name")}
    _refuse_error("Property .error", body.get("error"))
    for i, entry in enumerate((body.get("applicable_to") or {}).get("included") or ()):
        if "price_formula" in entry:
            _refuse_formula(f"Property .applicable_to.included[{i}].price_formula", entry["price_formula"])
    rules = _numbered("Property .rules", body.get("rules"), lambda where, rule: _checked_rule(where, rule, names))
    return body | {"rules": rules}


def things_in(bodies: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The products, SKUs and collections that rules about items name, by id or source id."""
    for body in bodies:
        for number, rule in (body.get("rules") or {}).items():
            if number != "logic" and rule["name"] in ITEM_NAMES:
                for values in (rule.get("conditions") or {}).values():
                    for told in values or ():
                        names = (told.get("id"), told.get("source_id")) if isinstance(told, Mapping) else (told,)
                        yield from (str(name) for name in names if name)


def _numbered(where: str, rules: Any, check: Callable[[str, Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """Rules under numbers, each as it is kept, with the logic in which they combine: all of them when none was told."""
    rules = _mapping(where, rules)
    kept: dict[str, Any] = {}
    for number, rule in rules.items():
        if number == "logic":
            continue
        if not number.isdecimal() or not isinstance(rule, Mapping):
            raise _invalid(f"{where}.{number} must be an object under a number")
        kept[number] = check(f"{where}.{number}", rule)
    if not kept:
        return dict(rules)
    logic = rules.get("logic", " and ".join(sorted(kept, key=int)))
    if not isinstance(logic, str):
        raise _invalid(f"{where}.logic must be string")
    if logic.strip():
        parse(logic)
        if unknown := numbers_in(logic) - set(kept):
            raise _invalid(f"{where}.logic speaks of rule {min(unknown)}, which is not there")
    return kept | {"logic": logic}


def _checked_rule(where: str, rule: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """What cannot be checked is not kept: a voucher would be given away on other orders than meant."""
    name = str(rule.get("name"))
    _refuse_error(f"{where}.error", rule.get("error"))
    if name in ITEM_NAMES:
        _check_conditions(where, rule, _ITEM_CONDITIONS)
        return {**rule, "rules": _numbered(f"{where}.rules", rule.get("rules"), _checked_fact)}
    if name not in names:
        raise _invalid(f"{where}.name must be one of: {', '.join((*names, *ITEM_NAMES))}")
    if set(_mapping(f"{where}.rules", rule.get("rules"))) - {"logic"}:
        raise _invalid(f"{where}.rules is not supported by this engine")
    if names[name].needs_property:
        _require_property(where, rule)
    _check_conditions(where, rule, CONDITIONS)
    return dict(rule)


def _checked_fact(where: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    """A subrule of a rule about items."""
    if rule.get("name") not in ITEM_FACTS:
        raise _invalid(f"{where}.name must be one of: {', '.join(ITEM_FACTS)}")
    if rule["name"].endswith(".metadata"):
        _require_property(where, rule)
    _check_conditions(where, rule, CONDITIONS)
    return dict(rule)


def _require_property(where: str, rule: Mapping[str, Any]) -> None:
    if not isinstance(rule.get("property"), str):
        raise _invalid(f"{where} should have required property 'property'")


def _check_conditions(where: str, rule: Mapping[str, Any], allowed: Iterable[str]) -> None:
    conditions = rule.get("conditions")
    if not isinstance(conditions, Mapping) or not conditions:
        raise _invalid(f"{where} should have required property 'conditions'")
    for name, values in conditions.items():
        if name not in allowed:
            raise _invalid(f"{where}.conditions must be of: {', '.join(allowed)}")
        # An item condition names things, which may be objects.
        fault = fault_in("$in" if allowed is _ITEM_CONDITIONS else name, values)
        if fault is not None:
            raise _invalid(f"{where}.conditions.{name} {fault}")


def _refuse_formula(where: str, text: str) -> None:
    try:
        parse_formula(text)
    except InvalidInput as fault:
        raise _invalid(f"{where} {fault.details}") from None


def _refuse_error(where: str, error: Any) -> None:
    if not isinstance(_mapping(where, error).get("message") or "", str):
        raise _invalid(f"{where}.message must be string")


def _mapping(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value or {}, Mapping):
        raise _invalid(f"{where} must be object")
    return value or {}


def _invalid(details: str) -> InvalidInput:
    return InvalidInput(details, message="Invalid validation rules", key="invalid_validation_rules")
