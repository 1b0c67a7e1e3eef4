"""What the bridge says of an order: the one shape of every door. Amounts are integer minor units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
    }


def state(row: Row, redemptions: Sequence[Row], give_backs: Sequence[Row]) -> dict[str, Any]:
    """The state of an order: ``{checkout_id, order_ref, platform, shop, state, reason, amount, total, currency,
    applied[{code, type, amount, redemption_id}], rejected[{code, key, message}],
    given_back[{code, type, amount, redemption_id, rollback_id, at}]}``.

    ``total`` is what was left to pay. ``amount`` of something given back is the credits that went back to a gift card;
    null for a coupon, which can be used again.
    """
    by_position = {back["position"]: back for back in give_backs}
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
        "applied": [{name: part[name] for name in ("code", "type", "amount", "redemption_id")} for part in redemptions],
        "rejected": row["rejected"],
        "given_back": [
            given_back(part, by_position[part["position"]]) for part in redemptions if part["position"] in by_position
        ],
    }


def given_back(part: Row, back: Row | None) -> dict[str, Any]:
    """One redemption that went back, or, without ``back``, that would."""
    return {
        "code": part["code"],
        "type": part["type"],
        "amount": credits_of(part),
        "redemption_id": part["redemption_id"],
        "rollback_id": back["rollback_id"] if back else None,
        "at": back["at"] if back else None,
    }


def credits_of(part: Row) -> int | None:
    """The credits that go back for a redemption; None for a coupon."""
    return part["amount"] if part["type"] == "GIFT_VOUCHER" else None


def story(row: Row, redemptions: Sequence[Row], history: Sequence[Row]) -> dict[str, Any]:
    """The rest of what support asks: the lines with each incentive's share of them, and what happened when."""
    lines = [
        {**line, "allocations": {part["code"]: part["allocations"].get(line["line_id"], 0) for part in redemptions}}
        for line in row["cart"]["lines"]
    ]
    shown = ("at", "event", "event_id", "state", "detail", "attempt")
    return {
        "source_id": row["source_id"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "lines": lines,
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
