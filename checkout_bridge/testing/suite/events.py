"""What the samples map to: the events themselves, money to the last minor unit."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Cancellation, Checkout, Delivery, Refund
from checkout_bridge.testing.platforms import Platform
from checkout_bridge.testing.store import Store

_OF_WEBHOOKS = ("sign", "order_ref", "code", "paid", "expected_cart", "cancelled")
_OF_CARTS = ("code", "cart", "cart_total", "total_after")


def test_the_samples_have_what_the_platform_claims(bridge_platform: Platform) -> None:
    claims = bridge_platform.capabilities
    needed = [
        *(_OF_WEBHOOKS if bridge_platform.sends else ()),
        *(_OF_CARTS if claims.prices_carts or "write_back" in bridge_platform.hooks else ()),
        *(("gift_card",) if claims.gift_cards else ()),
        *(("refunds",) if claims.refund_lines and bridge_platform.sends else ()),
        *(("api",) if claims.fetches else ()),
    ]
    samples = bridge_platform.samples
    assert [name for name in needed if getattr(samples, name) in (None, "", (), [], {})] == []


def test_the_platform_says_what_it_can(bridge_platform: Platform) -> None:
    assert "capabilities" in bridge_platform.hooks, "the hook `capabilities` is left out"


def _webhooks(store: Store) -> None:
    if not store.platform.sends:
        pytest.skip("verify_webhook: the platform sends no webhooks")


def _floats(value: Any) -> list[float]:
    """Every float in a value: money is never one."""
    if isinstance(value, float):
        return [value]
    if is_dataclass(value):
        return [one for field in fields(value) for one in _floats(getattr(value, field.name))]
    return [one for part in value for one in _floats(part)] if isinstance(value, tuple | list) else []


def _refunds(store: Store, name: str) -> list[Refund]:
    return [event for event in store.events(store.platform.named()[name]) if isinstance(event, Refund)]


def test_the_paid_order_is_its_checkout_to_the_last_minor_unit(store: Store) -> None:
    _webhooks(store)
    assert store.samples.paid is not None
    assert store.samples.expected_cart is not None
    assert store.events(store.samples.paid) == (Checkout(store.samples.order_ref, store.samples.expected_cart),)


def test_the_paid_order_was_paid_with_the_code_and_the_gift_card(store: Store) -> None:
    _webhooks(store)
    assert store.samples.expected_cart is not None
    cart = store.samples.expected_cart
    assert store.samples.code in cart.codes
    if store.samples.gift_card is None:
        pytest.skip("gift_card: the platform's orders carry none")
    assert store.samples.gift_card in (*cart.codes, *(card.code for card in cart.gift_cards))


def test_an_exported_order_maps_without_headers(store: Store) -> None:
    topic = store.platform.capabilities.order_topic
    if topic is None or not store.platform.sends:
        pytest.skip("order_topic: the platform's exported orders are not read")
    paid = store.samples.paid
    if paid is None or paid.topic != topic:
        pytest.skip("order_topic: the sample of the paid order is not in the form of an exported one")
    event = store.hooks.event_of(delivery=Delivery(store.samples.shop, "import-1", topic), body=paid.body)
    assert store.samples.expected_cart is not None
    expected = Checkout(store.samples.order_ref, store.samples.expected_cart)
    assert event in (expected, (expected,))


def test_a_cancelled_order_is_a_cancellation(store: Store) -> None:
    _webhooks(store)
    assert store.samples.cancelled is not None
    told = [event for event in store.events(store.samples.cancelled) if isinstance(event, Cancellation)]
    assert [event.order_ref for event in told] == [store.samples.order_ref]


def test_every_refund_has_an_id_of_its_own_that_stays(store: Store) -> None:
    _webhooks(store)
    names = [name for name in store.platform.named() if name == "rest" or name.startswith("refund")]
    if not names:
        pytest.skip("refunds: the platform tells none")
    seen: set[str] = set()
    for name in names:
        refunds = _refunds(store, name)
        assert refunds, f"{name} maps to no Refund"
        assert {refund.order_ref for refund in refunds} == {store.samples.order_ref}
        assert refunds == _refunds(store, name), f"{name} maps to another event the second time"
        seen |= {refund.refund_id for refund in refunds}
    assert len(seen) >= len(names), f"{len(names)} refunds have only the ids {sorted(seen)}"


def test_the_refunds_and_the_rest_are_the_whole_order(store: Store) -> None:
    _webhooks(store)
    if not store.platform.capabilities.refund_lines:
        pytest.skip("refund_lines: the platform's refunds name no lines")
    if store.samples.rest is None:
        pytest.skip("rest: the platform tells no refund that completes an order")
    told = {one.refund_id: one for name in store.platform.named() if name != "paid" for one in _refunds(store, name)}
    if any(refund.lines is None for refund in told.values()):
        return  # one of them is the whole of what is left, in so many words
    assert store.samples.expected_cart is not None
    pieces: Counter[str] = Counter()
    for refund in told.values():
        pieces.update({line.line_id: line.quantity for line in refund.lines or ()})
    assert dict(pieces) == {line.line_id: line.quantity for line in store.samples.expected_cart.lines}


def test_no_amount_and_no_quantity_is_a_float(store: Store, happening: str) -> None:
    assert _floats(store.events(store.platform.named()[happening])) == []


def test_a_further_sample_maps_to_its_event(store: Store, further: int) -> None:
    sample, event = store.samples.expected[further]
    if event is None:
        with pytest.raises(InvalidInput) as refusal:
            store.events(sample)
        assert refusal.value.details, "a refusal names the field"
        if store.platform.sends:
            assert store.tell(sample)["status"] == "unmappable"
    else:
        assert store.events(sample) == (event,)
        assert _floats(event) == []
