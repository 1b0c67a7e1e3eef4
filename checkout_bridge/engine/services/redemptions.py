"""Redeeming one redeemable or a stack: all of it or nothing, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checkout_bridge.contract.ids import new_id
from checkout_bridge.contract.vouchers import GIFT
from checkout_bridge.engine.services import balances, customers, entries, orders, vouchers
from checkout_bridge.engine.services.changes import to_json
from checkout_bridge.engine.services.evaluation import Evaluation, Tried, evaluate
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.services.validations import skipped_bodies
from checkout_bridge.engine.store import redemptions as store
from checkout_bridge.engine.store import sessions
from checkout_bridge.engine.store import vouchers as voucher_store
from checkout_bridge.errors import RequestError

Row = dict[str, Any]


def redeem(unit: Unit, request: Mapping[str, Any]) -> dict[str, Any]:
    """Redeem every redeemable, or raise the fault of the first that does not apply and move nothing."""
    evaluation = evaluate(unit, request, for_change=True)
    for one in evaluation.having("INAPPLICABLE"):
        assert one.outcome.fault is not None
        raise one.outcome.fault
    applied = evaluation.having("APPLICABLE")
    session_key = request.get("session", {}).get("key", "")
    rows = _claim_all(unit, applied, session_key)
    order_request = request.get("order") or {}
    customer = customers.upsert(unit, request.get("customer") or order_request.get("customer"))
    redeemed = [_Redeemed(one, rows[one.sent["id"]], new_id("r_")) for one in applied]
    parent_id = new_id("r_") if len(redeemed) > 1 else None
    order = _keep_order(unit, evaluation, order_request, customer, _map_entry(unit, redeemed, parent_id))
    facts = {
        "date": unit.now,
        "order_id": order["id"] if order else None,
        "customer_id": customer["id"] if customer else None,
        "tracking_id": request.get("tracking_id") or customers.tracking_id(customer),
        "metadata": request.get("metadata"),
        "session_key": session_key or None,
    }
    body = orders.answer(order) if order else None
    stored = [_child_row(one, parent_id, order, body, facts) for one in redeemed]
    if parent_id:
        stored.append(_row(parent_id, None, "redemption", parent_id, body, facts))
    store.add(unit.connection, stored)
    _record_credits(unit, redeemed, order)
    if session_key:
        sessions.release(unit.connection, session_key)
    bodies = [entries.redemption(unit, row, one.voucher, customer) for row, one in zip(stored, redeemed, strict=False)]
    answer: dict[str, Any] = {
        "redemptions": bodies,
        "inapplicable_redeemables": [],
        "skipped_redeemables": skipped_bodies(evaluation),
    }
    if parent_id:
        answer["parent_redemption"] = entries.redemption(unit, stored[-1], None, customer)
    if body is not None:
        answer["order"] = body
    return answer


class _Redeemed:
    """One redeemable whose voucher was counted: ``voucher`` is the row after that."""

    def __init__(self, tried: Tried, voucher: Row, redemption_id: str) -> None:
        self.tried, self.voucher, self.id = tried, voucher, redemption_id

    @property
    def is_gift(self) -> bool:
        return bool(self.voucher["type"] == GIFT)


def _claim_all(unit: Unit, applied: Sequence[Tried], session_key: str) -> dict[str, Row]:
    """Count every voucher, in one fixed order for all stacks, so that two of them never wait for each other.

    Gives the rows as they are then, by what was sent.
    """
    claimed = {}
    for one in sorted(applied, key=lambda one: one.voucher["id"] if one.voucher else ""):
        row = one.voucher
        assert row is not None
        if not voucher_store.claim(
            unit.connection, row["id"], credits=one.credits, now=unit.now, session_key=session_key
        ):
            raise RequestError("quantity exceeded", key="quantity_exceeded", details=row["code"])
        after = {**row, "redeemed_quantity": row["redeemed_quantity"] + 1}
        if row["type"] == GIFT:
            after["redeemed_amount"] += one.credits
            after["gift_balance"] -= one.credits
        claimed[one.sent["id"]] = after
    return claimed


def _map_entry(unit: Unit, redeemed: Sequence[_Redeemed], parent_id: str | None) -> dict[str, Any]:
    """What the order's own map of redemptions says of this redemption."""
    if parent_id is None:
        one = redeemed[0]
        entry = {"date": unit.now, "related_object_type": "voucher", "related_object_id": one.voucher["id"]}
        return {one.id: entry}
    stacked = [one.id for one in redeemed]
    entry = {"date": unit.now, "related_object_type": "redemption", "related_object_id": parent_id}
    return {parent_id: {**entry, "stacked": stacked}}


def _keep_order(
    unit: Unit,
    evaluation: Evaluation,
    request: Mapping[str, Any],
    customer: Row | None,
    map_entry: Mapping[str, Any],
) -> Row | None:
    draft = evaluation.draft
    if draft is None:
        return None
    before = draft.row or {"redemptions": {}, "customer_id": None}
    told = {name: value for name, value in request.items() if name != "customer"}
    return orders.keep(
        unit,
        draft,
        told,
        status=request.get("status", "PAID"),
        customer_id=customer["id"] if customer else request.get("customer_id", before["customer_id"]),
        change=to_json(draft.standing + evaluation.change),
        applied=to_json(evaluation.change),
        redemptions={**before["redemptions"], **map_entry},
    )


def _child_row(
    one: _Redeemed, parent_id: str | None, order: Row | None, body: Mapping[str, Any] | None, facts: Mapping[str, Any]
) -> Row:
    outcome = one.tried.outcome
    if body is not None and order is not None and parent_id is not None:
        body = _at_step(body, orders.calculated(order["body"], outcome.state, outcome.before))
    row = _row(one.id, parent_id, "voucher", one.voucher["id"], body, facts)
    return row | {"change": to_json(outcome.change), "amount": one.tried.credits if one.is_gift else None}


def _at_step(body: Mapping[str, Any], step: Mapping[str, Any]) -> dict[str, Any]:
    """An order as it was at one step: the order with the amounts and lines of that step."""
    rest = {name: value for name, value in body.items() if "amount" not in name and name != "items"}
    return {**rest, **step}


def _row(
    id: str,
    parent_id: str | None,
    kind: str,
    related_id: str,
    order: Mapping[str, Any] | None,
    facts: Mapping[str, Any],
) -> Row:
    return {
        "id": id,
        "object": "redemption",
        "parent_id": parent_id,
        "redemption_id": None,
        "related_object_type": kind,
        "related_object_id": related_id,
        "result": "SUCCESS",
        "status": "SUCCEEDED",
        "amount": None,
        "change": None,
        "reason": None,
        "order": order,
        **facts,
    }


def _record_credits(unit: Unit, redeemed: Sequence[_Redeemed], order: Row | None) -> None:
    rows = [
        balances.transaction(
            unit,
            one.voucher["id"],
            "CREDITS_REDEMPTION",
            -one.tried.credits,
            one.voucher["gift_balance"],
            order={"id": order["id"], "source_id": order["source_id"]} if order else None,
            redemption={"id": one.id},
        )
        for one in redeemed
        if one.is_gift
    ]
    voucher_store.add_transactions(unit.connection, rows)


def get(unit: Unit, redemption_id: str) -> dict[str, Any]:
    """The redemption or rollback with this id. Raises NotFound."""
    return entries.answered(unit, [entries.find(unit, redemption_id)])[0]


def of_voucher(unit: Unit, code: str) -> dict[str, Any]:
    """A voucher's redemptions and rollbacks, newest first."""
    voucher = vouchers.get(unit, code)
    rows, total = store.of_voucher(unit.connection, voucher["id"])
    return {
        "quantity": voucher["quantity"],
        "redeemed_quantity": voucher["redeemed_quantity"],
        **({"redeemed_amount": voucher["redeemed_amount"]} if voucher["type"] == GIFT else {}),
        "object": "list",
        "url": f"/v1/vouchers/{voucher['code']}/redemptions?page=1&limit=10",
        "data_ref": "redemption_entries",
        "total": total,
        "redemption_entries": entries.answered(unit, rows),
    }
