"""What the bridge says of an order: the one shape of every door. Amounts are integer minor units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checkout_bridge.bridge.states import DONE, ENDING, KEPT, RELEASE, STUCK, UNWOUND
from checkout_bridge.events import Cart

Row = dict[str, Any]


def priced(cart: Cart, applied: list[dict[str, Any]], rejected: list[dict[str, Any]], total: int) -> dict[str, Any]:
    """The state of a cart: like that of an order."""
    return failed(cart, rejected) | {"state": "quoted", "total": total, "applied": applied}


def nothing() -> dict[str, Any]:
    """The state of a request behind which there is no cart, and no order that is known here."""
    return failed(None, []) | {"state": "none"}


def failed(cart: Cart | None, rejected: list[dict[str, Any]], checkout_id: str | None = None) -> dict[str, Any]:
    """The state of a cart for which nothing could be redeemed, or not be asked for."""
    return {
        "checkout_id": checkout_id,
        "state": "failed",
        "amount": cart.total if cart else None,
        "total": cart.total if cart else None,
        "currency": cart.currency if cart else None,
        "applied": [],
        "rejected": rejected,
        "given_back": [],
        "kept": [],
        "outage": None,
        "warnings": [],
    }


def state(
    row: Row, parts: Sequence[Row], moved: Sequence[Row], give_backs: Sequence[Row], refunds: Sequence[Row]
) -> dict[str, Any]:
    """The state of an order: ``{checkout_id, order_ref, platform, shop, state, reason, amount, total, currency,
    applied[{code, type, amount, redemption_id}], rejected[{code, key, message}],
    given_back[{code, type, amount, redemption_id, rollback_id, refund_id, at}],
    kept[{code, type, amount, because}], outage, warnings[text]}``.

    ``total`` is what was left to pay. What was given back is told refund by refund, and at the end what was left. Its
    ``amount`` is the credits that went back to a card; null for a coupon, which can be used again. Warnings name what
    could not be given back. ``kept`` is what the restore policy gives to nobody. ``outage`` is what the order did while
    the promotions API was out of reach; what is ``applied`` to a deferred one was promised, and has no redemption yet.
    """
    promised = (row["deferral"] or {}).get("promised", [])
    return {
        "checkout_id": row["id"],
        "order_ref": row["order_ref"],
        "platform": row["platform"],
        "shop": row["shop"],
        "state": row["state"],
        "reason": row["reason"],
        "amount": row["amount"],
        "total": row["total"],
        "currency": row["currency"],
        "applied": [{name: part[name] for name in ("code", "type", "amount", "redemption_id")} for part in parts]
        or [{**one, "redemption_id": None} for one in promised],
        "rejected": row["rejected"],
        "given_back": [*_by_refunds(parts, moved), *_at_the_end(row, parts, moved, give_backs, refunds)],
        "kept": kept(row, parts, moved, give_backs),
        "outage": row["outage"],
        "warnings": [] if row["state"] == UNWOUND else _warnings(moved, refunds),
    }


def _warnings(moved: Sequence[Row], refunds: Sequence[Row]) -> list[str]:
    """What a refund of a part could not do, and what else could not be moved."""
    others = [one for one in moved if one["refund_id"] in (ENDING, RELEASE)]
    return [one["reason"] for one in [*refunds, *others] if one["status"] == STUCK and one["reason"]]


def _by_refunds(parts: Sequence[Row], moved: Sequence[Row]) -> list[dict[str, Any]]:
    by_position = {part["position"]: part for part in parts}
    return [
        given_back(by_position[credit["position"]], credit["amount"], refund_id=credit["refund_id"], at=credit["at"])
        for credit in moved
        if credit["refund_id"] not in (ENDING, RELEASE) and credit["status"] == DONE
    ]


def kept(row: Row, parts: Sequence[Row], moved: Sequence[Row], give_backs: Sequence[Row]) -> list[dict[str, Any]]:
    """What nobody gets back: what was kept before the order stood again, shares of refunds, and what was left when it
    ended; the credits of a card, null for a coupon.
    """
    let_go = {back["position"] for back in give_backs}
    by_position = {part["position"]: part for part in parts}
    shares = list(row["cart"].get("kept_before", ()))
    shares += [
        _not_given(by_position[one["position"]], one["amount"], "partial_refund")
        for one in moved
        if one["status"] == KEPT
    ]
    settled = [one for one in moved if one["refund_id"] not in (ENDING, RELEASE) and one["status"] in (DONE, KEPT)]
    for position in row["kept"] or ():
        part = by_position[position]
        before = sum(one["amount"] for one in settled if one["position"] == position)
        amount = None if part["credits"] is None else part["credits"] - before
        if amount != 0 and position not in let_go:
            shares.append(_not_given(part, amount, row["occasion"]))
    return shares


def _not_given(part: Row, amount: int | None, because: str) -> dict[str, Any]:
    return {"code": part["code"], "type": part["type"], "amount": amount, "because": because}


def _at_the_end(
    row: Row, parts: Sequence[Row], moved: Sequence[Row], give_backs: Sequence[Row], refunds: Sequence[Row]
) -> list[dict[str, Any]]:
    """What was left of each part, and coupons that were let go of before; nothing of a card that refunds had given
    everything back to.
    """
    by_position = {back["position"]: back for back in give_backs}
    final = next((refund["refund_id"] for refund in refunds if refund["is_final"]), None)
    given = {credit["position"] for credit in moved if credit["status"] in (DONE, KEPT)}
    asked = {part["position"]: row["released_by"] or final for part in parts if part["credits"] is None}
    return [
        given_back(
            part,
            back["amount"],
            rollback_id=back["rollback_id"],
            refund_id=asked.get(part["position"], final),
            at=back["at"],
        )
        for part in parts
        if (back := by_position.get(part["position"])) and (back["amount"] != 0 or part["position"] not in given)
    ]


def given_back(
    part: Row,
    amount: int | None,
    *,
    rollback_id: str | None = None,
    refund_id: str | None = None,
    at: str | None = None,
) -> dict[str, Any]:
    """What went back of one redemption; without ``at``, what would."""
    return {
        "code": part["code"],
        "type": part["type"],
        "amount": amount,
        "redemption_id": part["redemption_id"],
        "rollback_id": rollback_id,
        "refund_id": refund_id,
        "at": at,
    }


def story(row: Row, parts: Sequence[Row], refunds: Sequence[Row], history: Sequence[Row]) -> dict[str, Any]:
    """The rest of what support asks: the lines with each incentive's share, the refunds, and what happened when."""
    lines = [
        {**line, "allocations": {part["code"]: part["allocations"].get(line["line_id"], 0) for part in parts}}
        for line in row["cart"]["lines"]
    ]
    asked = ("refund_id", "lines", "amount", "is_final", "status", "reason", "created_at")
    shown = ("at", "event", "event_id", "state", "detail", "attempt")
    return {
        "source_id": row["source_id"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "lines": lines,
        "refunds": [{name: refund[name] for name in asked} for refund in refunds],
        "history": [{name: entry[name] for name in shown} for entry in history],
    }


def without_person(request: Mapping[str, Any], cart: Cart) -> dict[str, Any]:
    """A request as the ledger keeps it: of the customer only the shop's own id, if they have one."""
    kept = dict(request)
    if "order" in kept:
        kept["order"] = without_person(kept["order"], cart)
    if "customer" in kept:
        kept["customer"] = {"source_id": cart.customer.id} if cart.customer and cart.customer.id else {}
    return kept
