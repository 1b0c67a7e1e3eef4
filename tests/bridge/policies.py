"""Worlds in which a restore policy is set, cards and points are redeemed to the cent, and the wire can be cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.exceptions import ConnectionError as ConnectionBroken

from checkout_bridge.bridge.flow import Flow
from checkout_bridge.bridge.restore import RestorePolicy, Rules
from checkout_bridge.settings import read_settings

from .hosted import HostedApi, Refusal
from .worlds import BACKENDS, SHOP, World

# 13.35 in three pieces and one of 6.67; a coupon of 5.00, a card that pays 10.01, and 5.01 that are left to pay.
LINES = [(3, 445), (1, 667)]
PIECE, TWO_PIECES, LAST_LINE = 223, 445, 333  # of the card, for one or two pieces of the first line, and for the second
Says = Callable[[str, str, str, str], Any]


def rules_of(setting: str) -> Rules:
    """What ``CHECKOUT_BRIDGE_RESTORE_POLICY`` comes to."""
    rules: Rules = read_settings({"restore_policy": setting}, {}, {}).restore_policy
    return rules


class ExactHostedApi(HostedApi):
    """Takes off a card what it is asked for, or nothing; knows limits, and loyalty cards whose points are cents."""

    def __init__(self) -> None:
        super().__init__()
        self.points: set[str] = set()
        self.limits: Counter[str] = Counter()
        self._numbers = count()

    def _answer(self, method: str, parts: list[str], body: dict[str, Any], query: dict[str, list[str]]) -> Any:
        if parts[0] == "orders" and len(parts) == 2 and parts[1] not in self.orders:
            raise Refusal(404, "not_found")
        if (method, parts[0], len(parts)) == ("GET", "redemptions", 2):
            return next(one for stack in self.stacks.values() for one in stack if one["id"] == parts[1])
        return super()._answer(method, parts, body, query)

    def _redeem(self, body: dict[str, Any]) -> dict[str, Any]:
        order, redemptions = body["order"], []
        left, asked = order["amount"], body["redeemables"]
        for one in asked:
            if one["id"] in self.limits and self.used[one["id"]] >= self.limits[one["id"]]:
                raise Refusal(400, "quantity_exceeded")
            if one.get("gift", {}).get("credits", 0) > self.cards.get(one["id"], 0):
                raise Refusal(400, "gift_amount_exceeded")
        for one in asked:
            code = one["id"]
            applied = min(one.get("gift", {}).get("credits", self.cards.get(code, 500)), left)
            left -= applied
            part = {"id": f"r_{next(self._numbers)}", "order": {"total_applied_discount_amount": applied}}
            redemptions.append(part | {"amount": applied, "voucher": {"code": code, "type": self._type_of(code)}})
            self.used[code] += 1
            self._credit(code, -applied, None)
        parent_id = f"p_{len(self.stacks)}"
        self.stacks[parent_id] = redemptions
        facts = {"source_id": order["source_id"], "status": "PAID", "total_amount": left}
        entry = {"stacked": [part["id"] for part in redemptions]}
        self.orders[order["source_id"]] = {**facts, "redemptions": {parent_id: entry}}
        return {
            "redemptions": redemptions,
            "parent_redemption": {"id": parent_id},
            "order": {"total_amount": left},
        }

    def _type_of(self, code: str) -> str:
        if code in self.points:
            return "LOYALTY_CARD"
        return "GIFT_VOUCHER" if code in self.cards else "DISCOUNT_VOUCHER"


class Cable(BaseAdapter):
    """Carries everything on, unless it is cut; ``before`` is called with each request that arrives."""

    def __init__(self, real: BaseAdapter) -> None:
        super().__init__()
        self._real = real
        self.is_cut = False
        self.before: Callable[[PreparedRequest], None] = lambda _: None
        self.sent: Counter[str] = Counter()

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        if self.is_cut:
            raise ConnectionBroken("cut")
        self.sent[f"{request.method} {request.path_url.split('?')[0].split('/v1/')[1].split('/')[-1]}"] += 1
        self.before(request)
        return self._real.send(request, *args, **kwargs)

    def close(self) -> None:
        self._real.close()


class PolicyWorld(World):
    """A world whose policy can be set at any time, with orders whose codes are their own."""

    hosted: ExactHostedApi

    def __init__(self, kind: str, folder: Path, stocked: Path) -> None:
        self._rules: Rules = {}
        self._says: Says = lambda *_: None
        super().__init__(kind, folder, stocked)
        self.kind = kind
        self.hosted = ExactHostedApi()
        self.cable = Cable(self.hosted if kind == "hosted" else self.boundary._real)
        self.boundary._real = self.cable

    def _open(self) -> None:
        super()._open()
        self.policy()

    def policy(self, setting: str | None = None, says: Says | None = None) -> None:
        """From now on this is set, and the platform's plugin says that; what is left out stays."""
        self._rules = self._rules if setting is None else rules_of(setting)
        self._says = self._says if says is None else says
        self.flow = Flow(
            self.ledger,
            self.client,
            lambda *_: None,
            deadline=8.0,
            quote_ttl=600.0,
            confirm_within=900.0,
            policy=RestorePolicy(self._rules, self._says),
        )

    def once(self, code: str) -> None:
        """5.00 off, once."""
        self.hosted.limits[code] = 1
        if self.kind == "engine":
            once = {"discount": {"type": "AMOUNT", "amount_off": 500}, "redemption": {"quantity": 1}}
            self.client.vouchers.create_voucher(code, once)

    def order_of(self, ref: str, *, lines: Any = LINES) -> dict[str, Any]:
        """An order with its own coupon ``COUPON-<ref>`` of 5.00 and its own card ``CARD-<ref>`` of 10.01."""
        self.once(f"COUPON-{ref}")
        self.card(f"CARD-{ref}", 1001)
        return self.buy(ref, lines, (f"COUPON-{ref}",), (f"CARD-{ref}",))

    def stands(self, ref: str) -> tuple[str, int, int, str]:
        """The order's state, how often its coupon is used, what its card holds, and what the order is upstream."""
        order = self.order(ref)
        upstream = self.client.orders.get_order(order["source_id"])["status"]
        return order["state"], self.used(f"COUPON-{ref}"), self.balance(f"CARD-{ref}"), upstream

    def cancel_for(self, ref: str, cause: Any, **told: Any) -> dict[str, Any]:
        """Cancel the order for this cause."""
        return self.flow.cancel(ref, SHOP, cause=cause, **told)

    def reinstate(self, ref: str, **told: Any) -> dict[str, Any]:
        """The order stands again."""
        return self.flow.reinstate(ref, SHOP, **told)

    def move(self, code: str, amount: int, source_id: str) -> None:
        """Somebody else puts something on a card, or takes it off."""
        self.client.vouchers.update_voucher_balance(code, {"amount": amount, "source_id": f"{code}-{source_id}"})

    def later(self, **time: float) -> None:
        """Let time pass."""
        self.boundary.time += timedelta(**time)


def kept(order: dict[str, Any]) -> list[tuple[str, int | None, str]]:
    """What nobody gets: the kind of its code, amount and occasion."""
    return [(one["code"].split("-")[0], one["amount"], one["because"]) for one in order["kept"]]


def back(order: dict[str, Any]) -> list[tuple[str, int | None, str | None]]:
    """What was given back: the kind of its code, amount and refund id; cards last."""
    told = [(one["code"].split("-")[0], one["amount"], one["refund_id"]) for one in order["given_back"]]
    return sorted(told, key=lambda one: one[0] != "COUPON")


def policy_worlds(empty: Path, factory: pytest.TempPathFactory) -> Iterator[Callable[[str], PolicyWorld]]:
    """Makes worlds of a kind, and closes them."""
    worlds: list[PolicyWorld] = []

    def make(kind: str) -> PolicyWorld:
        assert kind in BACKENDS
        worlds.append(PolicyWorld(kind, factory.mktemp("world") / "data", empty))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()
