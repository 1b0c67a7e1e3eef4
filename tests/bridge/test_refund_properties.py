"""Thousands of random orders and refunds: nothing goes back that was not redeemed, and steps add up to the cent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from flask.testing import FlaskClient

from checkout_bridge.bridge import refunds, shares
from checkout_bridge.bridge.shares import Refunded
from checkout_bridge.events import RefundLine
from checkout_bridge.money import allocate

from .conftest import TOKEN

CHUNKS, ORDERS = 10, 1000
HTTP_CHUNKS, HTTP_ORDERS = 4, 50
KINDS = ("lines", "amount", "money without lines", "lines with their money", "with their money or not", "mixed")


@dataclass(frozen=True, slots=True)
class Step:
    """What is asked for at once; neither lines nor an amount is all that is left."""

    lines: dict[str, int] | None = None
    amount: int | None = None

    @property
    def asked(self) -> tuple[tuple[RefundLine, ...] | None, int | None]:
        """As the doors hand it on."""
        lines = None if self.lines is None else tuple(RefundLine(*line) for line in self.lines.items())
        return lines, self.amount


@dataclass(slots=True)
class Bought:
    """An order as the ledger keeps it, and the refunds so far, carried out as they are planned."""

    row: dict[str, Any]
    parts: list[dict[str, Any]]
    before: list[Refunded] = field(default_factory=list)
    given: Counter[int] = field(default_factory=Counter)
    has_ended: bool = False

    def afresh(self) -> Bought:
        """The same order without any refund."""
        return Bought(self.row, self.parts)

    @property
    def credits(self) -> dict[int, int]:
        """What went off each card."""
        return {part["position"]: part["credits"] for part in self.parts if part["credits"] is not None}

    @property
    def paid(self) -> int:
        """What amounts are of: what was left to pay, else what the cards paid."""
        by_cards = sum(part["amount"] for part in self.parts if part["credits"] is not None)
        return int(self.row["total"] or by_cards)

    @property
    def pieces(self) -> dict[str, int]:
        return {line["line_id"]: line["quantity"] for line in self.row["cart"]["lines"]}

    def take(self, steps: Sequence[Step]) -> Counter[int]:
        """One after the other; gives what all of them gave back."""
        for step in steps:
            self.refund(step)
        return self.given

    def refund(self, step: Step) -> dict[int, int]:
        """What goes back now; after the end of the order nothing does."""
        if self.has_ended:
            return {}
        order, now = refunds._order(self.row, self.parts), refunds._refunded(self.row, *step.asked)
        refunds._refuse_unless_possible(order, self.before, now)
        self.has_ended = shares.completes(order, self.before, now)
        plan = shares.rest if self.has_ended else None
        back = plan(self.parts, self.given) if plan else shares.back(self.parts, order, self.before, now, self.given)
        self.before.append(now)
        self.given.update(back)
        return back


def an_order(chance: Random) -> Bought:
    """One to five lines, coupons first, then gift cards and points; the last card may pay all the rest."""
    lines = {str(i): chance.randint(1, 6) for i in range(chance.randint(1, 5))}
    prices = [chance.choice([0, 1, 334, chance.randint(1, 5000)]) for _ in lines]
    left = [quantity * price for quantity, price in zip(lines.values(), prices, strict=True)]
    parts: list[dict[str, Any]] = []
    for position in range(chance.randint(0, 4)):
        kind = chance.choice(["coupon", "gift card", "points"])
        amount = sum(left) if chance.random() < 0.15 else chance.randint(0, sum(left))
        taken = allocate(amount, left)
        left = [value - part for value, part in zip(left, taken, strict=True)]
        credits = {"coupon": None, "gift card": amount, "points": amount * chance.choice([1, 7, 100])}[kind]
        allocations = dict(zip(lines, taken, strict=True))
        parts.append({"position": position, "amount": amount, "credits": credits, "allocations": allocations})
    bought = [
        {"line_id": line, "quantity": quantity, "unit_price": price}
        for (line, quantity), price in zip(lines.items(), prices, strict=True)
    ]
    return Bought({"cart": {"currency": "EUR", "lines": bought}, "total": sum(left)}, parts)


def some_steps(chance: Random, pieces: dict[str, int], paid: int, kind: str) -> list[Step]:
    """Refunds that are all possible in whatever order; they may or may not come to the whole order."""
    if kind == "amount":
        return [Step(None, amount) for amount in some_amounts(chance, paid)]
    if kind == "money without lines":
        return [Step({}, chance.randint(1, paid + 500)) for _ in range(chance.randint(1, 4))]
    by_lines = [Step(lines) for lines in some_pieces(chance, pieces)]
    if kind == "lines":
        return by_lines
    if kind == "lines with their money":
        return with_money(chance, by_lines, pieces, paid)
    if kind == "with their money or not":
        # Some pieces stay, and some of the money: nothing but what is asked for ends such an order.
        return [*with_money(chance, by_lines[1:], pieces, paid // 2), Step(None, paid // 3)] if paid > 2 else by_lines
    others = some_steps(chance, pieces, paid, "amount") + some_steps(chance, pieces, paid, "money without lines")
    return by_lines + chance.sample(others, chance.randint(0, len(others)))


def some_pieces(chance: Random, pieces: dict[str, int]) -> list[dict[str, int]]:
    """All pieces, or some of them, in up to four heaps."""
    all_pieces = [line for line, quantity in pieces.items() for _ in range(quantity)]
    returned = all_pieces if chance.random() < 0.5 else chance.sample(all_pieces, chance.randint(1, len(all_pieces)))
    heaps: list[Counter[str]] = [Counter() for _ in range(chance.randint(1, 4))]
    for line in returned:
        chance.choice(heaps)[line] += 1
    return [dict(heap) for heap in heaps if heap]


def some_amounts(chance: Random, paid: int) -> list[int]:
    """All that was paid, or some of it, in up to five amounts; none where nothing was paid."""
    total = paid if chance.random() < 0.5 else chance.randint(0, paid)
    cuts = sorted({0, total, *(chance.randint(0, total) for _ in range(chance.randint(0, 4)))})
    return [after - before for before, after in pairwise(cuts)]


def with_money(chance: Random, steps: list[Step], pieces: dict[str, int], paid: int) -> list[Step]:
    """The last piece and the last of the money come together: only a heap that is the rest may be all the money."""
    is_all = shares.pieces_in(Refunded(step.lines) for step in steps) == Counter(pieces)
    weights = [sum((step.lines or {}).values()) for step in steps]
    amounts = allocate(paid if is_all else paid * sum(weights) // (sum(weights) + 1), weights)
    return (
        [Step(step.lines, amount) for step, amount in zip(steps, amounts, strict=True)]
        if min(amounts, default=0)
        else steps
    )


def exact_share(order: Bought, part: dict[str, Any], steps: Sequence[Step]) -> Fraction:
    """What refunds, none of which ends the order, would give back to a card if nothing had to be rounded."""
    back = shares.pieces_in(Refunded(step.lines) for step in steps)
    money = sum(step.amount or 0 for step in steps if not step.lines)
    by_money = Fraction(min(money, order.paid), order.paid or 1)
    total = sum(part["allocations"].values()) or 1
    by_pieces = sum(
        Fraction(part["allocations"][line] * back[line], total * quantity) for line, quantity in order.pieces.items()
    )
    return min(Fraction(part["credits"]), part["credits"] * (by_money + by_pieces))


def fewest(steps: Sequence[Step]) -> list[Step]:
    """The same refunds in one of each kind: by pieces, by money, and by money of which nobody knows what it is for."""
    pieces = dict(shares.pieces_in(Refunded(step.lines) for step in steps))
    amount = sum(step.amount or 0 for step in steps if step.lines is None)
    unknown = sum(step.amount or 0 for step in steps if step.lines == {})
    merged = [(pieces, None)] * bool(pieces) + [(None, amount)] * bool(amount) + [({}, unknown)] * bool(unknown)
    return [Step(*one) for one in merged]


@pytest.fixture(params=range(CHUNKS))
def orders(request: pytest.FixtureRequest) -> Iterator[tuple[Random, Bought, list[Step]]]:
    """A tenth of the ten thousand, each with refunds that are possible; the same ones every time."""

    def draw() -> Iterator[tuple[Random, Bought, list[Step]]]:
        for n in range(request.param * ORDERS, (request.param + 1) * ORDERS):
            chance = Random(n)
            order = an_order(chance)
            yield chance, order, some_steps(chance, order.pieces, order.paid, KINDS[n % len(KINDS)])

    return draw()


def test_of_ten_thousand_orders_no_card_gets_more_than_it_paid_and_steps_add_up_whatever_their_order(
    orders: Iterator[tuple[Random, Bought, list[Step]]],
) -> None:
    seen = Counter[bool]()
    for chance, order, steps in orders:
        for n, step in enumerate(steps):
            back = order.refund(step)
            assert all(amount > 0 for amount in back.values()) or order.has_ended
            assert all(order.given[position] <= credits for position, credits in order.credits.items())
            assert set(back) <= set(order.credits), "coupons get nothing bit by bit"
            if not order.has_ended:
                for part in order.parts:
                    if part["credits"] is not None:
                        off = abs(order.given[part["position"]] - exact_share(order, part, steps[: n + 1]))
                        assert off <= len(order.pieces) * Fraction(3, 2) + 1
        if order.has_ended:
            assert order.given == order.credits
        others = [chance.sample(steps, len(steps)), steps[::-1]]
        if not any(step.lines and step.amount for step in steps):
            others.append(fewest(steps) if chance.random() < 0.5 else fewest(steps)[::-1])
        for another in others:
            same = order.afresh()
            same.take(another)
            assert (same.has_ended, +same.given) == (order.has_ended, +order.given), (steps, another)
        seen[order.has_ended] += 1
        order.refund(Step())
        assert order.given == order.credits
    assert min(seen[True], seen[False]) > ORDERS / 10


Send = Callable[..., dict[str, Any]]


@pytest.fixture
def send(visitor: FlaskClient) -> Send:
    """Posts to ``/bridge/...``; the answer must have this status."""

    def post(path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
        answer = visitor.post(f"/bridge/{path}", json=body, headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == status, answer.get_data(as_text=True)
        return dict(answer.get_json())

    return post


def check_out(
    send: Send, ref: str, lines: Sequence[tuple[int, str]], codes: Sequence[str], cards: Sequence[str]
) -> Any:
    """The state of an order of ``(quantity, unit price)``; its lines are named ``0``, ``1``, ..."""
    items = [{"id": str(i), "quantity": quantity, "unit_price": price} for i, (quantity, price) in enumerate(lines)]
    cart = {"currency": "EUR", "items": items, "codes": codes, "gift_cards": [{"code": code} for code in cards]}
    return send("checkout", {"order_ref": ref, "cart": cart})


def body_of(step: Step) -> dict[str, Any]:
    lines = [{"line_id": line, "quantity": quantity} for line, quantity in (step.lines or {}).items()]
    return ({"lines": lines} if lines else {}) | ({} if step.amount is None else {"amount": step.amount})


def told(order: dict[str, Any]) -> list[tuple[str, int | None]]:
    return [(one["code"], one["amount"]) for one in order["given_back"]]


@pytest.mark.parametrize("chunk", range(HTTP_CHUNKS))
def test_two_hundred_orders_over_http_leave_the_engine_as_it_was_and_get_what_their_previews_told(
    chunk: int, bridge: Any, send: Send, balance: Callable[[str], int]
) -> None:
    vouchers = bridge.runtime.client.vouchers
    for n in range(chunk * HTTP_ORDERS, (chunk + 1) * HTTP_ORDERS):
        chance, ref = Random(f"http {n}"), str(n)
        lines = [(chance.randint(1, 5), chance.randint(1, 4000)) for _ in range(chance.randint(1, 4))]
        cards = {f"CARD-{n}-{i}": chance.randint(1, 6000) for i in range(chance.choice([0, 1, 1, 2]))}
        for code, credits in cards.items():
            vouchers.create_voucher(code, {"type": "GIFT_VOUCHER", "gift": {"amount": credits}})
        coupon = f"COUPON-{n}"
        vouchers.create_voucher(coupon, {"discount": {"type": "PERCENT", "percent_off": chance.randint(1, 40)}})
        codes = [coupon] if n % 2 or not cards else []
        priced = [(quantity, f"{price // 100}.{price % 100:02}") for quantity, price in lines]
        order = check_out(send, ref, priced, codes, list(cards))
        redeemed = {one["code"]: one["amount"] for one in order["applied"]}
        pieces = {str(i): quantity for i, (quantity, _) in enumerate(lines)}
        kind = chance.choice([kind for kind in KINDS if kind != "money without lines"])
        steps = [step for step in some_steps(chance, pieces, order["total"], kind) if step.lines or step.lines is None]

        for i, step in enumerate([*steps, Step()]):
            refund = f"orders/{ref}/refund"
            preview = send(f"{refund}/preview", body_of(step))["given_back"] if order["state"] == "confirmed" else []
            before = told(order)
            order = send(refund, {"refund_id": f"r-{i}", **body_of(step)})
            assert told(order)[len(before) :] == [(one["code"], one["amount"]) for one in preview]
            again = chance.randint(0, i)
            assert told(send(refund, {"refund_id": f"r-{again}", **body_of(Step())})) == told(order), "known by its id"
            for code, credits in cards.items():
                back = sum(amount or 0 for one, amount in told(order) if one == code)
                assert back <= redeemed.get(code, 0)
                assert balance(code) == credits - redeemed.get(code, 0) + back
            is_used = bool(codes) and order["state"] == "confirmed"
            assert vouchers.get_voucher(coupon)["redemption"]["redeemed_quantity"] == is_used

        assert (order["state"], {code: balance(code) for code in cards}) == ("unwound", cards)
        for code, amount in redeemed.items():
            assert [back for one, back in told(order) if one == code and back is None] == [None] * (code == coupon)
            assert code == coupon or sum(back or 0 for one, back in told(order) if one == code) == amount


# Lines, what is refunded; the card of 100.00 pays first, and the money what is left.
ON_THE_CARD: dict[str, tuple[list[tuple[int, str]], Step]] = {
    "three tenths of what the card alone paid": ([(10, "10.00")], Step({"0": 3})),
    "a line of 30.00 that the card alone paid": ([(1, "30.00"), (1, "70.00")], Step({"0": 1})),
    "thirty of a hundred that were paid beside it": ([(1, "200.00")], Step(None, 3000)),
    "a line of 60.00 of which the card paid half": ([(1, "60.00"), (1, "140.00")], Step({"0": 1})),
    "a line of 60.00 with the 30.00 paid for it": ([(1, "60.00"), (1, "140.00")], Step({"0": 1}, 3000)),
}


@pytest.mark.parametrize(("lines", "step"), ON_THE_CARD.values(), ids=ON_THE_CARD)
def test_a_card_of_100_with_30_refunded_rises_by_exactly_30(
    lines: list[tuple[int, str]], step: Step, bridge: Any, send: Send, balance: Callable[[str], int]
) -> None:
    bridge.runtime.client.vouchers.create_voucher("HUNDRED", {"type": "GIFT_VOUCHER", "gift": {"amount": 10_000}})
    check_out(send, "1", lines, [], ["HUNDRED"])
    assert balance("HUNDRED") == 0
    order = send("orders/1/refund", {"refund_id": "r-1", **body_of(step)})
    assert (order["state"], told(order), balance("HUNDRED")) == ("confirmed", [("HUNDRED", 3000)], 3000)


def test_where_a_card_alone_paid_an_amount_is_of_what_it_paid(
    bridge: Any, send: Send, balance: Callable[[str], int]
) -> None:
    bridge.runtime.client.vouchers.create_voucher("HUNDRED", {"type": "GIFT_VOUCHER", "gift": {"amount": 10_000}})
    check_out(send, "1", [(10, "10.00")], [], ["HUNDRED"])
    send("orders/1/refund", {"refund_id": "r-1", "amount": 3000})
    assert balance("HUNDRED") == 3000
    refused = send("orders/1/refund", {"refund_id": "r-2", "amount": 7001}, status=400)
    assert (refused["details"].endswith("7000 of 10000"), balance("HUNDRED")) == (True, 3000)
    assert send("orders/1/refund", {"refund_id": "r-3", "amount": 7000})["state"] == "unwound"
    assert balance("HUNDRED") == 10_000
