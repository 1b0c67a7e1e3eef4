"""What each client is going to do: carts over a few codes and cards, and what becomes of their orders. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

# stands: nobody gives anything back; raced: cancelled while a part is refunded; cancelled_at_once: while it is still
# being checked out; left: the client checks out and cancels, and is gone when there is no answer.
Fate = Literal["stands", "cancelled", "refunded", "part", "part_then_rest", "raced", "cancelled_at_once", "left"]
_FATES: dict[Fate, int] = {
    "stands": 22,
    "cancelled": 20,
    "refunded": 12,
    "part": 18,
    "part_then_rest": 10,
    "raced": 5,
    "cancelled_at_once": 5,
    "left": 8,
}
# So many of the calls come twice at the same moment, and so many again at the end of their order's life.
TWICE, ECHOED = 0.25, 0.3

UNLIMITED, LIMITED = ("TEN-PERCENT", "THREE-OFF"), ("FEW", "SOME")
ROOMY, SCARCE = ("CARD-A", "CARD-B", "CARD-C"), "CARD-SCARCE"
CARDS = (*ROOMY, SCARCE)


def vouchers(orders: int) -> dict[str, dict[str, Any]]:
    """The promotions that so many orders are about; those of a limit are too few for all who want them."""

    def amount_off(amount: int, quantity: int | None = None) -> dict[str, Any]:
        limit = {} if quantity is None else {"redemption": {"quantity": quantity}}
        return {"discount": {"type": "AMOUNT", "amount_off": amount}, **limit}

    def card(amount: int) -> dict[str, Any]:
        return {"type": "GIFT_VOUCHER", "gift": {"amount": amount}}

    return {
        "TEN-PERCENT": {"discount": {"type": "PERCENT", "percent_off": 10}},
        "THREE-OFF": amount_off(300),
        "FEW": amount_off(200, max(2, orders // 12)),
        "SOME": amount_off(150, max(4, orders // 6)),
        **{code: card(orders * 1000) for code in ROOMY},
        SCARCE: card(orders * 20),
    }


@dataclass(frozen=True, slots=True)
class Call:
    """One request at the HTTP door: what is posted to ``/bridge/`` + ``path``; ``is_part`` for a refund of a part."""

    path: str
    body: dict[str, Any]
    is_part: bool = False

    @property
    def preview(self) -> Call:
        """What asks for the amounts of this refund before."""
        return Call(f"{self.path}/preview", {name: self.body[name] for name in self.body if name != "refund_id"})


@dataclass(frozen=True, slots=True)
class Plan:
    """An order: ``checkout``, then the ``steps``, each a few calls at once; some come back as ``echoes``."""

    ref: str
    fate: Fate
    checkout: tuple[Call, ...]
    steps: tuple[tuple[Call, ...], ...]
    echoes: tuple[Call, ...]

    @property
    def cart(self) -> dict[str, Any]:
        """What is bought."""
        cart: dict[str, Any] = self.checkout[0].body["cart"]
        return cart

    @property
    def codes(self) -> list[str]:
        """The coupons that the cart asks for."""
        return list(self.cart["codes"])

    @property
    def cards(self) -> dict[str, int]:
        """What the cart takes off gift cards, in minor units."""
        return {card["code"]: int(card["amount"].replace(".", "")) for card in self.cart["gift_cards"]}


def plans(orders: int, random: Random) -> Iterator[Plan]:
    """So many orders."""
    for number in range(1, orders + 1):
        yield _plan(f"storm-{number:05}", random)


def _plan(ref: str, random: Random) -> Plan:
    fate = random.choices(list(_FATES), list(_FATES.values()))[0]
    checkout = Call("checkout", {"order_ref": ref, "cart": _cart(random)})
    told = _told(ref, checkout.body["cart"], fate, random)
    steps = [told] if fate in ("raced", "left") else [_maybe_twice(call, random) for call in told]
    echoes = [call for call in told if fate not in ("cancelled_at_once", "left") and random.random() < ECHOED]
    if fate in ("stands", "part") and random.random() < ECHOED:
        echoes.append(checkout)
    once = fate in ("left", "cancelled_at_once")
    return Plan(ref, fate, (checkout,) if once else _maybe_twice(checkout, random), tuple(steps), tuple(echoes))


def _told(ref: str, cart: dict[str, Any], fate: Fate, random: Random) -> tuple[Call, ...]:
    """The calls after the checkout, each once."""
    cancel = Call(f"orders/{ref}/cancel", {"event_id": f"{ref}-cancel", "reason": "changed their mind"})
    whole = Call(f"orders/{ref}/refund", {"refund_id": f"{ref}-whole"})
    one_piece = [{"line_id": cart["items"][0]["id"], "quantity": 1}]
    parts = [
        Call(f"orders/{ref}/refund", {"refund_id": f"{ref}-piece", "lines": one_piece}, is_part=True),
        Call(f"orders/{ref}/refund", {"refund_id": f"{ref}-money", "amount": random.randint(50, 200)}, is_part=True),
    ]
    random.shuffle(parts)
    parts = parts[: random.randint(1, 2)]
    by_fate: dict[Fate, tuple[Call, ...]] = {
        "cancelled": (cancel,),
        "refunded": (whole,),
        "part": tuple(parts),
        "part_then_rest": (*parts, random.choice((cancel, whole))),
        "raced": (cancel, parts[0]),
        "cancelled_at_once": (cancel,),
        "left": (cancel,),
    }
    return by_fate.get(fate, ())


def _maybe_twice(call: Call, random: Random) -> tuple[Call, ...]:
    return (call, call) if random.random() < TWICE else (call,)


def _cart(random: Random) -> dict[str, Any]:
    """Two pieces of the first thing at least, so that a part of it can be refunded; and enough to pay something."""
    items = [
        {"id": f"line-{i}", "quantity": random.randint(2 if i == 0 else 1, 4), "unit_price": _money(1000, 5000, random)}
        for i in range(random.randint(1, 3))
    ]
    codes = random.sample((*UNLIMITED, *LIMITED), random.choices((0, 1, 2), (2, 5, 3))[0])
    cards = [{"code": random.choice(CARDS), "amount": _money(100, 800, random)}] if random.random() < 0.5 else []
    return {"currency": "EUR", "items": items, "codes": codes, "gift_cards": cards}


def _money(least: int, most: int, random: Random) -> str:
    amount = random.randint(least, most)
    return f"{amount // 100}.{amount % 100:02}"
