"""A naive calculator of the contract's discount maths: integers and fractions, piece by piece, nothing shared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

Body = dict[str, Any]

# What the catalogue sells; shipping has no price anywhere.
PRICES: Mapping[str, int | None] = {"mug": 1700, "pen": 399, "shipping": None}


@dataclass
class Line:
    name: str
    quantity: int
    price: int | None
    amount: int
    off: int = 0
    free: int = 0
    initial: int | None = None

    @property
    def subtotal(self) -> int:
        return max(0, self.amount - self.off)


@dataclass
class Order:
    amount: int
    off: int
    lines: list[Line]
    initial: int | None = None

    @property
    def total(self) -> int:
        return max(0, self.amount - self.off - sum(line.off for line in self.lines))


@dataclass(frozen=True)
class Sent:
    """A redeemable: its discount or gift, and what its rule is about."""

    discount: Body | None = None
    gift: Body | None = None
    scope: Body | None = None

    @property
    def effect(self) -> str:
        told = self.discount or self.gift or {}
        return str(told["effect"])


@dataclass(frozen=True)
class Told:
    """Project's stacking rules, as far as they change amounts."""

    initial: bool = False
    once: bool = False
    partial: bool = True

    @property
    def body(self) -> Body:
        return {
            "discount_calculation_mode": "INITIAL_AMOUNT" if self.initial else "DISCOUNTED_AMOUNT",
            "redeemables_products_application_mode": "ONCE" if self.once else "STACK",
            "redeemables_application_mode": "PARTIAL" if self.partial else "ALL",
        }


def rounded(value: Fraction) -> int:
    """Half up."""
    return math.floor(value + Fraction(1, 2))


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """In proportion; cents that are left over go where most was cut off, the first of equals."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    exact = [Fraction(amount * weight, whole) for weight in weights]
    parts = [math.floor(one) for one in exact]
    while sum(parts) < amount:
        missing = [one - part for one, part in zip(exact, parts, strict=True)]
        parts[missing.index(max(missing))] += 1
    return parts


def counted(scope: Body | None, lines: Sequence[Line]) -> list[tuple[Line, int]]:
    """The lines that are discounted, as they were sent, and how many pieces of each."""
    included = (scope or {}).get("included", [])
    names = [entry["source_id"] for entry in included] or [line.name for line in lines]
    how = included[0] if included else {}
    effect, skip, repeat = how.get("effect", ""), how.get("skip_initially", 0), how.get("repeat", 1)
    matched = [i for i, line in enumerate(lines) if line.name in names and line.quantity]
    if "CHEAPEST" in effect:
        matched.sort(key=lambda i: lines[i].price or 0)
    if "MOST_EXPENSIVE" in effect:
        matched.sort(key=lambda i: -(lines[i].price or 0))
    by_unit = how.get("target") == "UNIT"
    positions = [i for i in matched for _ in range(lines[i].quantity if by_unit else 1)]
    chosen = [one for p, one in enumerate(positions) if p >= skip and (p - skip) % repeat == 0]
    if effect.startswith("APPLY_TO_") and effect != "APPLY_TO_EVERY":
        chosen = chosen[:1]
    left = how.get("aggregated_quantity_limit", math.inf)
    pieces: dict[int, int] = {}
    for i in dict.fromkeys(chosen):
        its = chosen.count(i) if by_unit else lines[i].quantity
        pieces[i] = min(its, how.get("quantity_limit", its), left)
        left -= pieces[i]
    return [(lines[i], pieces[i]) for i in sorted(pieces) if pieces[i]]


def value_of_lines(discount: Body, these: Sequence[tuple[Line, int]], rules: Told) -> list[int]:
    """What each line would get, before limits."""
    if discount["type"] == "PERCENT":
        percent = Fraction(str(discount["percent_off"])) / 100
        bases = [(_initial(line) if rules.initial else line.subtotal) for line, _ in these]
        return [
            rounded(base * Fraction(n, line.quantity) * percent) for base, (line, n) in zip(bases, these, strict=True)
        ]
    if discount["type"] == "FIXED":
        return [0 if line.price is None else max(0, line.price - discount["fixed_amount"]) * n for line, n in these]
    amount, effect = discount["amount_off"], discount["effect"]
    if effect == "APPLY_TO_ITEMS_BY_QUANTITY":
        return [amount * n for _, n in these]
    if effect == "APPLY_TO_ITEMS_PROPORTIONALLY":
        return split(amount, [line.subtotal for line, _ in these])
    if effect == "APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY":
        return split(amount, [n for _, n in these])
    return [amount for _ in these]


def _initial(line: Line) -> int:
    return line.amount if line.initial is None else line.initial


def off_lines(order: Order, sent: Sent, rules: Told) -> int:
    """A discount or gift on lines; what it took."""
    these = [(line, n) for line, n in counted(sent.scope, order.lines) if not (rules.once and line.off)]
    told = sent.discount or {}
    values = value_of_lines(told, these, rules) if sent.discount else [line.subtotal for line, _ in these]
    how = (sent.scope or {}).get("included", [{}])[0]
    limits = [told.get("amount_limit"), how.get("amount_limit")]
    wholes = [told.get("aggregated_amount_limit"), how.get("aggregated_amount_limit"), (sent.gift or {}).get("amount")]
    left = min([order.total, *(one for one in wholes if one is not None)])
    before = left
    for (line, _), value in zip(these, values, strict=True):
        its = min([value, line.subtotal, left, *(one for one in limits if one is not None)])
        line.off += its
        left -= its
    return before - left


def add_pieces(order: Order, unit: Body) -> None:
    """Free pieces of one thing."""
    if order.initial is None:
        order.initial = order.amount
    line = next((line for line in order.lines if line.name == unit["unit_type"]), None)
    if line is None:
        line = Line(unit["unit_type"], 0, PRICES[unit["unit_type"]], 0)
        order.lines.append(line)
    if line.initial is None:
        line.initial = line.amount
    wanted = unit["unit_off"]
    is_new = unit["effect"] == "ADD_NEW_ITEMS"
    more = wanted if is_new else max(0, wanted - max(0, line.quantity - line.free))
    price = line.price or 0
    line.quantity, line.free = line.quantity + more, line.free + wanted
    line.amount, order.amount = line.amount + price * more, order.amount + price * more
    line.off += min(price * wanted, line.subtotal, order.total)


def off_order(order: Order, sent: Sent, rules: Told) -> int:
    """A discount or gift on the whole."""
    told, total = sent.discount or {}, order.total
    limits = [told[name] for name in ("amount_limit", "aggregated_amount_limit") if name in told]
    if sent.gift:
        return min(sent.gift["amount"], total)
    if told["type"] == "FIXED":
        return max(0, total - told["fixed_amount"])
    if told["type"] == "AMOUNT":
        return min([told["amount_off"], total, *limits])
    base = (order.amount if order.initial is None else order.initial) if rules.initial else total
    return min([rounded(base * Fraction(str(told["percent_off"])) / 100), total, *limits])


def applied(order: Order, sent: Sent, rules: Told, start: Order) -> bool:
    """Take a redeemable off the order, which was ``start`` before any; whether it applies."""
    if sent.discount and sent.discount["type"] == "UNIT":
        for unit in sent.discount.get("units", [sent.discount]):
            add_pieces(order, unit)
    elif sent.effect == "APPLY_TO_ORDER":
        order.off += off_order(order, sent, rules)
    else:
        # A gift card for lines is refused when there is none to spend it on, whatever others leave of them.
        if sent.gift and not off_lines(start, sent, Told()):
            return False
        off_lines(order, sent, rules)
    return True


def cart_of(told: Body) -> Order:
    lines = [Line(i["source_id"], i["quantity"], i["price"], i["quantity"] * i["price"]) for i in told["items"]]
    return Order(sum(line.amount for line in lines), told.get("discount_amount", 0), lines)


@dataclass
class Expected:
    """Which redeemables apply, the total after each that does, and the order at the end."""

    order: Order
    applies: list[bool] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)


def expected(told: Body, stack: Sequence[Sent], rules: Told) -> Expected:
    all_of = Expected(cart_of(told))
    for sent in stack:
        all_of.applies.append(applied(all_of.order, sent, rules, cart_of(told)))
        if all_of.applies[-1]:
            all_of.totals.append(all_of.order.total)
    return all_of


Numbers = tuple[int, int, int, int, list[tuple[int, int, int, int]]]


def of_reference(order: Order) -> Numbers:
    lines = [(line.quantity, line.amount, line.off, line.free) for line in order.lines]
    return order.amount, order.off, sum(line.off for line in order.lines), order.total, lines
