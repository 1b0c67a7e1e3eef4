"""Checkout Bridge: redeem at checkout, give back when the order does not stand. Public names load on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checkout_bridge.client import Client
    from checkout_bridge.events import Cart, Customer, GiftCard, Line
    from checkout_bridge.extension import CheckoutBridge
    from checkout_bridge.factory import create_app
    from checkout_bridge.hookspecs import hookimpl

__version__ = "0.1.0"
__all__ = ["Cart", "CheckoutBridge", "Client", "Customer", "GiftCard", "Line", "create_app", "hookimpl"]

_HOMES = {
    **dict.fromkeys(("Cart", "Customer", "GiftCard", "Line"), "checkout_bridge.events"),
    "CheckoutBridge": "checkout_bridge.extension",
    "Client": "checkout_bridge.client",
    "create_app": "checkout_bridge.factory",
    "hookimpl": "checkout_bridge.hookspecs",
}


def __getattr__(name: str) -> Any:
    """Import the heavy modules only when one of their names is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
