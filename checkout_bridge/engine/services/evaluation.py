"""Trying a stack of redeemables on an order: the part that validations and redemptions have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checkout_bridge.contract.vouchers import GIFT
from checkout_bridge.engine.pricing.effects import Effect
from checkout_bridge.engine.pricing.order import Change, OrderState, total_of
from checkout_bridge.engine.pricing.scope import Scope
from checkout_bridge.engine.pricing.stack import Candidate, Outcome, apply_stack
from checkout_bridge.engine.services import catalogue, customers, incentives, orders, rules
from checkout_bridge.engine.services.catalogue import Catalogue
from checkout_bridge.engine.services.orders import Draft
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import rules as rule_store
from checkout_bridge.engine.store import vouchers as store
from checkout_bridge.errors import NotFound, RequestError

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Incentive:
    """A voucher with its rules, the lines they are about, and the facts they are checked on."""

    voucher: Row
    rules: Sequence[Row]
    scope: Scope
    found: Catalogue
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tried:
    """One redeemable as it was sent, its incentive if there is one, and what came of it."""

    sent: Mapping[str, Any]
    incentive: Incentive | None
    outcome: Outcome

    @property
    def voucher(self) -> Row | None:
        """The voucher's row."""
        return self.incentive.voucher if self.incentive else None

    @property
    def credits(self) -> int:
        """What a gift card pays: what the order takes of it, or, without an order, what was asked."""
        if self.voucher is None or self.voucher["type"] != GIFT:
            return 0
        if self.outcome.state is not None:
            return self.outcome.applied
        return int(self.sent.get("gift", {}).get("credits", 0))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All redeemables of a request, in the order in which they were applied."""

    draft: Draft | None
    start: OrderState | None
    tried: Sequence[Tried]

    def having(self, status: str) -> list[Tried]:
        """Those with this status."""
        return [one for one in self.tried if one.outcome.status == status]

    @property
    def end(self) -> OrderState | None:
        """The order after all that applied."""
        applied = self.having("APPLICABLE")
        return applied[-1].outcome.state if applied else self.start

    @property
    def change(self) -> Change:
        """What all that applied changes."""
        return total_of(one.outcome.change for one in self.tried)


def evaluate(unit: Unit, request: Mapping[str, Any], *, for_change: bool) -> Evaluation:
    """Find the vouchers and apply them in the order in which they were sent.

    ``for_change`` keeps order and vouchers, in this order, from changing until the transaction ends.
    """
    redeemables = request["redeemables"]
    session_key = request.get("session", {}).get("key", "")
    draft = orders.draft(unit, request.get("order"), for_change=for_change)
    rows = _matched(unit, [item["id"] for item in redeemables], session_key, for_change)
    start = draft.start if draft else None
    built = _incentives(unit, rows, request, draft)
    candidates = [
        _candidate(unit, item, incentive, draft, start) for item, incentive in zip(redeemables, built, strict=True)
    ]
    outcomes = apply_stack(candidates, start)
    tried = [Tried(*one) for one in zip(redeemables, built, outcomes, strict=True)]
    return Evaluation(draft, start, tried)


def _matched(unit: Unit, names: list[str], session_key: str, for_change: bool) -> list[Row | None]:
    found = store.find_many(unit.connection, names, now=unit.now, session_key=session_key, for_change=for_change)
    by_name = {row["id"]: row for row in found} | {row["code"]: row for row in found}
    rows = [by_name.get(name) for name in names]
    ids = [row["id"] for row in rows if row]
    if len(set(names)) < len(names) or len(set(ids)) < len(ids):
        raise RequestError(
            "Duplicated redeemables detected",
            key="duplicated_redeemables",
            details="Duplicated redeemables detected in one redemption",
        )
    return rows


def _incentives(
    unit: Unit, rows: Sequence[Row | None], request: Mapping[str, Any], draft: Draft | None
) -> list[Incentive | None]:
    """The vouchers with their rules, and what the catalogue knows of the things these speak of."""
    vouchers_found = [row for row in rows if row is not None]
    ids = [row["id"] for row in vouchers_found if row["has_rules"]]
    assigned = rule_store.assigned_to(unit.connection, ids) if ids else []
    given = [name for row in vouchers_found for name in incentives.names_in_discount(row)]
    found = catalogue.look_up(unit, (), [*incentives.names_in(assigned), *given])
    facts = _facts(unit, request, draft) if assigned else {}
    built: list[Incentive | None] = []
    for row in rows:
        rules = [rule for rule in assigned if row is not None and rule["related_object_id"] == row["id"]]
        scope = incentives.scope_of(rules, found)
        built.append(None if row is None else Incentive(row, rules, scope, found, facts))
    return built


def _facts(unit: Unit, request: Mapping[str, Any], draft: Draft | None) -> dict[str, Any]:
    """What rules ask about beside amounts: the order and the customer, as stored and as told, and the redemption."""
    customer = request.get("customer") or (request.get("order") or {}).get("customer")
    order_of = draft.row["customer_id"] if draft and draft.row else None
    return {
        "order": draft.told if draft else None,
        "customer": customers.known(unit, customer, order_of),
        "metadata": request.get("metadata"),
    }


def _candidate(
    unit: Unit, sent: Mapping[str, Any], incentive: Incentive | None, draft: Draft | None, start: OrderState | None
) -> Candidate:
    if incentive is None:
        return Candidate(None, NotFound.of("voucher", sent["id"]))
    row = incentive.voucher
    fault = _standing_fault(unit, row) or _customer_fault(incentive)
    if fault is None and row["type"] == GIFT:
        fault = _gift_fault(sent, incentive, draft, start)
    if fault is not None:
        return Candidate(None, fault)
    effect = _effect(sent, incentive)
    return Candidate(
        effect, rules=lambda state: rules.first_fault(incentive.rules, row, incentive.facts, state, effect)
    )


def _customer_fault(incentive: Incentive) -> RequestError | None:
    needs = any(
        name.startswith("customer.")
        for rule in incentive.rules
        for name in (one["name"] for number, one in (rule["body"].get("rules") or {}).items() if number != "logic")
    )
    if needs and not incentive.facts["customer"]:
        return RequestError(
            "Missing customer", key="missing_customer", details="Customer is required to validate rules"
        )
    return None


def _standing_fault(unit: Unit, row: Row) -> RequestError | None:
    if not row["active"]:
        return _fault("voucher_disabled", "voucher is disabled", row)
    if row["start_date"] is not None and unit.now < row["start_date"]:
        return _fault("voucher_not_active", "voucher is not active yet", row)
    if row["expiration_date"] is not None and unit.now >= row["expiration_date"]:
        return _fault("voucher_expired", "voucher expired", row)
    if row["quantity"] is not None and row["redeemed_quantity"] + row["locked_quantity"] >= row["quantity"]:
        return _fault("quantity_exceeded", "quantity exceeded", row)
    return None


def _gift_fault(
    sent: Mapping[str, Any], incentive: Incentive, draft: Draft | None, start: OrderState | None
) -> RequestError | None:
    row = incentive.voucher
    asked = sent.get("gift", {}).get("credits")
    available = row["gift_balance"] - row["locked_credits"]
    if asked is None and start is None:
        if draft is None:
            return _fault("missing_order", "Missing order", row)
        return _fault("missing_amount", "Missing order amount", row)
    if available <= 0 or (asked is not None and asked > available):
        return _fault("gift_amount_exceeded", "gift amount exceeded", row)
    if (
        start is not None
        and row["gift_effect"] == "APPLY_TO_ITEMS"
        and not _effect(sent, incentive).change(start).total
    ):
        return _fault("missing_order_items_amount", "Missing applicable order items", row)
    return None


def _fault(key: str, message: str, row: Row) -> RequestError:
    return RequestError(message, key=key, details=row["code"], resource_id=row["id"], resource_type="voucher")


def _effect(sent: Mapping[str, Any], incentive: Incentive) -> Effect:
    row = incentive.voucher
    if row["type"] != GIFT:
        return incentives.discount_effect(row, incentive.scope, incentive.found)
    available = row["gift_balance"] - row["locked_credits"]
    return incentives.gift_effect(row, int(sent.get("gift", {}).get("credits", available)), incentive.scope)
