"""Whose deliveries are accepted, and how one is told from another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from checkout_bridge.testing.platforms import Platform
from checkout_bridge.testing.samples import Sample
from checkout_bridge.testing.store import Store

HOUR = 3600.0


@pytest.fixture(autouse=True)
def _webhooks(bridge_platform: Platform) -> None:
    if not bridge_platform.sends:
        pytest.skip("verify_webhook: the platform sends no webhooks")


def _accepted(store: Store, sent: Mapping[str, tuple[Mapping[str, str], bytes]]) -> dict[str, int]:
    """The forgeries that were not answered 401; nothing of any may be kept."""
    answers = {how: store.send(*forged).status_code for how, forged in sent.items()}
    if all(status == 401 for status in answers.values()):
        assert store.kept() == [], "deliveries that were refused must not be kept"
        assert store.state == "unknown"
    return {how: status for how, status in answers.items() if status != 401}


def _altered(body: bytes) -> bytes:
    """The body with one digit or letter of it changed, in the middle."""
    places = [i for i, byte in enumerate(body) if chr(byte).isalnum()]
    place = places[len(places) // 2]
    other = b"1" if body[place : place + 1] != b"1" else b"2"
    return body[:place] + other + body[place + 1 :]


def _signing(store: Store, sample: Sample) -> set[str]:
    """The names of the headers that depend on the body: those that sign it."""
    headers, others = store.signed(sample), store.signed(replace(sample, payload=sample.body + b" "))
    return {name for name, value in headers.items() if others.get(name) != value}


Forge = Callable[[dict[str, str], dict[str, str], bytes], tuple[Mapping[str, str], bytes]]

# What a forger sends who has seen a delivery: made of its headers, those of a longer body, and its own body.
FORGERIES: Mapping[str, Forge] = {
    "altered body": lambda headers, others, body: (headers, _altered(body)),
    "truncated body": lambda headers, others, body: (headers, body[:-1]),
    "longer body": lambda headers, others, body: (headers, body + b" "),
    "no body": lambda headers, others, body: (headers, b""),
    "signature of other bytes": lambda headers, others, body: (others, body),
}


def _forged(store: Store, sample: Sample) -> dict[str, tuple[Mapping[str, str], bytes]]:
    headers, others = store.signed(sample), store.signed(replace(sample, payload=sample.body + b" "))
    return {how: forge(headers, others, sample.body) for how, forge in FORGERIES.items()}


def test_the_platforms_own_deliveries_are_accepted(store: Store, happening: str) -> None:
    sample = store.platform.named()[happening]
    assert store.send(store.signed(sample), sample.body).status_code == 200


def test_a_delivery_that_the_platform_did_not_sign_is_refused(store: Store, happening: str) -> None:
    sample = store.platform.named()[happening]
    if not _signing(store, sample):
        pytest.skip("sign: the platform signs no bodies, a fixed header says who sends")
    assert _accepted(store, _forged(store, sample)) == {}


def test_a_question_that_the_platform_did_not_sign_is_not_answered(store: Store) -> None:
    sample = store.samples.cart
    if sample is None or not store.identify(sample).asks:
        pytest.skip("prices_carts: the platform does not ask by webhook")
    if not _signing(store, sample):
        pytest.skip("sign: the platform signs no bodies, a fixed header says who sends")
    assert _accepted(store, _forged(store, sample)) == {}


def test_a_delivery_without_its_signature_is_refused(store: Store, happening: str) -> None:
    sample = store.platform.named()[happening]
    headers = store.signed(sample)
    signing = _signing(store, sample) or {name for name in headers if name.lower() != "content-type"}
    left = {name: value for name, value in headers.items() if name not in signing}

    forged = {
        "no signature": (left, sample.body),
        "empty signature": (left | dict.fromkeys(signing, ""), sample.body),
        "wrong signature": (left | dict.fromkeys(signing, "0000"), sample.body),
    }

    assert _accepted(store, forged) == {}


def test_a_delivery_is_refused_once_its_signature_is_too_old(store: Store, happening: str) -> None:
    if not store.platform.capabilities.signs_time:
        pytest.skip("signs_time: the platform signs no time")
    sample = store.platform.named()[happening]

    assert _accepted(store, {"an hour later": (store.signed(sample, age=HOUR), sample.body)}) == {}


def test_without_options_nothing_is_accepted(open_store: Callable[..., Store], happening: str) -> None:
    store = open_store({})
    if store.platform.name not in store.bridge.runtime.doors.plugins.names:
        return  # it does not start without its secret: then nothing is accepted, either
    sample = store.platform.named()[happening]

    assert store.send(store.signed(sample), sample.body).status_code == 401
    assert store.kept() == []


def test_the_same_event_has_the_same_id_whenever_it_is_sent(store: Store, happening: str) -> None:
    sample = store.platform.named()[happening]
    first, again = store.identify(sample, "event-1"), store.identify(sample, "event-1", age=30)
    assert (first.shop, first.event_id) == (again.shop, again.event_id)
    assert first.shop == store.samples.shop


def test_every_event_has_an_id_of_its_own(store: Store) -> None:
    named = store.platform.named()
    ids = {name: store.identify(sample, f"event-{name}").event_id for name, sample in named.items()}
    assert len(set(ids.values())) == len(ids), f"two events have one id: {ids}"


def test_signed_bytes_that_are_cut_off_are_answered_for_the_platforms_sake(store: Store, happening: str) -> None:
    """A platform ends its subscription when it is answered anything but 200."""
    sample = store.platform.named()[happening]
    cut = replace(sample, payload=sample.body[: len(sample.body) // 2])

    answer = store.tell(cut)

    assert answer["status"] in ("unmappable", "ignored"), f"half a body was {answer['status']}"
    assert "the plugin failed" not in str(answer.get("reason")), answer["reason"]
    assert store.state == "unknown"


def test_a_first_ping_is_answered_and_not_kept(store: Store) -> None:
    if store.samples.ping is None:
        pytest.skip("ping: the platform sends none")
    headers, body = store.samples.ping
    assert 200 <= store.send(headers, body).status_code < 300
    assert store.kept() == []
