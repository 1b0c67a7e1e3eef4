"""A foreign shop whose bridge reaches a served engine through a proxy that can fail, and what is true behind it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import time_machine

from checkout_bridge import CheckoutBridge
from checkout_bridge.client import Client
from checkout_bridge.client.management import Management
from checkout_bridge.engine.app import create_engine_app, dispose
from checkout_bridge.engine.http.doors import Keys

from .conftest import TOKEN, create_foreign_shop
from .faults import ENDLESS, Fault, FaultProxy, proxied, served

KEYS = ("shop", "secret")
IN_TIME = 10.0  # seconds; a deadline that nothing meets which is answered at all
SOON = 0.5  # a deadline that only answers without end meet
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
_NUMBERS = count(1)


class Remote:
    """One shop with a ledger of its own. Codes are new each time, so that one engine serves all tests."""

    def __init__(self, folder: Path, proxy: FaultProxy, direct: Client) -> None:
        self.proxy = proxy
        self.folder = folder
        self._direct = direct
        self._opened: list[CheckoutBridge] = []
        self.shop = create_foreign_shop()

    def opened(self, outage: str = "closed", *, deadline: float = IN_TIME, **settings: Any) -> CheckoutBridge:
        """One more process of the shop; its views are those of ``shop``."""
        self.shop = create_foreign_shop()
        keys = {"api_app_id": KEYS[0], "api_app_token": KEYS[1], "token": TOKEN}
        settings = {"breaker_failures": 1000, **keys, **settings}
        bridge = CheckoutBridge(
            self.shop, data_dir=self.folder, api_url=self.proxy.url, outage=outage, deadline=deadline, **settings
        )
        self._opened.append(bridge)
        return bridge

    def close(self) -> None:
        """Close what was opened."""
        for bridge in self._opened:
            bridge.close()

    def coupon(self, quantity: int | None = 1) -> str:
        """A code for 5.00 off, so many times."""
        code = f"COUPON-{next(_NUMBERS)}"
        voucher = {"discount": {"type": "AMOUNT", "amount_off": 500}, "redemption": {"quantity": quantity}}
        self._direct.vouchers.create_voucher(code, voucher)
        return code

    def card(self) -> str:
        """A gift card of 50.00."""
        code = f"CARD-{next(_NUMBERS)}"
        self._direct.vouchers.create_voucher(code, {"type": "GIFT_VOUCHER", "gift": {"amount": 5000}})
        return code

    def disable(self, code: str) -> None:
        """The merchant ends it."""
        self._direct.vouchers.disable_voucher(code)

    def change(self, code: str, off: int) -> None:
        """The merchant makes it worth something else, in minor units."""
        self._direct.vouchers.update_voucher(code, {"discount": {"type": "AMOUNT", "amount_off": off}})

    def redeem_in_part(self) -> None:
        """From now on what applies is redeemed there though something else does not."""
        base = self._direct.transport.base_url
        with Management(base, *KEYS, project="shop", deadline=IN_TIME) as management:
            management.create_stacking_rules({"redeemables_application_mode": "PARTIAL"})

    def redeem(self, code: str, source_id: str) -> None:
        """A redemption arrives there after all."""
        order = {"source_id": source_id, "amount": 3000}
        self._direct.redemptions.redeem_stacked_discounts(
            {"redeemables": [{"object": "voucher", "id": code}], "order": order}
        )

    def wait_until_used(self, code: str) -> None:
        """Until the engine has done what it was asked for, or some seconds have passed."""
        for _ in range(100):
            if self.used(code):
                return
            time.sleep(0.05)

    def used(self, code: str) -> int:
        """How often a code counts as used, or how many minor units a card has spent; whatever the proxy does."""
        voucher = self._direct.vouchers.get_voucher(code)
        if "gift" in voucher:
            return 5000 - int(voucher["gift"]["balance"])
        return int(voucher["redemption"]["redeemed_quantity"])

    def paid_upstream(self, source_id: str) -> str:
        """The status of an order there."""
        return str(self._direct.orders.get_order(source_id)["status"])

    def states(self) -> list[str]:
        """The states of all orders in the ledger, newest first."""
        return [row["state"] for row in self._opened[-1].runtime.doors.ledger.newest(limit=100)]

    def settled(self) -> None:
        """The proxy is mended, and sweeps come by, the last one when nothing is left that has to be waited for."""
        self.proxy.mend()
        flow = self._opened[-1].runtime.doors.flow
        for later in (timedelta(minutes=1), timedelta(minutes=40)):
            with after(later):
                flow.sweep()


def after(later: timedelta) -> time_machine.travel:
    """The time moved on."""
    return time_machine.travel(datetime.now(UTC) + later)


def deadline_for(fault: Fault) -> float:
    """Short where only the deadline ends a call."""
    return SOON if fault.kind in ENDLESS else IN_TIME


def cart(*codes: str, cards: tuple[str, ...] = (), **changed: Any) -> dict[str, Any]:
    """30.00 EUR of a customer that the shop knows."""
    return {
        "currency": "EUR",
        "items": [{"id": "mug", "sku": "MUG", "name": "Mug", "quantity": 2, "unit_price": "15.00"}],
        "customer": {"id": "c-1", "email": "ada@example.com"},
        "codes": list(codes),
        "gift_cards": [{"code": code} for code in cards],
        **changed,
    }


@contextmanager
def served_engine(folder: Path) -> Iterator[int]:
    """An engine with nothing in it; gives its port."""
    app = create_engine_app(f"sqlite:///{folder}/engine.db", *KEYS, management=Keys(*KEYS))
    try:
        with served(app) as port:
            yield port
    finally:
        dispose(app)


@contextmanager
def remote_shop(port: int, folder: Path) -> Iterator[Remote]:
    """A shop and a proxy in front of the engine at this port."""
    with proxied(port) as proxy, Client(f"http://127.0.0.1:{port}", *KEYS) as direct:
        remote = Remote(folder, proxy, direct)
        try:
            yield remote
        finally:
            remote.close()
