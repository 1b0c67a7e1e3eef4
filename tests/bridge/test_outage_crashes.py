"""A process that is killed at any boundary while it settles what an outage left: the next one ends where it would."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.exceptions import ConnectionError as ConnectionBroken

from checkout_bridge import Cart, GiftCard, Line
from checkout_bridge.bridge.flow import Flow
from checkout_bridge.events import Customer, Kind

from .worlds import SHOP, Killed, World, some_of

# What becomes of an order of 20.00: its state, how often its coupon counts as used, what its card of 10.01 holds, and
# what is charged.
REDEEMED, WITHOUT = ("confirmed", 1, 0, 499), ("confirmed", 0, 1001, 2000)
# What its checkout met with: the mode, and whether its redemption arrived all the same.
LIVES = {
    "honoured, lost": ("honour_quote", False, REDEEMED),
    "honoured, landed": ("honour_quote", True, REDEEMED),
    "without discount, lost": ("open_without_discount", False, WITHOUT),
    "without discount, landed": ("open_without_discount", True, WITHOUT),
    "placed, lost": ("placed", False, REDEEMED),
}


class Outage(BaseAdapter):
    """Loses redemptions, or their answers, while ``is_on``."""

    def __init__(self, real: BaseAdapter, *, lands: bool) -> None:
        super().__init__()
        self._real = real
        self._lands = lands
        self.is_on = False

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        if self.is_on and request.method == "POST" and request.path_url.endswith("/redemptions"):
            if self._lands:
                self._real.send(request, *args, **kwargs)
            raise ConnectionBroken("cut")
        return self._real.send(request, *args, **kwargs)

    def close(self) -> None:
        self._real.close()


class OutageWorld(World):
    """A world in which a mode is declared, and whose orders meet with an outage."""

    def __init__(self, life: str, folder: Path, empty: Path) -> None:
        self._mode, lands, _ = LIVES[life]
        super().__init__("engine", folder, empty)
        self._outage = self.boundary._real = Outage(self.boundary._real, lands=lands)

    def _open(self) -> None:
        super()._open()
        mode = "closed" if self._mode == "placed" else self._mode
        modes = dict.fromkeys(get_args(Kind), mode)
        spans = {"deadline": 8.0, "quote_ttl": 600.0, "confirm_within": 900.0}
        self.flow = Flow(self.ledger, self.client, lambda *_: None, outage=modes, **spans)

    def check_out(self, ref: str) -> None:
        """An order with a coupon and a card of its own, which are named after it."""
        self.coupon(f"FIVE-{ref}")
        self.card(f"CARD-{ref}", 1001)
        cards = (GiftCard(f"CARD-{ref}"),)
        cart = Cart("EUR", (Line("mug", 2, 1000),), Customer("c-1"), codes=(f"FIVE-{ref}",), gift_cards=cards)
        if self._mode == "honour_quote":
            self.flow.quote(cart, SHOP, hold=True)
        self._outage.is_on = True
        assert self.flow.checkout(cart, SHOP, ref, is_placed=self._mode == "placed")["outage"]
        self._outage.is_on = False
        self.boundary.crossed = 0

    def sweep(self) -> None:
        """Two processes, one after the other, and one much later."""
        for later in (timedelta(), timedelta(), timedelta(minutes=40)):
            kill_at = self.boundary.kill_at
            self.restart()
            self.boundary.kill_at = kill_at
            self.boundary.time += later
            self.flow.sweep()

    def came_of(self, ref: str) -> tuple[str, int, int, int]:
        """What became of an order."""
        order = self.order(ref)
        return order["state"], self.used(f"FIVE-{ref}"), self.balance(f"CARD-{ref}"), order["total"]


@pytest.mark.parametrize("life", LIVES)
def test_killed_anywhere_in_a_sweep_the_next_ends_where_it_would_have(life: str, tmp_path: Path, empty: Path) -> None:
    expected, world = LIVES[life][2], OutageWorld(life, tmp_path / "data", empty)
    with closing(world):
        world.check_out("undisturbed")
        world.sweep()
        boundaries = world.boundary.crossed
        assert world.came_of("undisturbed") == expected
        assert boundaries >= 10
        for at in some_of(boundaries):
            world.check_out(f"{at}")
            world.boundary.kill_at = at
            with pytest.raises(Killed):
                world.sweep()
            world.boundary.kill_at = None
            world.sweep()
            assert world.came_of(f"{at}") == expected, f"killed at {at} of {boundaries}"
