"""A promotions API that keeps everything and protects from nothing: it knows no idempotency keys and no source ids."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter


class Refusal(Exception):
    """Its answer is an error."""

    def __init__(self, status: int, key: str) -> None:
        super().__init__(key)
        self.status, self.key = status, key


class HostedApi(BaseAdapter):
    """Coupons take 5.00 off, cards pay as much as they have. What is asked twice is done twice, but for rollbacks."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: dict[str, int] = {}
        self.used: Counter[str] = Counter()
        self.movements: dict[str, list[dict[str, Any]]] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.stacks: dict[str, list[dict[str, Any]]] = {}
        self.gone: set[str] = set()
        self.refused_key: str | None = None

    def add_card(self, code: str, credits: int) -> None:
        """Make a gift card."""
        self.cards[code] = credits
        self.movements[code] = []

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        url = urlsplit(str(request.url))
        parts = [unquote(part) for part in url.path.split("/")[2:]]
        body = json.loads(request.body) if request.body else {}
        answer = Response()
        try:
            told = self._answer(str(request.method), parts, body, parse_qs(url.query))
            answer.status_code = 200
        except Refusal as refusal:
            told = {"code": refusal.status, "key": refusal.key, "message": "No", "details": refusal.key}
            answer.status_code = refusal.status
        answer._content = json.dumps(told).encode()
        return answer

    def close(self) -> None:
        """Nothing is open."""

    def _answer(self, method: str, parts: list[str], body: dict[str, Any], query: dict[str, list[str]]) -> Any:
        match (method, *parts):
            case ("POST", "redemptions"):
                return self._redeem(body)
            case ("POST", "redemptions", redemption_id, "rollbacks"):
                return self._roll_back(redemption_id)
            case ("POST", "orders"):
                self.orders[body["source_id"]] = {**body, "redemptions": {}}
                return self.orders[body["source_id"]]
            case ("GET", "orders", source_id):
                return self.orders[source_id]
            case ("PUT", "orders", source_id):
                self.orders[source_id] |= body
                return self.orders[source_id]
            case ("POST", "vouchers", code, "balance"):
                return self._move(code, body)
            case ("GET", "vouchers", code, "transactions"):
                return self._list(code, query)
        raise Refusal(404, "not_found")

    def _redeem(self, body: dict[str, Any]) -> dict[str, Any]:
        order, redemptions = body["order"], []
        left = order["amount"]
        for redeemable in body["redeemables"]:
            code = redeemable["id"]
            applied = min(self.cards.get(code, 500), left)
            left -= applied
            part = {"id": f"r_{sum(self.used.values())}", "order": {"total_applied_discount_amount": applied}}
            kind = "GIFT_VOUCHER" if code in self.cards else "DISCOUNT_VOUCHER"
            redemptions.append(part | {"amount": applied, "voucher": {"code": code, "type": kind}})
            self.used[code] += 1
            self._credit(code, -applied, None)
        parent_id = f"p_{len(self.stacks)}"
        self.stacks[parent_id] = redemptions
        entry = {"stacked": [part["id"] for part in redemptions]}
        self.orders[order["source_id"]] = {
            "source_id": order["source_id"],
            "status": "PAID",
            "total_amount": left,
            "redemptions": {parent_id: entry},
        }
        return {
            "redemptions": redemptions,
            "parent_redemption": {"id": parent_id},
            "order": {"total_amount": left},
        }

    def _roll_back(self, parent_id: str) -> dict[str, Any]:
        if self.refused_key:
            raise Refusal(400, self.refused_key)
        (order,) = (order for order in self.orders.values() if parent_id in order["redemptions"])
        entry = order["redemptions"][parent_id]
        if "rollback_id" in entry:
            raise Refusal(400, "already_rolled_back")
        for part in self.stacks[parent_id]:
            self.used[part["voucher"]["code"]] -= 1
            self._credit(part["voucher"]["code"], part["amount"], None)
        ids = [f"rr_{part['id']}" for part in self.stacks[parent_id]]
        entry |= {"rollback_id": f"rr_{parent_id}", "rollback_stacked": ids}
        order["status"] = "CANCELED"
        rollbacks = zip(ids, self.stacks[parent_id], strict=True)
        return {"rollbacks": [{"id": id, "redemption": part["id"]} for id, part in rollbacks]}

    def _move(self, code: str, body: dict[str, Any]) -> dict[str, Any]:
        if code in self.gone or code not in self.cards:
            raise Refusal(404, "not_found")
        if self.cards[code] + body["amount"] < 0:
            raise Refusal(400, "gift_amount_exceeded")
        self._credit(code, body["amount"], body["source_id"])
        return {"amount": body["amount"], "balance": self.cards[code]}

    def _credit(self, code: str, amount: int, source_id: str | None) -> None:
        if code in self.cards:
            self.cards[code] += amount
            self.movements[code].insert(0, {"id": f"vtx_{len(self.movements[code])}", "source_id": source_id})

    def _list(self, code: str, query: dict[str, list[str]]) -> dict[str, Any]:
        if code in self.gone:
            raise Refusal(404, "not_found")
        rows, limit = self.movements[code], int(query["limit"][0])
        after = query.get("starting_after_id", [None])[0]
        start = [row["id"] for row in rows].index(after) + 1 if after else 0
        page = rows[start : start + limit]
        more = len(rows) > start + limit
        return {"data": page, "has_more": more} | ({"more_starting_after": page[-1]["id"]} if more else {})
