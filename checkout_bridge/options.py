"""The options of a platform's plugin: which there are, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from checkout_bridge.errors import InvalidInput


def refuse_unknown_options(platform: str, options: Mapping[str, str], known: Collection[str]) -> None:
    """Raise InvalidInput for an option that the platform does not have."""
    for name in options:
        if name not in known:
            raise unusable_option(platform, name, "is not an option")


def unusable_option(platform: str, name: str, why: str) -> InvalidInput:
    """What is raised for an option that makes no sense: ``why`` goes on after its full name."""
    return InvalidInput(f"{setting_of(platform, name)} {why}", key="invalid_setting")


def setting_of(platform: str, name: str) -> str:
    """The setting that holds an option: ``setting_of("shopify", "SECRET") == "CHECKOUT_BRIDGE_SHOPIFY_SECRET"``."""
    return f"CHECKOUT_BRIDGE_{platform.upper().replace('-', '_')}_{name}"


def address_and_key(platform: str, options: Mapping[str, str], key: str) -> tuple[str, str] | None:
    """Where the platform's API is and what opens it: the options ``API_URL`` and ``key``; None without both.

    Raises InvalidInput for one without the other, and for an address that is none.
    """
    address, secret = (options.get(name, "").strip() for name in ("API_URL", key))
    if bool(address) != bool(secret):
        missing, there = (key, "API_URL") if address else ("API_URL", key)
        raise unusable_option(platform, missing, f"must be set with {setting_of(platform, there)}")
    if address:
        require_address(platform, "API_URL", address)
    return (address, secret) if address else None


def require_address(platform: str, name: str, address: str) -> None:
    """Raise InvalidInput for an address of an API that is none."""
    try:
        parts = urlsplit(address)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment
    except ValueError:  # such as a port that is no number
        is_one = False
    if not is_one:
        raise unusable_option(platform, name, "must be an address such as https://api.example.com")
