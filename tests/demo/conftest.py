"""A shop on a temporary database, a visitor with a page reader, and a middleware that says what a bridge would say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from checkout_bridge.demo import create_shop

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta"}


class Page(HTMLParser):
    """An answer of the shop, read by the ``data-testid`` of its elements."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__()
        self.status = response.status_code
        self.html = response.get_data(as_text=True)
        self.links: list[str] = []
        self.attributes: dict[str, dict[str, str | None]] = {}
        self._words: dict[str, list[str]] = {}
        self._open: list[str | None] = []
        self.feed(self.html)
        self.close()

    def __contains__(self, testid: str) -> bool:
        return testid in self.attributes

    def __getitem__(self, testid: str) -> str:
        """All text inside the element, spaces of any kind folded into one."""
        return " ".join(" ".join(self._words[testid]).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.links += [value for name in ("href", "src", "action") if (value := found.get(name))]
        testid = found.get("data-testid")
        if testid is not None:
            self.attributes[testid] = found
            self._words.setdefault(testid, [])
        if tag not in VOID:
            self._open.append(testid)

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for testid in filter(None, self._open):
            self._words[testid].append(data)


class Visitor:
    """Somebody with a browser: keeps cookies and follows redirects."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def see(self, path: str) -> Page:
        return Page(self.client.get(path, follow_redirects=True))

    def send(self, path: str, **form: str | int) -> Page:
        return Page(self.client.post(path, data=form, follow_redirects=True))

    def add(self, product: str, quantity: int = 1) -> Page:
        return self.send("/cart/items", product=product, quantity=quantity)

    def cart(self) -> Any:
        return self.client.get("/cart.json").json

    def order(self) -> str:
        """Buy one mug; the reference of the order."""
        self.add("mug")
        return self.send("/checkout")["order-ref"]


class FakeBridge:
    """WSGI middleware that puts ``state``, while it has one, into the environ of every request."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app
        self.state: dict[str, Any] | None = None

    def says(self, **state: Any) -> None:
        nothing: dict[str, Any] = {"applied": [], "rejected": [], "given_back": []}
        self.state = {"checkout_id": "co-1", "state": "quoted", "total": None, "currency": "EUR", **nothing, **state}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if self.state is not None:
            environ["checkout_bridge.state"] = self.state
        return self.app(environ, start_response)


@pytest.fixture
def shop(tmp_path: Path) -> Flask:
    return create_shop({"SHOP_DATABASE": tmp_path / "shop.sqlite3", "SECRET_KEY": "for tests", "TESTING": True})


@pytest.fixture
def visitor(shop: Flask) -> Visitor:
    return Visitor(shop.test_client())


@pytest.fixture
def bridge(shop: Flask) -> FakeBridge:
    fake = FakeBridge(shop.wsgi_app)
    shop.wsgi_app = fake
    return fake
