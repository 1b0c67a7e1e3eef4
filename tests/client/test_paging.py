"""Walking through lists: every item comes once, and the next page is asked for only when it is needed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from checkout_bridge.client import Client
from checkout_bridge.engine.app import create_engine_app, dispose
from checkout_bridge.errors import BackendRefused

Walk = Callable[..., Iterator[dict[str, Any]]]


@pytest.fixture
def client(backend: Any) -> Iterator[Client]:
    with Client(backend.url, "id", "key") as client:
        yield client


def queries(backend: Any) -> list[dict[str, str]]:
    return [dict(parse_qsl(urlsplit(seen.target).query)) for seen in backend.seen]


def page(name: str, *ids: str, **more: Any) -> bytes:
    return json.dumps({"object": "list", "data_ref": name, name: [{"id": id} for id in ids], **more}).encode()


def test_pages_are_walked_by_number_where_there_is_no_cursor(backend: Any, client: Client) -> None:
    backend.reply(200, page("vouchers", "a", "b", total=3)).reply(200, page("vouchers", "c", total=3))

    assert [item["id"] for item in client.vouchers.iter_vouchers(limit=2, campaign="Spring")] == ["a", "b", "c"]
    told = {"limit": "2", "order": "created_at", "campaign": "Spring"}
    assert queries(backend) == [told, {**told, "page": "2"}]


def test_pages_are_walked_by_the_cursor_where_there_is_one(backend: Any, client: Client) -> None:
    first = page("orders", "a", "b", has_more=True, more_starting_after="b", total=3)
    backend.reply(200, first).reply(200, page("orders", "c", has_more=False))

    walked = client.orders.iter_orders(limit=2, page=1, order="-created_at", filters={"status": {"$is": "PAID"}})

    assert [item["id"] for item in walked] == ["a", "b", "c"]
    told = {"limit": "2", "order": "-created_at", "filters[status][$is]": "PAID"}
    assert queries(backend) == [{**told, "page": "1"}, {**told, "starting_after_id": "b"}]


@pytest.mark.parametrize("more", [{"total": 2}, {"has_more": False}])
def test_a_full_last_page_is_known_as_the_last(backend: Any, client: Client, more: dict[str, Any]) -> None:
    backend.reply(200, page("exports", "a", "b", **more))
    assert len(list(client.exports.iter_exports(limit=2))) == 2
    assert len(backend.seen) == 1


def test_without_any_word_of_the_end_the_first_short_page_is_the_last(backend: Any, client: Client) -> None:
    backend.reply(200, page("customers", "a")).reply(200, page("customers"))
    assert len(list(client.customers.iter_customers(limit=1))) == 1
    assert len(backend.seen) == 2


def test_only_what_is_taken_is_asked_for(backend: Any, client: Client) -> None:
    backend.reply(200, page("redemptions", "a", "b", total=100))
    walked = client.redemptions.iter_redemptions(limit=2)
    assert backend.seen == []
    assert [item["id"] for item in islice(walked, 2)] == ["a", "b"]
    assert len(backend.seen) == 1


def test_a_page_that_is_refused_does_not_pass_for_the_end(backend: Any, client: Client) -> None:
    backend.reply(200, page("vouchers", "a", total=9)).reply(400, b'{"key": "invalid_query_params"}')
    walked = client.vouchers.iter_vouchers(limit=1)
    assert next(walked) == {"id": "a"}
    with pytest.raises(BackendRefused):
        next(walked)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Client]:
    """A real engine with five of everything."""
    app = create_engine_app(f"sqlite:///{tmp_path}/engine.db", "id", "key")
    with Client.in_process(app, "id", "key") as client:
        for number in range(5):
            client.vouchers.create_voucher(f"V{number}", {"discount": {"type": "AMOUNT", "amount_off": 1}})
            redeemable = {"object": "voucher", "id": f"V{number}"}
            order = {"source_id": f"o{number}", "amount": 100}
            customer = {"source_id": f"c{number}"}
            client.redemptions.redeem_stacked_discounts(
                {"redeemables": [redeemable], "order": order, "customer": customer}
            )
            client.exports.create_export({"exported_object": "order"})
        yield client
    dispose(app)


WALKS: dict[str, Callable[[Client], Walk]] = {
    "orders": lambda client: client.orders.iter_orders,
    "redemptions": lambda client: client.redemptions.iter_redemptions,
    "exports": lambda client: client.exports.iter_exports,
    "vouchers": lambda client: client.vouchers.iter_vouchers,
    "customers": lambda client: client.customers.iter_customers,
}


@pytest.mark.parametrize("name", WALKS)
def test_our_engines_lists_are_walked_to_the_end(shop: Client, name: str) -> None:
    walk = WALKS[name](shop)
    whole = [item["id"] for item in walk()]

    assert len(set(whole)) == 5
    for limit in (1, 2, 5):
        assert [item["id"] for item in walk(limit=limit)] == whole
    assert sorted(item["id"] for item in walk(limit=2, order="-created_at")) == sorted(whole)


def test_what_is_created_meanwhile_doubles_nothing(shop: Client) -> None:
    names = []
    for order in shop.orders.iter_orders(limit=1):
        names.append(order["source_id"])
        if len(names) == 2:
            shop.orders.create_order({"source_id": "late", "amount": 1})

    assert names == ["o0", "o1", "o2", "o3", "o4", "late"]
