"""Whose deliveries are accepted, how each is told from the others, and which options make sense."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Delivery
from checkout_bridge_commercetools import CommercetoolsPlugin
from checkout_bridge_commercetools.samples import PROJECT, asks, cart, message, order

from .conftest import SECRET

BODY = b"{}"


def plugin(**options: str) -> CommercetoolsPlugin:
    made = CommercetoolsPlugin()
    made.configure(options=options)
    return made


def identified(payload: Any, **options: str) -> Delivery:
    return plugin(**options).identify_webhook(headers=Headers(), body=json.dumps(payload).encode())


@pytest.mark.parametrize("name", ["Authorization", "authorization", "x-functions-key"])
def test_the_fixed_header_is_accepted(name: str) -> None:
    assert plugin(SECRET=SECRET).verify_webhook(headers=Headers({name: SECRET}), body=BODY)


@pytest.mark.parametrize("secret", ["Bearer new", "Bearer old"])
def test_while_one_secret_replaces_another_both_are_accepted(secret: str) -> None:
    headers = Headers({"Authorization": secret})
    assert plugin(SECRET="Bearer new, Bearer old").verify_webhook(headers=headers, body=BODY)


@pytest.mark.parametrize("sent", ["", "Bearer", SECRET[:-1], SECRET + "x", SECRET.lower(), SECRET[7:], "größe"])
def test_any_other_header_is_refused(sent: str) -> None:
    assert plugin(SECRET=SECRET).verify_webhook(headers=Headers({"Authorization": sent}), body=BODY) is False


def test_a_delivery_without_the_header_is_refused() -> None:
    assert plugin(SECRET=SECRET).verify_webhook(headers=Headers(), body=BODY) is False


@pytest.mark.parametrize("options", [{}, {"SECRET": ""}, {"SECRET": " , "}])
def test_without_a_secret_nothing_is_accepted_not_even_an_empty_one(options: dict[str, str]) -> None:
    assert plugin(**options).verify_webhook(headers=Headers({"Authorization": ""}), body=BODY) is False


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"SECRETS": "hush"}, "CHECKOUT_BRIDGE_COMMERCETOOLS_SECRETS is not an option"),
        ({"REFUNDS": "guesses"}, "COMMERCETOOLS_REFUNDS must be returns, transactions or both"),
        ({"API_URL": "api.europe-west1.gcp", "PROJECT_KEY": "p"}, "COMMERCETOOLS_API_URL must be an address"),
        ({"API_URL": "https://api.example"}, "COMMERCETOOLS_PROJECT_KEY must be set"),
        ({"CLIENT_ID": "me"}, "COMMERCETOOLS_API_URL must be set with"),
        (
            {"API_URL": "https://api.example", "PROJECT_KEY": "p", "CLIENT_ID": "me", "CLIENT_SECRET": "hush"},
            "COMMERCETOOLS_AUTH_URL must be set with",
        ),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options: dict[str, str], named: str) -> None:
    with pytest.raises(InvalidInput, match=named) as raised:
        plugin(**options)
    assert raised.value.key == "invalid_setting"


def test_a_message_is_known_by_its_id_its_type_and_its_project() -> None:
    sent = {"id": "m-1", "sequenceNumber": 7, **message("OrderCreated")}
    assert identified(sent, PROJECT_KEY="other") == Delivery(PROJECT, "m-1", "OrderCreated")


def test_a_message_that_names_no_project_is_of_the_one_that_is_set() -> None:
    assert identified({"id": "m-1", "type": "OrderCreated"}, PROJECT_KEY=PROJECT).shop == PROJECT
    assert identified({"id": "m-1", "type": "OrderCreated"}).shop == "unknown"


def test_a_cloud_event_is_the_message_in_it() -> None:
    sent = {"id": "m-1", **message("OrderCreated")}
    assert identified({"specversion": "1.0", "id": "ce-1", "data": sent}) == identified(sent)


def test_a_message_without_its_payload_has_the_topic_of_the_payload() -> None:
    sent = {**message(""), "id": "m-1", "payloadNotIncluded": {"reason": "too big", "payloadType": "OrderCreated"}}
    assert identified(sent).topic == "OrderCreated"


def test_a_change_is_known_by_the_version_of_its_resource() -> None:
    change = {"notificationType": "ResourceUpdated", "resource": {"typeId": "order", "id": "o-1"}, "version": 3}
    assert identified(change) == Delivery("unknown", "ResourceUpdated/order/o-1@3", "ResourceUpdated")
    assert identified({**change, "version": 4}).event_id != identified(change).event_id


def test_the_request_of_an_api_extension_asks_and_an_order_does_not() -> None:
    asking = identified(asks(cart()))
    assert (asking.topic, asking.asks) == ("cart/Update", True)
    assert identified(cart()).asks
    assert identified(order(), PROJECT_KEY=PROJECT) == Delivery(PROJECT, f"{order()['id']}@4", "Order")


def test_what_has_no_id_is_known_by_its_bytes() -> None:
    first, other = identified({"type": "OrderCreated"}), identified({"type": "OrderCreated", "order": {}})
    assert first == identified({"type": "OrderCreated"})
    assert first.event_id != other.event_id


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b"3", b'{"specversion": "1.0"}', b"\xff"])
def test_what_is_no_json_object_cannot_be_mapped(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="Payload must be"):
        plugin().identify_webhook(headers=Headers(), body=body)
