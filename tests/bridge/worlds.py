"""The life of orders over a ledger and a promotions API, in which a process can be killed at any boundary."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from checkout_bridge import Cart, GiftCard, Line
from checkout_bridge.bridge.flow import Flow
from checkout_bridge.bridge.identity import Source
from checkout_bridge.bridge.ledger.store import Ledger
from checkout_bridge.client import Client
from checkout_bridge.client.inprocess import BASE_URL, InProcessAdapter
from checkout_bridge.engine.app import create_engine_app, dispose
from checkout_bridge.events import RefundLine
from checkout_bridge.http import DeadlineSession

from .hosted import HostedApi

SHOP = Source("generic", "default")
BACKENDS = ("engine", "hosted")


MakeWorld = Callable[[str], "World"]


def some_of(boundaries: int) -> range:
    """Every fifth boundary, from another one on for each life; all of them with ``CHECKOUT_BRIDGE_CRASHES=all``."""
    if os.environ.get("CHECKOUT_BRIDGE_CRASHES") == "all":
        return range(1, boundaries + 1)
    return range(1 + boundaries % 5, boundaries + 1, 5)


class Killed(BaseException):
    """The process ends here."""


class Boundary(BaseAdapter):
    """The wire, and the clock that every change of the ledger asks before it is committed."""

    def __init__(self, real: BaseAdapter) -> None:
        super().__init__()
        self._real = real
        self.time = datetime(2030, 1, 1, tzinfo=UTC)
        self.crossed = 0
        self.kill_at: int | None = None
        self.kill_after: str | None = None

    def now(self) -> datetime:
        """The ledger's clock."""
        self._cross()
        return self.time

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        self._cross()
        answer = self._real.send(request, *args, **kwargs)
        self._cross()
        if self.kill_after and request.path_url.endswith(self.kill_after):
            raise Killed
        return answer

    def close(self) -> None:
        self._real.close()

    def _cross(self) -> None:
        self.crossed += 1
        if self.crossed == self.kill_at:
            raise Killed


class World:
    """One shop, one ledger, one promotions API; ``kind`` is that of ``BACKENDS``."""

    def __init__(self, kind: str, folder: Path, stocked: Path, ledger_url: str | None = None) -> None:
        shutil.copytree(stocked, folder)
        self._ledger_url = ledger_url or f"sqlite:///{folder}/ledger.db"
        self._app: Flask | None = None
        self.hosted = HostedApi()
        self.hosted_is_real = kind == "hosted"
        if kind == "engine":
            self._app = create_engine_app(f"sqlite:///{folder}/engine.db", "id", "token")
            self.boundary = Boundary(InProcessAdapter(self._app))
        else:
            self.boundary = Boundary(self.hosted)
        self._session = DeadlineSession()
        self._session.mount(BASE_URL, self.boundary)
        self.client = Client(BASE_URL, "id", "token", session=self._session, replay_safe=kind == "engine")
        self._open()

    def _open(self) -> None:
        self.ledger = Ledger(self._ledger_url, self.boundary.now)
        self.flow = Flow(self.ledger, self.client, lambda *_: None, deadline=8.0, quote_ttl=600.0, confirm_within=900.0)

    def close(self) -> None:
        """Close what is open."""
        self.ledger.close()
        self._session.close()
        if self._app is not None:
            dispose(self._app)

    def restart(self) -> None:
        """Another process, once what the last one sent cannot be under way any more."""
        self.ledger.close()
        self.boundary.kill_at = self.boundary.kill_after = None
        self.boundary.time += timedelta(seconds=20)
        self._open()

    def coupon(self, code: str) -> None:
        """5.00 off."""
        if self._app is not None:
            self.client.vouchers.create_voucher(code, {"discount": {"type": "AMOUNT", "amount_off": 500}})

    def card(self, code: str, credits: int) -> None:
        """A gift card."""
        self.hosted.add_card(code, credits)
        if self._app is not None:
            self.client.vouchers.create_voucher(code, {"type": "GIFT_VOUCHER", "gift": {"amount": credits}})

    def balance(self, code: str) -> int:
        """What a card holds."""
        if self._app is None:
            return self.hosted.cards[code]
        return int(self.client.vouchers.get_voucher(code)["gift"]["balance"])

    def used(self, code: str) -> int:
        """How often a coupon counts as used."""
        if self._app is None:
            return self.hosted.used[code]
        return int(self.client.vouchers.get_voucher(code)["redemption"]["redeemed_quantity"])

    def buy(
        self, ref: str, lines: list[tuple[int, int]], codes: tuple[str, ...] = (), cards: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Check out ``(quantity, unit price)``; the lines are named ``0``, ``1``, ..."""
        bought = tuple(Line(str(i), quantity, price, sku=f"S{i}") for i, (quantity, price) in enumerate(lines))
        cart = Cart("EUR", bought, codes=codes, gift_cards=tuple(GiftCard(code) for code in cards))
        return self.flow.checkout(cart, SHOP, ref)

    def refund(
        self, ref: str, refund_id: str, lines: dict[str, int] | None = None, amount: int | None = None
    ) -> dict[str, Any]:
        """Refund so many pieces of lines, or an amount."""
        return self.flow.refund(ref, SHOP, refund_id=refund_id, lines=_lines(lines), amount=amount)

    def preview(self, ref: str, lines: dict[str, int] | None = None, amount: int | None = None) -> list[Any]:
        """What the same refund would give back: code and amount."""
        told = self.flow.preview_refund(ref, SHOP, lines=_lines(lines), amount=amount)["given_back"]
        return [(one["code"], one["amount"]) for one in told]

    def order(self, ref: str) -> dict[str, Any]:
        """Everything that the ledger knows of an order."""
        return self.flow.story(ref, SHOP)

    def cancel(self, ref: str) -> dict[str, Any]:
        """Cancel the order."""
        return self.flow.cancel(ref, SHOP)


def _lines(lines: dict[str, int] | None) -> tuple[RefundLine, ...] | None:
    return None if lines is None else tuple(RefundLine(line_id, quantity) for line_id, quantity in lines.items())


def told(order: dict[str, Any]) -> list[tuple[str, int | None, str | None]]:
    """What was given back: code, amount, refund id."""
    return [(one["code"], one["amount"], one["refund_id"]) for one in order["given_back"]]
