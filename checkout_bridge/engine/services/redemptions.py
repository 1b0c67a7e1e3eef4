"""Redeeming one redeemable or a stack: all that applies or nothing, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checkout_bridge.contract.ids import new_id
from checkout_bridge.contract.vouchers import DISCOUNT, LOYALTY
from checkout_bridge.engine.services import balances, checked, customers, entries, failures, orders, rewards, vouchers
from checkout_bridge.engine.services.changes import to_json
from checkout_bridge.engine.services.evaluation import Evaluation, Tried, evaluate
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import customers as customer_store
from checkout_bridge.engine.store import redemptions as store
from checkout_bridge.engine.store import sessions
from checkout_bridge.engine.store import vouchers as voucher_store
from checkout_bridge.engine.store.vouchers import TIER

Row = dict[str, Any]


def redeem(unit: Unit, request: Mapping[str, Any], *, request_id: str) -> dict[str, Any]:
    """Redeem every redeemable, or in PARTIAL mode those that apply.

    Raises failures.Refused, and moves nothing, when it cannot be done.
    """
    evaluation = evaluate(unit, request, for_change=True)
    if not evaluation.is_valid:
        raise failures.of_evaluation(evaluation)
    session_key = request.get("session", {}).get("key", "")
    redeemed = _claim_all(unit, evaluation.having("APPLICABLE"), session_key)
    order_request = request.get("order") or {}
    customer = customers.upsert(unit, request.get("customer") or order_request.get("customer"))
    if customer is None and evaluation.draft is not None and evaluation.draft.customer_id is not None:
        customer = customer_store.find(unit.connection, id=evaluation.draft.customer_id)
    parent_id = new_id("r_") if len(redeemed) > 1 else None
    order = _keep_order(unit, evaluation, order_request, customer, _map_entry(unit, redeemed, parent_id))
    facts = {
        "date": unit.now,
        "order_id": order["id"] if order else None,
        "customer_id": customer["id"] if customer else None,
        "tracking_id": request.get("tracking_id") or customers.tracking_id(customer),
        "metadata": request.get("metadata"),
        "session_key": session_key or None,
        "channel_id": unit.app_id,
    }
    body = orders.answer(order) if order else None
    stored = [_child_row(one, parent_id, order, body, facts) for one in redeemed]
    if parent_id:
        stored.append(_row(parent_id, None, "redemption", parent_id, body, facts))
    store.add(unit.connection, stored)
    _record_movements(unit, redeemed, order)
    if session_key:
        sessions.release(unit.connection, session_key)
    told = checked.Told(evaluation, request, request_id)
    bodies = [
        entries.redemption(row, one.row, one.incentive.campaign, customer)
        for row, one in zip(stored, redeemed, strict=False)
    ]
    answer: dict[str, Any] = {
        "redemptions": bodies,
        "inapplicable_redeemables": [told.inapplicable(one) for one in evaluation.having("INAPPLICABLE")],
        "skipped_redeemables": [told.skipped(one) for one in evaluation.having("SKIPPED")],
    }
    if parent_id:
        parts = [{"id": one.id, "date": unit.now} for one in redeemed]
        answer["parent_redemption"] = {
            **entries.redemption(stored[-1], None, None, customer),
            "related_redemptions": {"rollbacks": [], "redemptions": parts},
        }
    if body is not None:
        answer["order"] = body
    return answer


class _Redeemed:
    """One redeemable that was counted: ``row`` is its voucher or tier after that."""

    def __init__(self, tried: Tried, row: Row) -> None:
        assert tried.incentive is not None
        self.tried, self.incentive, self.row = tried, tried.incentive, row
        self.id = new_id("r_")

    @property
    def is_card(self) -> bool:
        """Whether something went off it."""
        return self.row["type"] not in (DISCOUNT, TIER)


def _claim_all(unit: Unit, applied: Sequence[Tried], session_key: str) -> list[_Redeemed]:
    """Count every voucher, in one fixed order for all stacks, so that two of them never wait for each other.

    Gives them in the order in which they were applied.
    """
    claimed: dict[str, _Redeemed] = {}
    for one in sorted(applied, key=lambda one: one.row["id"] if one.row else ""):
        row = one.row
        assert row is not None
        credits = one.credits
        if not voucher_store.claim(unit.connection, row["id"], credits=credits, now=unit.now, session_key=session_key):
            raise failures.used_up(one)
        after = {**row, "redeemed_quantity": row["redeemed_quantity"] + 1}
        if row["gift_balance"] is not None:
            after |= {
                "redeemed_amount": row["redeemed_amount"] + credits,
                "gift_balance": row["gift_balance"] - credits,
            }
        claimed[row["id"]] = _Redeemed(one, after)
    _take_rewards(unit, [one.tried for one in claimed.values()])
    return [claimed[one.row["id"]] for one in applied if one.row]


def _take_rewards(unit: Unit, applied: Sequence[Tried]) -> None:
    """Count the rewards of loyalty cards, after the cards and in an order of their own."""
    with_reward = [one for one in applied if one.incentive and one.incentive.reward]
    for one in sorted(with_reward, key=_reward_id):
        if not rewards.take(unit, _reward_id(one)):
            raise failures.used_up(one)


def _reward_id(one: Tried) -> str:
    assert one.incentive is not None
    assert one.incentive.reward is not None
    return str(one.incentive.reward.reward["id"])


def _map_entry(unit: Unit, redeemed: Sequence[_Redeemed], parent_id: str | None) -> dict[str, Any]:
    """What the order's own map of redemptions says of this redemption."""
    entry: dict[str, Any] = {"date": unit.now}
    if parent_id is None:
        one = redeemed[0]
        entry |= {"related_object_type": one.incentive.kind, "related_object_id": one.row["id"]}
        if one.incentive.campaign is not None:
            entry["related_object_parent_id"] = one.incentive.campaign["id"]
        return {one.id: entry}
    entry |= {"related_object_type": "redemption", "related_object_id": parent_id}
    return {parent_id: {**entry, "stacked": [one.id for one in redeemed]}}


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
    row = _row(one.id, parent_id, one.incentive.kind, one.row["id"], body, facts)
    return row | {
        "campaign_id": one.row["campaign_id"],
        "voucher_code": one.row["code"] if one.row["type"] != TIER else None,
        "change": to_json(outcome.change),
        "amount": one.tried.credits if one.is_card else None,
        "order_amount": outcome.before.amount if outcome.before else None,
        "discount_amount": outcome.applied,
        "reward": _reward_told(one),
    }


def _reward_told(one: _Redeemed) -> dict[str, Any] | None:
    offered = one.incentive.reward
    if offered is None:
        return None
    reward = offered.reward
    return {
        "assignment_id": offered.assignment["id"],
        "id": reward["id"],
        "object": "reward",
        "name": reward["name"],
        "type": reward["body"]["type"],
        "parameters": reward["body"].get("parameters"),
    }


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
        **entries.EMPTY,
        "id": id,
        "object": "redemption",
        "parent_id": parent_id,
        "related_object_type": kind,
        "related_object_id": related_id,
        "order": order,
        **facts,
    }


def _record_movements(unit: Unit, redeemed: Sequence[_Redeemed], order: Row | None) -> None:
    """What went off gift cards and loyalty cards."""
    rows = [
        balances.transaction(
            unit,
            one.row["id"],
            "POINTS_REDEMPTION" if one.row["type"] == LOYALTY else "CREDITS_REDEMPTION",
            -one.tried.credits,
            one.row["gift_balance"],
            order={"id": order["id"], "source_id": order["source_id"]} if order else None,
            redemption={"id": one.id},
        )
        for one in redeemed
        if one.is_card
    ]
    voucher_store.add_transactions(unit.connection, rows)


def get(unit: Unit, redemption_id: str) -> dict[str, Any]:
    """The redemption, failed redemption or rollback with this id. Raises NotFound."""
    return entries.answered(unit, [entries.find(unit, redemption_id)])[0]


def of_voucher(unit: Unit, code: str) -> dict[str, Any]:
    """A voucher's redemptions and rollbacks, newest first."""
    voucher = vouchers.get(unit, code)
    rows, total = store.of_voucher(unit.connection, voucher["id"])
    counted = {} if voucher["type"] == DISCOUNT else {"redeemed_amount": voucher["redeemed_amount"]}
    if voucher["type"] == LOYALTY:
        counted = {"redeemed_points": voucher["redeemed_amount"]}
    return {
        "quantity": voucher["quantity"],
        "redeemed_quantity": voucher["redeemed_quantity"],
        **counted,
        "object": "list",
        "url": vouchers.url_of(voucher, "redemptions"),
        "data_ref": "redemption_entries",
        "total": total,
        "redemption_entries": entries.answered(unit, rows),
    }
