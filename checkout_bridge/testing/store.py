"""One shop on the platform under test: a real bridge with its embedded engine, driven over HTTP with signed bytes."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from checkout_bridge.bridge.identity import Source
from checkout_bridge.bridge.ledger.model import deliveries
from checkout_bridge.bridge.shop import Headers
from checkout_bridge.database import reading
from checkout_bridge.errors import NotFound
from checkout_bridge.events import Cart, Delivery, Effects, Event
from checkout_bridge.extension import CheckoutBridge
from checkout_bridge.testing.platforms import Platform
from checkout_bridge.testing.samples import Sample
from checkout_bridge.testing.shop_api import ShopApi

TOKEN = "contract-suite"  # noqa: S105 -- of a bridge that lives as long as one test
# Whatever the surroundings have set up, the suite works on databases of its own.
_ALONE = ("ledger_url", "engine_database_url", "api_url", "exports_dir", "queue_url")


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands after deliveries: the order's state, how often its code counts as used, what the cards hold."""

    state: str
    used: Mapping[str, int]
    balances: Mapping[str, int]


class Store:
    """Sends what the samples have, and tells what came of it. Amounts are integer minor units."""

    def __init__(self, platform: Platform, folder: Path, options: Mapping[str, str], api: ShopApi | None) -> None:
        self.platform = platform
        self.samples = platform.samples
        self.api = api
        prefix = platform.name.lower().replace("-", "_")
        own = {f"{prefix}_{name.lower()}": value for name, value in options.items()}
        app = Flask("contract_suite")
        alone = dict.fromkeys(_ALONE, "")
        self.bridge = CheckoutBridge(app, data_dir=folder, token=TOKEN, platform=platform.name, **alone, **own)
        self._http = app.test_client()

    @property
    def hooks(self) -> Any:
        """The plugin's hooks."""
        return self.bridge.runtime.doors.hooks(self.platform.name)

    def send(self, headers: Mapping[str, str], body: bytes) -> TestResponse:
        """Any bytes under any headers, at the platform's webhook address."""
        return self._http.post(f"/bridge/webhooks/{self.platform.name}", data=body, headers=dict(headers))

    def post(self, path: str, body: bytes) -> Any:
        """What a door of the bridge answers to JSON."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        response = self._http.post(path, data=body, headers=headers)
        assert response.status_code == 200, f"{path} answered {response.status_code}: {response.get_data(True)}"
        return response.get_json()

    def signed(self, sample: Sample, event_id: str = "event-1", *, age: float = 0) -> dict[str, str]:
        """The headers of a sample, signed so many seconds ago."""
        assert self.samples.sign is not None, "the samples have no `sign`, which a platform with webhooks needs"
        return dict(self.samples.sign(sample, event_id, int(time.time() - age)))

    def tell(self, sample: Sample, event_id: str = "event-1") -> Any:
        """The answer to a sample that the platform sends: whatever came of it, 200."""
        response = self.send(self.signed(sample, event_id), sample.body)
        assert response.status_code == 200, f"{sample.topic} was answered {response.status_code}, not 200"
        return json.loads(response.get_data())

    def identify(self, sample: Sample, event_id: str = "event-1", *, age: float = 0) -> Delivery:
        """The delivery that a sample is."""
        headers = Headers(self.signed(sample, event_id, age=age).items())
        delivery: Delivery | None = self.hooks.identify_webhook(headers=headers, body=sample.body)
        assert delivery is not None, f"{sample.topic}: identify_webhook gives no delivery"
        return replace(delivery, headers=headers)

    def events(self, sample: Sample, event_id: str = "event-1") -> tuple[Event, ...]:
        """What a sample maps to. Raises InvalidInput."""
        found = self.hooks.event_of(delivery=self.identify(sample, event_id), body=sample.body)
        return found if isinstance(found, tuple) else () if found is None else (found,)

    def effects(self, cart: Cart) -> Effects:
        """What applies to a cart in the engine."""
        source = Source(self.platform.name, self.samples.shop)
        return self.bridge.runtime.doors.flow.price(cart, source).effects()

    def coupon(self, code: str, **discount: Any) -> None:
        """A coupon for one use: ``type`` and what goes with it."""
        voucher = {"type": "DISCOUNT_VOUCHER", "discount": discount, "redemption": {"quantity": 1}}
        self._vouchers.create_voucher(code, voucher)

    def gift_card(self, code: str, credits: int) -> None:
        """A gift card."""
        self._vouchers.create_voucher(code, {"type": "GIFT_VOUCHER", "gift": {"amount": credits}})

    def standing(self) -> Standing:
        """What stands now."""
        used, balances = {}, {}
        for voucher in self._vouchers.list_vouchers()["vouchers"]:
            used[voucher["code"]] = int(voucher["redemption"]["redeemed_quantity"])
            if voucher["type"] == "GIFT_VOUCHER":
                balances[voucher["code"]] = int(voucher["gift"]["balance"])
        # Whether a card that got everything back counts as redeemed is the engine's own matter.
        return Standing(self.state, {code: times for code, times in used.items() if code not in balances}, balances)

    @property
    def state(self) -> str:
        """The state of the samples' order; ``unknown`` when the bridge does not know it."""
        ref, shop = self.samples.order_ref, self.samples.shop
        try:
            order = self.bridge.order(ref, platform=self.platform.name, shop=shop) if ref else {}
        except NotFound:
            order = {}
        return str(order.get("state", "unknown"))

    def kept(self) -> list[dict[str, Any]]:
        """Every delivery that the bridge has kept."""
        with reading(self.bridge.runtime.doors.ledger.database) as connection:
            return [row._asdict() for row in connection.execute(select(deliveries))]

    @property
    def _vouchers(self) -> Any:
        return self.bridge.runtime.client.vouchers


@contextmanager
def opened(
    platform: Platform,
    folder: Path,
    options: Mapping[str, str],
    api: ShopApi | None = None,
    stocked: Path | None = None,
) -> Iterator[Store]:
    """A store while it is needed, in a folder of its own; ``stocked`` is a folder to begin with."""
    if stocked is not None:
        shutil.copytree(stocked, folder)
    store = Store(platform, folder, options, api)
    try:
        yield store
    finally:
        store.bridge.close()
