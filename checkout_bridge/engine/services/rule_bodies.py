"""What a validation rule may say: the names and conditions that can be checked here; the rest is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.engine.pricing.conditions import CONDITIONS
from checkout_bridge.engine.pricing.logic import numbers_in, parse
from checkout_bridge.errors import InvalidInput

# Rule name -> the error when it does not hold. Those ending in .metadata need a property.
_ORDER = ("order_rules_violated", "order does not match validation rules")
_CUSTOMER = ("customer_rules_violated", "customer does not match validation rules")
_REDEMPTION = ("redemption_rules_violated", "redemption does not match validation rules")
NAMES = {
    "order.amount": _ORDER,
    "order.initial_amount": _ORDER,
    "order.total_amount": _ORDER,
    "order.items.count": _ORDER,
    "order.metadata": _ORDER,
    "customer.metadata": _CUSTOMER,
    "redemption.metadata": _REDEMPTION,
}


def refuse_unsupported(payload: Any) -> None:
    """Raise InvalidInput when a property was sent without which the rule would let more through."""
    bundle = payload.get("bundle_rules") if isinstance(payload, Mapping) else None
    if set(_mapping("Property .bundle_rules", bundle)) - {"logic"}:
        raise _invalid("Property .bundle_rules is not supported by this engine")


def checked(request: Mapping[str, Any]) -> dict[str, Any]:
    """A rule's body as it is kept. Raises InvalidInput for one that cannot be checked here."""
    body = {name: value for name, value in request.items() if name not in ("id", "name")}
    _refuse_error("Property .error", body.get("error"))
    rules = dict(body.get("rules") or {})
    numbered = {number: rule for number, rule in rules.items() if number != "logic"}
    for number, rule in numbered.items():
        _refuse_unknown(number, rule)
    if numbered:
        logic = rules.setdefault("logic", " and ".join(sorted(numbered)))
        if not isinstance(logic, str):
            raise _invalid("Property .rules.logic must be string")
        if logic.strip():
            parse(logic)
            if unknown := numbers_in(logic) - set(numbered):
                raise _invalid(f"Property .rules.logic speaks of rule {min(unknown)}, which is not there")
    return body | {"rules": rules}


def _refuse_unknown(number: str, rule: Any) -> None:
    """What cannot be checked is not kept: a voucher would be given away on other orders than meant."""
    where = f"Property .rules.{number}"
    if not number.isdecimal() or not isinstance(rule, Mapping):
        raise _invalid(f"{where} must be an object under a number")
    if rule.get("name") not in NAMES:
        raise _invalid(f"{where}.name must be one of: {', '.join(NAMES)}")
    if rule["name"].endswith(".metadata") and not isinstance(rule.get("property"), str):
        raise _invalid(f"{where} should have required property 'property'")
    conditions = rule.get("conditions")
    if not isinstance(conditions, Mapping) or not conditions:
        raise _invalid(f"{where} should have required property 'conditions'")
    for name, values in conditions.items():
        if name not in CONDITIONS:
            raise _invalid(f"{where}.conditions must be of: {', '.join(CONDITIONS)}")
        if not isinstance(values, list) or not values:
            raise _invalid(f"{where}.conditions.{name} must be array with at least one value")
    if set(_mapping(f"{where}.rules", rule.get("rules"))) - {"logic"}:
        raise _invalid(f"{where}.rules is not supported by this engine")
    _refuse_error(f"{where}.error", rule.get("error"))


def _refuse_error(where: str, error: Any) -> None:
    if not isinstance(_mapping(where, error).get("message", ""), str):
        raise _invalid(f"{where}.message must be string")


def _mapping(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value or {}, Mapping):
        raise _invalid(f"{where} must be object")
    return value or {}


def _invalid(details: str) -> InvalidInput:
    return InvalidInput(details, message="Invalid validation rules", key="invalid_validation_rules")
