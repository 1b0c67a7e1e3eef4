"""What holds for every page: nothing from elsewhere, nothing unescaped, problems in the look of the shop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from checkout_bridge.demo import create_shop

if TYPE_CHECKING:
    from .conftest import FakeBridge, Visitor


def test_codes_to_try_are_asked_anew_by_each_page_that_shows_them(shop: Flask, visitor: Visitor) -> None:
    left = iter(["50.00 left", "30.00 left", "0.00 left"])
    ref = visitor.order()
    shop.config["SHOP_CODES"] = lambda: [{"code": "GIFT50", "title": "Gift card of 50.00", "status": next(left)}]
    shown = [visitor.see(path)["code-status-GIFT50"] for path in ("/", "/cart", f"/orders/{ref}")]
    assert shown == ["50.00 left", "30.00 left", "0.00 left"]


@pytest.mark.parametrize(
    ("kind", "filled", "empty"), [({}, "code-input", "gift-input"), ({"kind": "gift"}, "gift-input", "code-input")]
)
def test_a_code_to_try_fills_in_its_form(
    shop: Flask, visitor: Visitor, kind: dict[str, str], filled: str, empty: str
) -> None:
    shop.config["SHOP_CODES"] = lambda: [{"code": "A&B #1", "title": "", "status": "", **kind}]
    (link,) = [link for link in visitor.see("/").links if link.endswith("#codes")]
    page = visitor.see(link)
    assert (page.attributes[filled]["value"], page.attributes[empty]["value"]) == ("A&B #1", "")


def test_without_codes_to_try_there_is_no_box(visitor: Visitor) -> None:
    for path in ("/", "/cart"):
        assert "codes-to-try" not in visitor.see(path)


def test_pages_load_nothing_from_elsewhere_and_every_file_is_there(visitor: Visitor) -> None:
    ref = visitor.order()
    visitor.add("mug")
    for path in ("/", "/products/mug", "/cart", "/orders", f"/orders/{ref}"):
        page = visitor.see(path)
        assert "A demo of Checkout Bridge" in page.html
        assert all(link.startswith(("/", "#")) for link in page.links)
        for link in page.links:
            if "/static/" in link:
                with visitor.client.get(link) as file:
                    assert file.status_code == 200, link


def test_what_others_wrote_is_escaped(visitor: Visitor, bridge: FakeBridge) -> None:
    evil = "<script>alert(1)</script>"
    visitor.add("mug")
    visitor.send("/cart/codes", code=evil)
    bridge.says(total=1250, rejected=[{"code": "X", "key": "other", "message": evil}])
    page = visitor.see(f"/cart?code={evil}")
    assert page.html.count("&lt;script&gt;") >= 3
    assert "<script>" not in page.html


def test_unknown_pages_and_wrong_methods_look_like_the_shop(visitor: Visitor) -> None:
    missing = visitor.see("/nowhere")
    assert missing.status == 404
    assert {"problem", "cart-count"} <= missing.attributes.keys()
    wrong = visitor.client.get("/checkout")
    assert (wrong.status_code, set(wrong.allow)) == (405, {"OPTIONS", "POST"})


def test_the_cookie_does_not_travel_with_forms_of_other_sites(visitor: Visitor) -> None:
    cookie = visitor.client.get("/").headers["Set-Cookie"]
    assert "SameSite=Lax" in cookie
    assert "HttpOnly" in cookie


def test_pictures_and_styles_set_no_cookie(visitor: Visitor) -> None:
    with visitor.client.get("/static/shop.css") as file:
        assert "Set-Cookie" not in file.headers


@pytest.mark.parametrize("missing", ["SHOP_DATABASE", "SECRET_KEY"])
def test_a_shop_without_a_database_or_key_does_not_start(tmp_path: Path, missing: str) -> None:
    config = {"SHOP_DATABASE": tmp_path / "shop.sqlite3", "SECRET_KEY": "for tests"}
    del config[missing]
    with pytest.raises(KeyError, match=missing):
        create_shop(config)
