"""The demo without a browser: what it keeps over a restart, what it seeds, and two shoppers after one code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from .conftest import Demo

SECONDS = 20
SEEDED = {"WELCOME10", "FIVER", "EXPIRED", "GIFT50"}


class Customer:
    """Somebody with cookies of their own, who goes on shopping when the demo has moved to another port."""

    def __init__(self, demo: Demo, session: requests.Session) -> None:
        self._demo = demo
        self._session = session

    def see(self, path: str) -> requests.Response:
        return self._session.get(self._demo.url + path, timeout=SECONDS)

    def send(self, path: str, **form: str) -> requests.Response:
        """Post a form; the redirect is not followed."""
        return self._session.post(self._demo.url + path, data=form, allow_redirects=False, timeout=SECONDS)

    def fill_cart(self, *, code: str = "", gift_card: str = "") -> None:
        self.send("/cart/items", product="kettle")
        if code:
            self.send("/cart/codes", code=code)
        if gift_card:
            self.send("/cart/gift-cards", code=gift_card)

    def order(self) -> str:
        """The path of the new order's page."""
        answer = self.send("/checkout")
        assert answer.status_code == 303
        return answer.headers["Location"]


class BackOffice:
    """The engine that the demo serves beside its shop, with the keys that it keeps."""

    def __init__(self, demo: Demo) -> None:
        self._demo = demo

    def voucher(self, code: str) -> dict[str, Any]:
        return self._ask("GET", code).json()

    def delete(self, code: str) -> None:
        assert self._ask("DELETE", code).status_code == 204

    def used(self, code: str) -> int:
        return self.voucher(code)["redemption"]["redeemed_quantity"]

    def balance(self, code: str) -> int:
        """Of a gift card, in cents."""
        return self.voucher(code)["gift"]["balance"]

    def _ask(self, method: str, code: str) -> requests.Response:
        keys = json.loads((self._demo.data_dir / "demo" / "engine-keys.json").read_text())
        headers = {"X-App-Id": keys["app_id"], "X-App-Token": keys["app_token"]}
        url = f"{self._demo.url}/v1/vouchers/{code}"
        return requests.request(method, url, headers=headers, timeout=SECONDS)


@pytest.fixture
def customers(demo: Demo) -> Iterator[tuple[Customer, Customer]]:
    with requests.Session() as one, requests.Session() as other:
        yield Customer(demo, one), Customer(demo, other)


@pytest.fixture
def office(demo: Demo) -> BackOffice:
    return BackOffice(demo)


def restart(demo: Demo, *options: str) -> None:
    demo.stop()
    demo.start(*options)


def test_a_restart_keeps_orders_balances_and_carts(
    demo: Demo, customers: tuple[Customer, Customer], office: BackOffice
) -> None:
    customer, _ = customers
    customer.fill_cart(code="FIVER", gift_card="GIFT50")
    order = customer.order()
    customer.fill_cart(code="WELCOME10")
    restart(demo)

    assert "34.00" in customer.see(order).text
    assert [item["sku"] for item in customer.see("/cart.json").json()["items"]] == ["KETTLE-01"]
    assert (office.used("FIVER"), office.balance("GIFT50")) == (1, 0)
    customer.send(f"{order}/cancel")
    assert (office.used("FIVER"), office.balance("GIFT50")) == (0, 5000)


def test_a_restart_seeds_only_what_is_absent(
    demo: Demo, customers: tuple[Customer, Customer], office: BackOffice
) -> None:
    customers[0].fill_cart(gift_card="GIFT50")
    customers[0].order()
    kept = {code: office.voucher(code) for code in SEEDED - {"FIVER"}}
    first = office.voucher("FIVER")["id"]
    office.delete("FIVER")
    restart(demo)

    assert {code: office.voucher(code) for code in SEEDED - {"FIVER"}} == kept
    assert office.voucher("FIVER")["id"] != first


def test_a_reset_starts_anew(demo: Demo, customers: tuple[Customer, Customer], office: BackOffice) -> None:
    customer, _ = customers
    customer.fill_cart(code="FIVER", gift_card="GIFT50")
    order = customer.order()
    others = demo.data_dir / "other.txt"
    others.write_text("not the demo's")
    restart(demo, "--reset")

    assert customer.see(order).status_code == 404
    assert (office.used("FIVER"), office.balance("GIFT50")) == (0, 5000)
    assert others.read_text() == "not the demo's"


def test_two_shoppers_do_not_see_each_others_carts(customers: tuple[Customer, Customer]) -> None:
    one, other = customers
    one.fill_cart(code="WELCOME10")
    assert other.see("/cart.json").json()["items"] == []
    assert other.see("/cart.json").json()["codes"] == []


def test_of_two_shoppers_with_the_last_use_one_orders_and_the_other_keeps_the_cart(
    customers: tuple[Customer, Customer], office: BackOffice
) -> None:
    for customer in customers:
        customer.fill_cart(code="FIVER", gift_card="GIFT50")
    together = Barrier(2)

    def check_out(customer: Customer) -> int:
        together.wait(SECONDS)
        return customer.send("/checkout").status_code

    with ThreadPoolExecutor(2) as pool:
        answers = dict(zip(customers, pool.map(check_out, customers), strict=True))
    assert sorted(answers.values()) == [303, 409]
    (loser,) = (customer for customer, status in answers.items() if status == 409)
    assert loser.see("/cart.json").json()["codes"] == ["FIVER"]
    assert (office.used("FIVER"), office.balance("GIFT50")) == (1, 0)
