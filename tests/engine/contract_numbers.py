"""The vocabulary of the contract's numbers: carts, incentives on them, and what is left of the order after each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]

ON_ORDER = "APPLY_TO_ORDER"
ON_LINES = "APPLY_TO_ITEMS"
BY_QUANTITY = "APPLY_TO_ITEMS_BY_QUANTITY"
IN_PROPORTION = "APPLY_TO_ITEMS_PROPORTIONALLY"
IN_PROPORTION_BY_QUANTITY = "APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY"
MISSING, NEW = "ADD_MISSING_ITEMS", "ADD_NEW_ITEMS"


@dataclass(frozen=True)
class Incentive:
    """What is redeemed: ``kind`` coupon, tier, gift card or points, with its ``worth`` as the contract's JSON has it.

    ``about`` are the things its rule includes, chosen as ``how`` says; ``rules`` the conditions of that rule;
    ``asked`` the credits or points that the request names.
    """

    kind: str
    worth: Body
    about: tuple[str, ...] = ()
    how: Body = field(default_factory=dict)
    rules: Body | None = None
    asked: int | None = None


@dataclass(frozen=True)
class Case:
    """A cart, a stack on it, and the order after it.

    ``prices`` are those of the catalogue, by product or SKU; ``stacking`` the project's own stacking rules; ``steps``
    the order after each redeemable, when more than one is known; ``left_out`` the indices of those that do not apply.
    """

    name: str
    cart: Body
    stack: Sequence[Incentive]
    after: Body
    steps: Sequence[Body] = ()
    prices: Mapping[str, int | None] = field(default_factory=dict)
    stacking: Body = field(default_factory=dict)
    left_out: tuple[int, ...] = ()
    spent: int | None = None


def cart(*items: Body, **told: int) -> Body:
    """An order as it is sent."""
    return {**told, "items": list(items)} if items else dict(told)


def product(name: str, quantity: int | str | None, price: int | None, **told: Any) -> Body:
    """A line of a product; what is None is not sent."""
    known = {"product_id": name, "quantity": quantity, "price": price}
    return {key: value for key, value in known.items() if value is not None} | told


def named(name: str, quantity: int | str, price: int, **told: Any) -> Body:
    """A line of a product by the shop's own id of it."""
    return {"source_id": name, "quantity": quantity, "price": price, **told}


def sku(name: str, quantity: int, price: int) -> Body:
    """A line of a SKU."""
    return {"sku_id": name, "quantity": quantity, "price": price}


def amount_off(amount: int, effect: str | None = ON_ORDER, **limits: int) -> Body:
    return {"type": "AMOUNT", "amount_off": amount, **({"effect": effect} if effect else {}), **limits}


def percent_off(percent: float, effect: str = ON_ORDER) -> Body:
    return {"type": "PERCENT", "percent_off": percent, "effect": effect}


def fixed_price(amount: int) -> Body:
    """Each piece for this."""
    return {"type": "FIXED", "fixed_amount": amount, "effect": ON_LINES}


def free(effect: str, pieces: int, of: str) -> Body:
    """Free pieces of one thing."""
    return {"type": "UNIT", "effect": effect, "unit_off": pieces, "unit_type": of}


def free_many(*units: Body) -> Body:
    """Free pieces of several things."""
    told = [{name: value for name, value in unit.items() if name != "type"} for unit in units]
    return {"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": told}


def coupon(worth: Body, *about: str, rules: Body | None = None, **how: Any) -> Incentive:
    return Incentive("coupon", worth, about, how, rules)


def tier(worth: Body) -> Incentive:
    """A promotion tier."""
    return Incentive("tier", worth)


def gift(balance: int, effect: str = ON_ORDER, *about: str, asked: int | None = None) -> Incentive:
    return Incentive("gift", {"amount": balance, "effect": effect}, about, asked=asked)


def points(asked: int, *, pay: int, of: int, balance: int = 1000) -> Incentive:
    """Points of a loyalty card: ``of`` of them are worth ``pay`` in major units."""
    return Incentive("points", {"balance": balance, "exchange_ratio": pay, "points_ratio": of}, asked=asked)


def more_than(amount: int) -> Body:
    """The condition that the order is worth more than this."""
    return {"1": {"name": "order.amount", "conditions": {"$more_than": [amount]}}, "logic": "1"}


def worth(
    amount: int,
    *lines: Body,
    left: int,
    off: int = 0,
    off_lines: int = 0,
    applied: int | None = None,
    applied_lines: int | None = None,
    before: int = 0,
) -> Body:
    """The amounts of an order: ``off`` the whole and off its lines so far, what this took of it, and what is left.

    ``applied`` amounts are the same as those so far when not told; ``before`` is the amount before pieces were added.
    """
    applied = off if applied is None else applied
    applied_lines = off_lines if applied_lines is None else applied_lines
    return {
        "amount": amount,
        "initial_amount": before,
        "discount_amount": off,
        "items_discount_amount": off_lines,
        "total_discount_amount": off + off_lines,
        "total_amount": left,
        "applied_discount_amount": applied,
        "items_applied_discount_amount": applied_lines,
        "total_applied_discount_amount": applied + applied_lines,
        "items": list(lines),
    }


def line(
    quantity: int,
    price: int,
    off: int = 0,
    *,
    amount: int | None = None,
    applied: int | None = None,
    free: int = 0,
    before: tuple[int, int] = (0, 0),
) -> Body:
    """The amounts of a line: discount so far and by this, free pieces, and quantity and amount before pieces came."""
    amount = quantity * price if amount is None else amount
    return {
        "quantity": quantity,
        "price": price,
        "amount": amount,
        "discount_amount": off,
        "applied_discount_amount": off if applied is None else applied,
        "discount_quantity": free,
        "initial_quantity": before[0],
        "initial_amount": before[1],
        "subtotal_amount": amount - off,
    }
