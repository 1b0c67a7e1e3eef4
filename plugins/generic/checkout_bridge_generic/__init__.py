"""The generic platform: any shop that shows its cart as JSON and whose checkout, cancel and refund have paths."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from checkout_bridge import hookimpl
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Capabilities, Cart, Refund, RefundLine
from checkout_bridge.hookspecs import Fetch, Route, ShopRequest, ShopResponse
from checkout_bridge.options import refuse_unknown_options, unusable_option
from checkout_bridge_generic.cart import parse

# Option -> default. Each can be set: CART_PATH as CHECKOUT_BRIDGE_GENERIC_CART_PATH.
OPTIONS = {
    "CART_PATH": "/cart",
    "CART_JSON_PATH": "/cart.json",
    "CHECKOUT_PATH": "/checkout",
    "ORDER_PATH": "/orders/<ref>",
    "CANCEL_PATH": "/orders/<ref>/cancel",
    "REFUND_PATH": "/orders/<ref>/refund",
}
# How shops speak of a part of an order in other words than ours.
_OF_A_PART = frozenset({"items", "line_items", "line_id", "sku", "quantity", "quantities", "total", "partial"})
_REF_NAMES = ("order_ref", "order_id", "order_number")


class GenericPlugin:
    """Paths can be set; the cart is the documented JSON."""

    def __init__(self) -> None:
        self._paths = dict(OPTIONS)

    @hookimpl
    def configure(self, options: Mapping[str, str]) -> None:
        """Take the paths. Raises InvalidInput for an option that does not exist or a path that lacks what it needs."""
        refuse_unknown_options("generic", options, OPTIONS)
        for name, path in options.items():
            if not path.startswith("/") or ("<ref>" in OPTIONS[name] and path.count("<ref>") != 1):
                raise unusable_option("generic", name, f"must look like {OPTIONS[name]}")
        self._paths.update(options)

    @hookimpl
    def capabilities(self) -> Capabilities:
        """Its cart has codes and cards; the shop reads what is left to pay; its refunds may name lines."""
        return Capabilities(gift_cards=True, prices_carts=True, refund_lines=True)

    @hookimpl
    def routes(self) -> list[Route]:
        """The shop's pages by their paths."""
        return [
            Route("cart", "GET", self._paths["CART_PATH"]),
            Route("checkout", "POST", self._paths["CHECKOUT_PATH"]),
            Route("order", "GET", self._paths["ORDER_PATH"]),
            Route("cancel", "POST", self._paths["CANCEL_PATH"]),
            Route("refund", "POST", self._paths["REFUND_PATH"]),
        ]

    @hookimpl
    def cart_for(self, request: ShopRequest, fetch: Fetch) -> Cart | None:
        """The cart in the request itself, if it is one, else the one that the shop shows at ``CART_JSON_PATH``."""
        payload = request.json() if request.method == "POST" else None
        if not isinstance(payload, dict) or "items" not in payload:
            payload = fetch(self._paths["CART_JSON_PATH"])
        if not isinstance(payload, dict) or not payload.get("items"):
            return None
        return parse(payload)

    @hookimpl
    def parse_cart(self, payload: Mapping[str, Any]) -> Cart:
        """The documented JSON."""
        return parse(payload)

    @hookimpl
    def order_ref_of(self, response: ShopResponse) -> str | None:
        """From the header ``X-Order-Ref``, a redirect to the order's page, or JSON with ``order_ref``."""
        if ref := response.headers.get("X-Order-Ref"):
            return str(ref)
        before, after = self._paths["ORDER_PATH"].split("<ref>")
        location = urlsplit(response.headers.get("Location", "")).path
        if found := re.search(f"{re.escape(before)}([^/]+){re.escape(after)}$", location):
            return unquote(found[1])
        body = response.json()
        refs = [body[name] for name in _REF_NAMES if body.get(name)] if isinstance(body, dict) else []
        return str(refs[0]) if refs else None

    @hookimpl
    def refund_for(self, request: ShopRequest) -> Refund | None:
        """The whole order, unless the request says which part: ``lines`` or ``amount`` (minor units).

        A shop that tells no ``refund_id`` has every request that succeeds counted as a refund of its own. Raises
        InvalidInput when it says something of a part that is not understood: that is never the whole order.
        """
        ref, told = request.ref or "", _told(request)
        if strange := sorted(_OF_A_PART & set(told)):
            raise InvalidInput(f"Property .{strange[0]} is not understood: a part is told by .lines or .amount")
        refund_id = str(told.get("refund_id") or f"{ref[:200]}:{secrets.token_hex(8)}")
        return Refund(ref, refund_id, _lines(told.get("lines")), _amount(told.get("amount")))


def _told(request: ShopRequest) -> Mapping[str, Any]:
    """What a request tells in its query and its body, which is JSON, a form, or empty."""
    form = request.form()
    if form or not request.body():
        return {**request.query, **form}
    body = request.json()
    if not isinstance(body, dict):
        raise InvalidInput("Payload must be a JSON object or a form")
    return {**request.query, **body}


def _lines(lines: Any) -> tuple[RefundLine, ...] | None:
    if lines is None:
        return None
    try:
        return tuple(RefundLine(str(line["line_id"]), _whole(line["quantity"])) for line in lines or [None])
    except (KeyError, TypeError, ValueError):
        raise InvalidInput("Property .lines must be an array of {line_id, quantity}") from None


def _amount(amount: Any) -> int | None:
    if amount in (None, ""):
        return None
    try:
        return _whole(amount)
    except ValueError:
        raise InvalidInput("Property .amount must be integer minor units") from None


def _whole(value: Any) -> int:
    """A whole number, sent as one or as text. Raises ValueError for anything else."""
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,15}", str(value)):
        raise ValueError("not a whole number")
    return int(value)
