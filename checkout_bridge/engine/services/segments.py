"""Customer segments: who is in them, by name or by what matches their filter, always as of now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from checkout_bridge.engine.services import filters, resources
from checkout_bridge.engine.services.facts import reader
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import customers as customer_store
from checkout_bridge.engine.store import resources as store
from checkout_bridge.errors import InvalidInput

Row = dict[str, Any]

_FIELDS = frozenset(
    ("id", "source_id", "name", "email", "phone", "description", "birthdate", "birthday", "created_at", "updated_at")
)
_PREFIXES = ("metadata.", "address.")


def create(unit: Unit, request: Mapping[str, Any]) -> Row:
    """Keep a segment. Raises InvalidInput when what says who is in it is missing or cannot be evaluated."""
    told = _in_one_word(request)
    _check(told)
    return resources.create(unit, resources.SEGMENT, told)


def update(unit: Unit, segment_id: str, request: Mapping[str, Any]) -> Row:
    """Set what was sent; what is absent stays. Raises NotFound and InvalidInput."""
    told = _in_one_word(request)
    row = resources.get(unit, resources.SEGMENT, segment_id, for_change=True)
    _check({**row["body"], **told})
    return resources.change(unit, row, told)


def answer(row: Row) -> dict[str, Any]:
    """A segment as answered: a static one without its customers, any other with its filter."""
    answered = resources.answer(row) | {"initial_sync_status": "DONE"}
    hidden = ("customers", "filter") if row["body"]["type"] == "static" else ("customers",)
    return {name: value for name, value in answered.items() if name not in hidden}


def of_customer(unit: Unit, customer: Mapping[str, Any] | None, ids: Iterable[str]) -> frozenset[str]:
    """Which of these segments a customer is in; nobody is in none, and so is everybody in one that does not exist.

    What was told of the customer counts before what is stored.
    """
    rows = resources.by_ids(unit, resources.SEGMENT, ids) if customer else {}
    if not customer or not rows:
        return frozenset()
    facts = _facts(unit, customer)
    return frozenset(id for id, row in rows.items() if _includes(unit, row, facts))


def each_of(unit: Unit, customer: Row) -> list[Row]:
    """Every segment that a stored customer is in, newest first."""
    facts = {**customer["body"], **_identity(customer)}
    return [row for row in store.every(unit.connection, resources.SEGMENT) if _includes(unit, row, facts)]


def simple(row: Row) -> dict[str, Any]:
    """The form in the segments of a customer."""
    return {"id": row["id"], "name": row["name"], "object": "segment"}


def _in_one_word(request: Mapping[str, Any]) -> dict[str, Any]:
    """With ``customers`` where ``customer`` was said."""
    told = {name: value for name, value in request.items() if name != "customer"}
    return {"customers": request["customer"], **told} if "customer" in request else told


def _check(told: Mapping[str, Any]) -> None:
    if told["type"] == "static":
        return
    if "filter" not in told:
        raise InvalidInput("Payload should have required property 'filter'")
    filters.check(told["filter"], _FIELDS, _PREFIXES)


def _facts(unit: Unit, customer: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was told of a customer over what is stored."""
    row = customer_store.find(unit.connection, id=customer.get("id"), source_id=customer.get("source_id"))
    if row is None:
        return customer
    return {**row["body"], **customer, **_identity(row)}


def _identity(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "source_id", "created_at", "updated_at")}


def _includes(unit: Unit, row: Row, facts: Mapping[str, Any]) -> bool:
    body = row["body"]
    if body["type"] == "static":
        return not {facts.get("id"), facts.get("source_id")}.isdisjoint(body.get("customers") or ())
    return filters.matches(body["filter"], reader(facts), unit.moment)
