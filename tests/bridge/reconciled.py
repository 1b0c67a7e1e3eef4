"""Worlds in which something happens behind the bridge's back, and what reconciling makes of it."""

from __future__ import annotations

import copy
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge.bridge.differences import Finding

from . import worlds
from .hosted import HostedApi, Refusal
from .worlds import SHOP, World

LINES = [(3, 334), (1, 500)]
LOST = "chk_" + "a" * 24
KINDS = ("engine", "engine on postgresql", "hosted")
OpenWorld = Callable[[str], World]


class ListedApi(HostedApi):
    """Keeps the metadata of orders, and lists redemptions as the contract says: 100 a page at most."""

    def _answer(self, method: str, parts: list[str], body: dict[str, Any], query: dict[str, list[str]]) -> Any:
        if (method, parts) == ("GET", ["redemptions"]):
            return self._listed(query)
        if (method, parts[0]) == ("GET", "redemptions"):
            (found,) = (part for stack in self.stacks.values() for part in stack if part["id"] == parts[1])
            return found
        if method in ("GET", "PUT") and parts[0] == "orders" and parts[1] not in self.orders:
            raise Refusal(404, "not_found")
        before = dict((self.orders.get((body.get("order") or {}).get("source_id", "")) or {}).get("redemptions") or {})
        answer = super()._answer(method, parts, body, query)
        if (method, parts) == ("POST", ["redemptions"]):
            order = self.orders[body["order"]["source_id"]]
            order["metadata"] = body["order"].get("metadata", {})
            order["redemptions"] = before | order["redemptions"]
        return answer

    def _redeem(self, body: dict[str, Any]) -> dict[str, Any]:
        """No more of a card than was asked for, and never an id twice."""
        asked = {one["id"]: one["gift"]["credits"] for one in body["redeemables"] if "gift" in one}
        spare = {code: max(0, self.cards[code] - credits) for code, credits in asked.items()}
        for code, credits in spare.items():
            self.cards[code] -= credits
        answer = super()._redeem(body)
        for code, credits in spare.items():
            self.cards[code] += credits
        parent_id = answer["parent_redemption"]["id"]
        for n, part in enumerate(self.stacks[parent_id]):
            part["id"] = f"r_{parent_id}_{n}"
        stacked = [part["id"] for part in self.stacks[parent_id]]
        self.orders[body["order"]["source_id"]]["redemptions"][parent_id]["stacked"] = stacked
        return answer

    def _listed(self, query: dict[str, list[str]]) -> dict[str, Any]:
        rows = [
            {
                "id": part["id"] if part else parent,
                "object": "redemption",
                "date": f"2030-01-01T00:00:{n % 60:02}.000Z",
                "result": "SUCCESS",
                "status": "ROLLED_BACK" if "rollback_id" in entry else "SUCCEEDED",
                "redemption": parent if part else None,
                "order": {name: order.get(name) for name in ("source_id", "metadata")} | (part or {}).get("order", {}),
            }
            | ({"amount": part["amount"]} if part else {})
            for n, order in enumerate(self.orders.values())
            for parent, entry in order["redemptions"].items()
            for part in (None, *self.stacks[parent])
        ]
        limit, page = int(query["limit"][0]), int(query.get("page", ["1"])[0])
        return {"redemptions": rows[(page - 1) * limit : page * limit], "total": len(rows)}


class Backup:
    """The promotions API as it was, to be put back later."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world, self._folder = world, folder
        if world.hosted_is_real:
            self._kept = {name: copy.deepcopy(value) for name, value in vars(world.hosted).items()}
        else:
            self._copy(folder / "engine.db", folder / "backup.db")

    def put_back(self) -> None:
        """What has happened since never happened, upstream."""
        if self._world.hosted_is_real:
            vars(self._world.hosted).update(self._kept)
        else:
            self._copy(self._folder / "backup.db", self._folder / "engine.db")

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)


def worlds_of(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[OpenWorld]:
    """Opens worlds of a kind of ``KINDS``, each with a coupon of 5.00 and a card of 10.01, in folders 0, 1, ..."""
    monkeypatch.setattr(worlds, "HostedApi", ListedApi)
    opened: list[World] = []

    def open_one(kind: str) -> World:
        url = request.getfixturevalue("postgres_url") if "postgresql" in kind else None
        world = World(kind.split()[0], tmp_path / str(len(opened)), empty, url)
        opened.append(world)
        world.coupon("FIVE")
        world.card("CARD", 1001)
        return world

    yield open_one
    for world in opened:
        world.close()


def compared(world: World, *, repairs: bool = False, since: str | None = None) -> list[Finding]:
    """What differs, of orders and of redemptions."""
    reconciler = world.flow.reconciler(SHOP, repairs=repairs, since=since)
    return [one for steps in (reconciler.orders(), reconciler.redemptions()) for _, found in steps for one in found]


def kinds(found: list[Finding]) -> list[tuple[str, str | None]]:
    """What was found, and what became of it."""
    return [(one.kind, one.outcome) for one in found]


def redeem(world: World, source_id: str | None, *codes: str, **metadata: str) -> str:
    """Redeem without the bridge; gives what stands then."""
    order: dict[str, Any] = {"amount": 1502, "metadata": metadata}
    if source_id:
        order["source_id"] = source_id
    request = {"redeemables": [{"object": "voucher", "id": code} for code in codes], "order": order}
    answer = world.client.redemptions.redeem_stacked_discounts(request)
    return str((answer.get("parent_redemption") or answer["redemptions"][0])["id"])


def row_of(world: World, ref: str) -> dict[str, Any]:
    """The ledger's row."""
    row = world.ledger.find(ref, *(SHOP.platform, SHOP.shop))
    assert row is not None
    return row


def roll_back(world: World, ref: str) -> None:
    """Give back without the bridge what an order stands on."""
    world.client.redemptions.rollback_stacked_redemptions(row_of(world, ref)["redemption_id"])


def status_of(world: World, ref: str) -> str:
    """What the promotions API says of the order."""
    return str(world.client.orders.get_order(row_of(world, ref)["source_id"])["status"])


def reconciled(world: World, ref: str) -> list[str]:
    """What reconciling has noted of an order."""
    return [one["detail"] for one in world.order(ref)["history"] if one["event"] == "reconciled"]
