"""Five events of an order, in every order in which they can come, each told twice: one end, nothing back twice."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count, permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from checkout_bridge import CheckoutBridge
from checkout_bridge.bridge.ledger.model import deliveries
from checkout_bridge.database import reading

SECRET, SHOP = "shpss_permuted", "permuted.myshopify.com"
EVENTS = ("paid", "r-1", "r-2", "r-3", "cancel")
MUGS, TEA, CARD = 7001, 7002, 2000
# A mug each, and the tea: whichever comes last is the rest.
REFUNDED = {"r-1": {MUGS: 1}, "r-2": {MUGS: 1}, "r-3": {TEA: 1}}
# With a coupon the end rolls the stack back and takes off what refunds gave; a card alone gets the rest credited.
STACKS = {"a coupon and a card": ("SAVE", "CARD"), "a card alone": ("CARD",)}


class Order:
    """An order of Shopify's over 30.01, with vouchers of its own."""

    def __init__(self, bridge: CheckoutBridge, number: int, stack: Sequence[str]) -> None:
        self.number = number
        self.codes = [f"{kind}-{number}" for kind in stack]
        self._vouchers = bridge.runtime.client.vouchers
        for kind, code in zip(stack, self.codes, strict=True):
            coupon = {"discount": {"type": "AMOUNT", "amount_off": 301}, "redemption": {"quantity": 1}}
            self._vouchers.create_voucher(
                code, coupon if kind == "SAVE" else {"type": "GIFT_VOUCHER", "gift": {"amount": CARD}}
            )

    def payload(self, event: str) -> tuple[str, dict[str, Any]]:
        """The topic and the body of an event."""
        if event == "paid":
            lines = [{"id": MUGS, "quantity": 2, "price": "12.50"}, {"id": TEA, "quantity": 1, "price": "5.01"}]
            codes = [{"code": code, "type": "fixed_amount"} for code in self.codes]
            order = {"id": self.number, "currency": "EUR", "financial_status": "paid", "line_items": lines}
            return "orders/paid", {**order, "discount_codes": codes}
        if event == "another":
            return "orders/updated", {"id": self.number}
        if event == "cancel":
            return "orders/cancelled", {"id": self.number, "cancelled_at": "2024-04-02T09:04:18-05:00"}
        items = [{"line_item_id": line, "quantity": quantity} for line, quantity in REFUNDED[event].items()]
        refund_id = self.number * 10 + int(event[-1])
        return "refunds/create", {"id": refund_id, "order_id": self.number, "refund_line_items": items}

    def upstream(self) -> dict[str, Any]:
        """What the engine has of each voucher: how often it counts as used, or its balance and its movements."""
        return {code: self._counters(code) for code in self.codes}

    def _counters(self, code: str) -> Any:
        voucher = self._vouchers.get_voucher(code)
        if "gift" not in voucher:
            return voucher["redemption"]["redeemed_quantity"]
        moved = self._vouchers.list_voucher_transactions(code, limit=100)["data"]
        amounts = [one["details"]["balance"]["amount"] for one in moved]
        sources = Counter(one["source_id"] for one in moved if one["source_id"])
        twice = [source for source, times in sources.items() if times > 1]
        return {"balance": voucher["gift"]["balance"], "all movements": sum(amounts), "twice": twice}


class Store:
    """Sends signed deliveries over HTTP to one bridge."""

    def __init__(self, app: Flask, bridge: CheckoutBridge) -> None:
        self.bridge = bridge
        self._http = app.test_client()
        self._numbers = count(1001)

    def order(self, stack: Sequence[str]) -> Order:
        """One more order."""
        return Order(self.bridge, next(self._numbers), stack)

    def tell(self, order: Order, event: str, event_id: str) -> None:
        """A delivery; whatever comes of it, Shopify must see 200."""
        topic, payload = order.payload(event)
        body = json.dumps(payload).encode()
        headers = {
            "X-Shopify-Topic": topic,
            "X-Shopify-Shop-Domain": SHOP,
            "X-Shopify-Webhook-Id": f"{order.number}:{event_id}",
            "X-Shopify-Hmac-Sha256": b64encode(hmac.digest(SECRET.encode(), body, hashlib.sha256)).decode(),
        }
        answer = self._http.post("/bridge/webhooks/shopify", data=body, headers=headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)

    def came_of(self, order: Order) -> dict[str, Any]:
        """The ledger's story of an order."""
        return self.bridge.order(str(order.number), platform="shopify", shop=SHOP)

    def statuses(self) -> set[str | None]:
        """What became of all deliveries so far; None is one that is left open."""
        with reading(self.bridge.runtime.doors.ledger.database) as connection:
            return set(connection.execute(select(deliveries.c.status)).scalars())


@pytest.fixture(scope="module")
def store(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One for all permutations."""
    folder = tmp_path_factory.mktemp("permutations") / "data"
    shutil.copytree(empty, folder)
    app = Flask("shop")
    bridge = CheckoutBridge(app, data_dir=folder, shopify_secret=SECRET)
    yield Store(app, bridge)
    bridge.close()


def each_told_twice(events: Sequence[str], chance: Random) -> list[tuple[str, str]]:
    """Events with their delivery ids, and later on a duplicate of each: sent again, or by a second subscription."""
    told = [(event, event) for event in events]
    for event in events:
        where = chance.randint(told.index((event, event)) + 1, len(told))
        told.insert(where, (event, chance.choice([event, f"{event} again"])))
    return told


def lead(store: Store, events: Sequence[str], stack: Sequence[str]) -> dict[str, Any]:
    """Tell events, each twice, of a new order, which must end given back, once, with the engine as it was before."""
    told = each_told_twice(events, Random(" ".join(events)))
    order = store.order(stack)
    before = order.upstream()
    for event, event_id in told:
        store.tell(order, event, event_id)
    # Each delivery takes up a few that were left open: one more must be enough for all of them.
    store.tell(order, "another", "another")
    came_of = store.came_of(order)
    assert came_of["state"] == "unwound", told
    card = order.codes[-1]
    debits = [one["amount"] for one in came_of["applied"] if one["code"] == card]
    back = [one["amount"] for one in came_of["given_back"] if one["code"] == card]
    assert sum(back) == sum(debits), told
    assert [one["amount"] for one in came_of["given_back"]].count(None) == len(came_of["applied"]) - len(debits), told
    assert order.upstream() == before, told
    return came_of


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
@pytest.mark.parametrize("first", EVENTS)
def test_in_whatever_order_an_orders_events_come_it_ends_unwound_and_gives_back_once(
    first: str, stack: tuple[str, ...], store: Store
) -> None:
    ends = [lead(store, events, stack) for events in permutations(EVENTS) if events[0] == first]

    assert store.bridge.runtime.doors.flow.sweep() == []
    assert store.statuses() <= {"processed", "ignored"}
    never_redeemed = sum(not end["applied"] for end in ends)
    assert (never_redeemed > 0) == (first != "paid"), "a cancellation overtook it"
    in_parts = sum(len(end["given_back"]) > len(end["applied"]) for end in ends)
    assert (in_parts > 0) == (first != "cancel")


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
def test_no_refund_is_lost_when_nobody_cancels_and_all_of_them_are_the_whole_order(
    stack: tuple[str, ...], store: Store
) -> None:
    for events in permutations([event for event in EVENTS if event != "cancel"]):
        end = lead(store, events, stack)
        refunds = [refund["refund_id"][-1] for refund in end["refunds"]]
        assert sorted(refunds) == ["1", "2", "3"], events
    assert store.statuses() <= {"processed", "ignored"}
