"""Options of plugins: what makes no sense is named by the setting that holds it."""

from __future__ import annotations

import pytest

from checkout_bridge.errors import InvalidInput
from checkout_bridge.options import address_and_key, refuse_unknown_options, require_address

GOOD = {"API_URL": " https://shop.example:8443/api ", "KEY": " k "}


def test_an_option_that_does_not_exist_is_named() -> None:
    refuse_unknown_options("my-shop", {"SECRET": ""}, ("SECRET", "KEY"))
    with pytest.raises(InvalidInput, match="CHECKOUT_BRIDGE_MY_SHOP_SECRETS is not an option") as raised:
        refuse_unknown_options("my-shop", {"SECRETS": ""}, ("SECRET", "KEY"))
    assert raised.value.key == "invalid_setting"


def test_an_api_has_an_address_and_a_key_or_neither() -> None:
    assert address_and_key("myshop", GOOD, "KEY") == ("https://shop.example:8443/api", "k")
    assert address_and_key("myshop", {"API_URL": " ", "KEY": ""}, "KEY") is None


@pytest.mark.parametrize(
    ("there", "details"),
    [
        ("API_URL", "CHECKOUT_BRIDGE_MYSHOP_KEY must be set with CHECKOUT_BRIDGE_MYSHOP_API_URL"),
        ("KEY", "CHECKOUT_BRIDGE_MYSHOP_API_URL must be set with CHECKOUT_BRIDGE_MYSHOP_KEY"),
    ],
)
def test_one_without_the_other_is_refused(there: str, details: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        address_and_key("myshop", {there: GOOD[there]}, "KEY")
    assert raised.value.details == details


@pytest.mark.parametrize(
    "address", ["shop.example", "ftp://shop.example", "https://", "https:///api", "https://a/?b=c", "https://[a", "x"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput, match="CHECKOUT_BRIDGE_MYSHOP_API_URL must be an address such as"):
        require_address("myshop", "API_URL", address)
