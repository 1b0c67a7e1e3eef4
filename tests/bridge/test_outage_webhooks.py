"""Orders that their platform has discounted already stand, whatever the promotions API does: redeemed later, once."""

from __future__ import annotations

import json
import shutil
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from checkout_bridge import CheckoutBridge
from checkout_bridge.bridge import webhooks

from .faults import FAULTS, Fault
from .remote import Remote, after, deadline_for, remote_shop, served_engine

SECRET, STORE = "shpss_secret", "my-store.myshopify.com"
REFUSE, LOST = Fault("refuse"), Fault("cut", is_forwarded=True)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A served engine."""
    with served_engine(tmp_path_factory.mktemp("engine")) as port:
        yield port


@pytest.fixture
def remote(engine: int, empty: Path, tmp_path: Path) -> Iterator[Remote]:
    """A store whose engine can be out of reach."""
    shutil.copytree(empty, tmp_path / "data")
    with remote_shop(engine, tmp_path / "data") as remote:
        yield remote


def _opened(remote: Remote, fault: Fault) -> tuple[CheckoutBridge, FlaskClient]:
    bridge = remote.opened("closed", deadline=deadline_for(fault), shopify_secret=SECRET)
    return bridge, remote.shop.test_client()


def _tell(http: FlaskClient, event_id: str, topic: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A signed delivery; whatever came of it, the platform must see 200."""
    body = json.dumps(payload).encode()
    headers = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": STORE,
        "X-Shopify-Webhook-Id": event_id,
        "X-Shopify-Hmac-Sha256": b64encode(digest(SECRET.encode(), body, sha256)).decode(),
    }
    answer = http.post("/bridge/webhooks/shopify", data=body, headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def _paid(*codes: str) -> dict[str, Any]:
    """Two mugs, 30.00."""
    mug = {"id": 7, "product_id": 8, "sku": "MUG", "name": "Mug", "quantity": 2, "price": "15.00"}
    return {
        "id": 1,
        "currency": "EUR",
        "financial_status": "paid",
        "cancelled_at": None,
        "line_items": [mug],
        "discount_codes": [{"code": code, "amount": "5.00", "type": "fixed_amount"} for code in codes],
    }


CANCELLED = {"id": 1, "cancelled_at": "2024-04-02T09:04:18-05:00", "cancel_reason": "customer"}
REFUNDED = {
    "id": 9,
    "order_id": 1,
    "refund_line_items": [{"line_item_id": 7, "quantity": 1, "subtotal": 15.0, "total_tax": 0.0}],
    "transactions": [{"kind": "refund", "status": "success", "amount": "15.00", "currency": "EUR"}],
}


def _order(bridge: CheckoutBridge) -> dict[str, Any]:
    return bridge.order("1", platform="shopify", shop=STORE)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_an_order_during_an_outage_is_taken_and_redeemed_once_after_it(fault: Fault, remote: Remote) -> None:
    code, card = remote.coupon(), remote.card()
    bridge, http = _opened(remote, fault)
    remote.proxy.fail(fault)
    answer = _tell(http, "e-1", "orders/paid", _paid(code, card))
    assert (answer["status"], answer["state"]) == ("processed", "deferred")
    assert _order(bridge)["outage"] == "already_discounted"
    again = _tell(http, "e-1", "orders/paid", _paid(code, card))
    assert (again["status"], again["duplicate"]) == ("processed", True)
    told_twice = _tell(http, "e-2", "orders/paid", _paid(code, card))
    assert (told_twice["status"], told_twice["state"]) == ("processed", "deferred")
    remote.settled()
    order = _order(bridge)
    assert (order["state"], remote.used(code), remote.used(card)) == ("confirmed", 1, 2500)
    assert _tell(http, "e-3", "orders/paid", _paid(code, card))["state"] == "confirmed"
    assert (remote.used(code), remote.used(card)) == (1, 2500)
    assert _tell(http, "e-4", "orders/cancelled", CANCELLED)["state"] == "unwound"
    assert (remote.used(code), remote.used(card)) == (0, 0)


@pytest.mark.parametrize("fault", [REFUSE, LOST], ids=str)
def test_an_order_cancelled_before_it_was_redeemed_is_not_redeemed_any_more(fault: Fault, remote: Remote) -> None:
    code, card = remote.coupon(), remote.card()
    bridge, http = _opened(remote, fault)
    remote.proxy.fail(fault)
    _tell(http, "e-1", "orders/paid", _paid(code, card))
    for event_id in ("e-2", "e-2", "e-3"):
        assert _tell(http, event_id, "orders/cancelled", CANCELLED)["status"] == "processed"
    assert _order(bridge)["state"] == "unwound"
    remote.settled()
    assert _tell(http, "e-4", "orders/paid", _paid(code, card))["status"] == "ignored"
    assert (_order(bridge)["state"], remote.used(code), remote.used(card)) == ("unwound", 0, 0)


@pytest.mark.parametrize("fault", [REFUSE, LOST], ids=str)
def test_a_refund_before_it_was_redeemed_is_taken_up_after_it(fault: Fault, remote: Remote) -> None:
    code, card = remote.coupon(), remote.card()
    bridge, http = _opened(remote, fault)
    remote.proxy.fail(fault)
    _tell(http, "e-1", "orders/paid", _paid(code, card))
    assert _tell(http, "e-2", "refunds/create", REFUNDED)["status"] == "refused"
    remote.settled()
    assert (remote.used(code), remote.used(card)) == (1, 2500)
    for _ in range(2):
        webhooks.take_up_open(bridge.runtime.doors, limit=100)
    assert remote.used(card) == 1250
    assert _tell(http, "e-3", "refunds/create", REFUNDED)["status"] == "processed"
    assert remote.used(card) == 1250


def test_an_order_whose_codes_are_refused_after_the_outage_waits_for_a_person(remote: Remote) -> None:
    code = remote.coupon()
    bridge, http = _opened(remote, REFUSE)
    remote.proxy.fail(REFUSE)
    _tell(http, "e-1", "orders/paid", _paid(code))
    remote.disable(code)
    remote.settled()
    order = _order(bridge)
    assert (order["state"], [one["code"] for one in order["rejected"]]) == ("review", [code])
    assert order["reason"]


def test_an_order_that_comes_again_after_the_outage_and_before_a_sweep_is_redeemed_once(remote: Remote) -> None:
    code = remote.coupon()
    bridge, http = _opened(remote, LOST)
    remote.proxy.fail(LOST)
    _tell(http, "e-1", "orders/paid", _paid(code))
    remote.proxy.mend()
    for event_id, minutes in (("e-2", 0), ("e-3", 2)):
        with after(timedelta(minutes=minutes)):
            _tell(http, event_id, "orders/paid", _paid(code))
    remote.settled()
    assert (_order(bridge)["state"], remote.used(code)) == ("confirmed", 1)
