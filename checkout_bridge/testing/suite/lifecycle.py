"""The life of one order: whatever comes twice, late or out of order, everything ends where it should."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import permutations

import pytest

from checkout_bridge.bridge.identity import Source
from checkout_bridge.events import Cart, Refund
from checkout_bridge.testing.platforms import Platform
from checkout_bridge.testing.store import Standing, Store

MOST_ORDERS = 6  # of arrival, of each set of deliveries
KINDS = ("coupon", "gift card")  # what the order's code is
OpenStore = Callable[..., Store]


def _webhooks(platform: Platform) -> None:
    if not platform.sends:
        pytest.skip("verify_webhook: the platform sends no webhooks")


def _ends(platform: Platform, ending: str) -> list[str]:
    """The names of what happens to the order until it ends so."""
    named = platform.named()
    if ending not in (*named, "partly refunded"):
        pytest.skip(f"{ending}: the platform does not tell it")
    refunds = [name for name in named if name.startswith("refund")]
    if ending == "partly refunded" and not refunds:
        pytest.skip("refunds: the platform tells none of parts")
    return ["paid", *refunds, *([ending] if ending in named else [])]


def _stock(store: Store, kind: str) -> Standing:
    """The vouchers of the samples' order, unused."""
    cart, code, card = store.samples.expected_cart, store.samples.code, store.samples.gift_card
    assert cart is not None
    if kind == "coupon":
        store.coupon(code, type="AMOUNT", amount_off=cart.total // 10 or 1)
    else:
        store.gift_card(code, cart.total // 3 if card else cart.total * 2)
    if card and card != code:
        store.gift_card(card, cart.total * 2)
    for other in cart.codes:
        if other not in (code, card):
            store.coupon(other, type="AMOUNT", amount_off=1)
    return store.standing()


def _tell(store: Store, name: str, event_id: str | None = None) -> dict[str, object]:
    answer: dict[str, object] = store.tell(store.platform.named()[name], event_id or f"event-{name}")
    return answer


def _tell_all(store: Store, names: Sequence[str]) -> Standing:
    for name in names:
        answer = _tell(store, name)
        assert answer["status"] == "processed", f"{name} was {answer}"
    return store.standing()


def _is_back(now: Standing, before: Standing) -> bool:
    return (now.used, now.balances) == (before.used, before.balances)


@pytest.mark.parametrize("kind", KINDS)
def test_a_paid_order_is_redeemed_once(store: Store, kind: str) -> None:
    _webhooks(store.platform)
    before = _stock(store, kind)

    paid = _tell_all(store, ["paid"])
    again = [_tell(store, "paid"), _tell(store, "paid", "event-of-another-subscription")]

    assert paid.state == "confirmed"
    assert all(times == 1 for times in paid.used.values()), f"used: {paid.used}"
    assert all(paid.balances[code] < credits for code, credits in before.balances.items()), f"cards: {paid.balances}"
    assert [answer["status"] for answer in again] == ["processed", "processed"]
    assert store.standing() == paid, "what came twice was done twice"


def test_an_order_whose_code_does_not_exist_is_refused(store: Store) -> None:
    _webhooks(store.platform)
    answer = _tell(store, "paid")
    assert answer["status"] == "refused", f"an order with an unknown code was {answer}"
    assert store.samples.code in str(answer["reason"])


@pytest.mark.parametrize("ending", ["cancelled", "rest"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_order_that_does_not_stand_gives_everything_back(store: Store, kind: str, ending: str) -> None:
    _webhooks(store.platform)
    names = _ends(store.platform, ending)
    before = _stock(store, kind)

    now = _tell_all(store, names)

    assert now.state == "unwound", f"after {ending} the order is {now.state}"
    assert _is_back(now, before), f"before {before}, after {now}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_cancelled_order_gives_everything_back_at_once(store: Store, kind: str) -> None:
    _webhooks(store.platform)
    before = _stock(store, kind)

    now = _tell_all(store, ["paid", "cancelled"])

    assert now.state == "unwound"
    assert _is_back(now, before), f"before {before}, after {now}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_code_can_be_used_again_by_the_next_order(store: Store, kind: str) -> None:
    _webhooks(store.platform)
    _stock(store, kind)
    _tell_all(store, ["paid", "cancelled"])
    assert store.samples.expected_cart is not None

    next_one = store.bridge.checkout(store.samples.expected_cart, "the-next-order", shop="another")

    assert next_one["state"] == "confirmed"


@pytest.mark.parametrize("kind", KINDS)
def test_partial_refunds_credit_gift_cards_with_exactly_their_share(open_store: OpenStore, kind: str) -> None:
    """The same refunds through the Python door, each once, are what the deliveries must come to."""
    store, other = open_store(), open_store()
    _webhooks(store.platform)
    names = _ends(store.platform, "partly refunded")
    _stock(store, kind)
    _stock(other, kind)
    assert store.samples.expected_cart is not None

    now = _tell_all(store, names)

    source = Source(store.platform.name, store.samples.shop)
    flow = other.bridge.runtime.doors.flow
    flow.checkout(store.samples.expected_cart, source, store.samples.order_ref)
    events = [event for name in names for event in store.events(store.platform.named()[name])]
    for refund in {event.refund_id: event for event in events if isinstance(event, Refund)}.values():
        flow.refund(refund.order_ref, source, refund_id=refund.refund_id, lines=refund.lines, amount=refund.amount)
    assert now == other.standing()
    assert now.state == "confirmed", f"parts were refunded, and the order is {now.state}"


def _arrivals(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Some of the orders in which they can arrive, the last one the other way round."""
    every = list(permutations(names))
    step = max(1, len(every) // (MOST_ORDERS - 1))
    return [*every[1::step][: MOST_ORDERS - 1], every[-1]]


@pytest.mark.parametrize("ending", ["partly refunded", "rest", "cancelled"])
def test_whatever_the_order_of_arrival_the_end_is_the_same(open_store: OpenStore, ending: str) -> None:
    """Each is told twice, by two subscriptions, in another order; then once more in its own."""
    _webhooks(open_store().platform)
    names = _ends(open_store().platform, ending)
    kind = "gift card" if ending == "partly refunded" else "coupon"
    plain = open_store()
    _stock(plain, kind)
    expected = _tell_all(plain, names)

    ends = {}
    for arrival in _arrivals(names):
        store = open_store()
        _stock(store, kind)
        for name in arrival:
            _tell(store, name)
            _tell(store, name, f"event-{name}-of-another-subscription")
        for name in names:
            _tell(store, name)
        ends[arrival] = store.standing()

    assert {arrival: end for arrival, end in ends.items() if end != expected} == {}, f"expected {expected}"


@pytest.mark.parametrize("trouble", ["down", "not there yet"])
def test_what_cannot_be_fetched_is_tried_again(store: Store, trouble: str) -> None:
    if not store.platform.capabilities.fetches:
        pytest.skip("fetches: the platform's deliveries have all that is needed")
    _stock(store, "coupon")
    assert store.api is not None
    answers, store.api.answers = store.api.answers, {} if trouble == "not there yet" else store.api.answers
    store.api.down = trouble == "down"

    missed = _tell(store, "paid")
    if not store.api.asked:
        pytest.skip("fetches: the paid order is told in full")
    assert (missed["status"], [row["status"] for row in store.kept()]) == ("refused", [None]), f"it was {missed}"

    store.api.answers, store.api.down = answers, False
    assert _tell(store, "paid")["status"] == "processed"
    assert set(store.standing().used.values()) == {1}


def _cart(store: Store) -> Cart:
    cart: Cart = store.hooks.parse_cart(payload=json.loads(store.samples.cart.body if store.samples.cart else b"{}"))
    return cart


def test_a_cart_at_the_doors_is_redeemed_and_given_back(store: Store) -> None:
    if "parse_cart" not in store.platform.hooks or store.samples.cart is None:
        pytest.skip("parse_cart: the doors take no carts of the platform")
    cart = _cart(store)
    store.coupon(store.samples.code, type="PERCENT", percent_off=10)
    for card in {card.code for card in cart.gift_cards} | set(cart.codes) - {store.samples.code}:
        store.gift_card(card, cart.total)
    before = store.standing()
    whose = {"platform": store.platform.name, "shop": store.samples.shop}
    told = json.dumps({**whose, "order_ref": "contract-1"}).encode()[1:]

    placed = store.post("/bridge/checkout", b'{"cart": ' + store.samples.cart.body + b", " + told)
    used = store.standing().used[store.samples.code]
    store.post("/bridge/orders/contract-1/cancel", json.dumps(whose).encode())

    assert (placed["state"], used) == ("confirmed", 1)
    assert _is_back(store.standing(), before)
