"""The Flask extension: ``CheckoutBridge(app)`` puts the bridge around a shop, and is its Python door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, after_this_request, current_app, has_app_context, has_request_context, request

from checkout_bridge.bridge import states
from checkout_bridge.bridge.middleware import OPEN, BridgeMiddleware
from checkout_bridge.bridge.payloads import cause_of, lines_of, text_of, whole_number_of
from checkout_bridge.bridge.shop import WsgiApp
from checkout_bridge.errors import BridgeError, InvalidInput
from checkout_bridge.events import Cart, Cause, RefundLine
from checkout_bridge.runtime import Runtime
from checkout_bridge.settings import read_settings, refuse_unknown

if TYPE_CHECKING:
    from checkout_bridge.bridge.flow import Flow

NAME = "checkout_bridge"
Row = dict[str, Any]


class CheckoutBridge:
    """Redeems at checkout and gives back when the order does not stand.

    ``CheckoutBridge(app)`` or ``init_app``; settings as keyword arguments (``data_dir=...``), in ``app.config`` or in
    the environment (``CHECKOUT_BRIDGE_DATA_DIR``). ``wrap`` does the same for a WSGI app that is not Flask.
    Amounts are integer minor units. Methods raise RequestError for the caller's fault, BackendError when the promotions
    API said no, OutcomeUnknown when it did not answer.
    """

    def __init__(self, app: Flask | None = None, **settings: Any) -> None:
        self._explicit = settings
        self._runtime: Runtime | None = None
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Wrap the app's WSGI entry. Raises InvalidInput for a setting that makes no sense."""
        runtime = self._start(app.config)
        app.extensions[NAME] = self._runtime
        app.wsgi_app = BridgeMiddleware(app.wsgi_app, runtime.doors)  # type: ignore[method-assign]

    def wrap(self, wsgi_app: WsgiApp) -> BridgeMiddleware:
        """The same for any WSGI app."""
        return BridgeMiddleware(wsgi_app, self._start({}).doors)

    def _start(self, config: Mapping[str, Any]) -> Runtime:
        runtime = Runtime(read_settings(self._explicit, config))
        refuse_unknown(self._explicit, runtime.doors.plugins.installed)
        self._runtime = runtime
        return runtime

    @property
    def runtime(self) -> Runtime:
        """The bridge of the current app, or of the only one."""
        if has_app_context() and NAME in current_app.extensions:
            found: Runtime = current_app.extensions[NAME]
            return found
        if self._runtime is None:
            raise RuntimeError("CheckoutBridge has not been given an app: call init_app(app) or wrap(app)")
        return self._runtime

    def close(self) -> None:
        """Close databases and connections; needed in tests, not in shops."""
        self.runtime.close()

    def quote(
        self,
        cart: Cart | Mapping[str, Any],
        *,
        hold: bool = False,
        client: str | None = None,
        platform: str | None = None,
        shop: str | None = None,
    ) -> dict[str, Any]:
        """Price a cart: ``{quote_id, expires_at, total, currency, applied[], rejected[{code, key, message}], ...}``.

        Codes that do not apply are told in ``rejected``, not raised. With ``hold`` what applies is locked for the
        checkout that presents the quote; the same cart of the same client renews it. ``client`` names who holds, such
        as the id of a session; left out, it is the cart's customer. ``write_back`` is there for a platform whose plugin
        puts discounts into the platform's own terms.
        """
        if not isinstance(hold, bool):
            raise InvalidInput("Property .hold must be boolean")
        _refuse_unless_texts({}, {"client": client})
        doors = self.runtime.doors
        source = doors.source(platform, shop)
        return doors.quote(doors.cart(cart, source.platform), source, hold=hold, client=client)

    def release(self, quote_id: str) -> None:
        """Let go of what a quote holds, for a checkout that was abandoned. Raises NotFound for an unknown quote."""
        _refuse_unless_texts({"quote_id": quote_id})
        self.runtime.doors.flow.release(quote_id)

    def checkout(
        self,
        cart: Cart | Mapping[str, Any],
        order_ref: str,
        *,
        quote_id: str | None = None,
        platform: str | None = None,
        shop: str | None = None,
    ) -> dict[str, Any]:
        """Redeem everything in the cart for this order, once; all of it or nothing.

        In a Flask request the order counts as confirmed when the view has succeeded, and everything is given back when
        the view raises or answers 4xx or 5xx. Elsewhere it is confirmed at once.
        """
        doors = self.runtime.doors
        source = doors.source(platform, shop)
        _refuse_unless_texts({"order_ref": order_ref}, {"quote_id": quote_id})
        row = doors.flow.redeem(doors.cart(cart, source.platform), source, order_ref=order_ref, quote_id=quote_id)
        if row["state"] == states.REDEEMED or (row["state"] == states.DEFERRED and not row["confirmed_at"]):
            if has_request_context() and NAME in current_app.extensions:
                if OPEN not in request.environ:
                    after_this_request(self._close_checkouts)
                request.environ.setdefault(OPEN, []).append(row)
            else:
                row = doors.flow.confirm(row)
        return doors.flow.report(row)

    def confirm(self, order_ref: str, *, platform: str | None = None, shop: str | None = None) -> dict[str, Any]:
        """Say that the shop has the order; ``checkout`` outside of a request does it itself."""
        _refuse_unless_texts({"order_ref": order_ref})
        doors = self.runtime.doors
        row = doors.flow.get(order_ref, doors.source_of_order(platform, shop))
        return doors.flow.report(doors.flow.confirm(row))

    def cancel(
        self,
        order_ref: str,
        *,
        event_id: str | None = None,
        reason: str | None = None,
        cause: Cause = "cancelled",
        platform: str | None = None,
        shop: str | None = None,
    ) -> dict[str, Any]:
        """Give everything back, or what the restore policy says for the ``cause``: ``cancelled``,
        ``cancelled_after_capture``, ``payment_failed``, ``expired`` or ``chargeback``.

        Repeated, it answers the same and does nothing twice.
        """
        _refuse_unless_texts({"order_ref": order_ref}, {"event_id": event_id, "reason": reason})
        doors = self.runtime.doors
        source = doors.source_of_order(platform, shop)
        told = {"event_id": event_id, "reason": reason}
        return doors.flow.cancel(order_ref, source, **told, cause=cause_of({"cause": cause}))

    def reinstate(
        self,
        order_ref: str,
        *,
        event_id: str | None = None,
        reason: str | None = None,
        platform: str | None = None,
        shop: str | None = None,
    ) -> dict[str, Any]:
        """Claim again what was given back, for an order that stands again after it was cancelled.

        When a code is used up by now the order goes to ``review``, with the reason. Repeated, it answers the same.
        """
        _refuse_unless_texts({"order_ref": order_ref}, {"event_id": event_id, "reason": reason})
        doors = self.runtime.doors
        source = doors.source_of_order(platform, shop)
        return doors.flow.reinstate(order_ref, source, event_id=event_id, reason=reason)

    def refund(
        self,
        order_ref: str,
        *,
        refund_id: str,
        lines: Any = None,
        amount: int | None = None,
        platform: str | None = None,
        shop: str | None = None,
    ) -> dict[str, Any]:
        """Give gift cards and points their share of what was refunded; with the last refund, everything back.

        ``lines`` are ``[{line_id, quantity}]`` or RefundLine, ``amount`` is of what was paid; neither means all that is
        left. Coupons can be used again when nothing of the order is left. The same ``refund_id`` again answers the
        same and does nothing. Raises InvalidInput for more than is left.
        """
        _refuse_unless_texts({"order_ref": order_ref, "refund_id": refund_id})
        doors = self.runtime.doors
        source = doors.source_of_order(platform, shop)
        what = _refunded(lines, amount)
        return doors.flow.refund(order_ref, source, refund_id=refund_id, lines=what[0], amount=what[1])

    def preview_refund(
        self,
        order_ref: str,
        *,
        lines: Any = None,
        amount: int | None = None,
        platform: str | None = None,
        shop: str | None = None,
    ) -> dict[str, Any]:
        """Exactly what ``refund`` would give back now: ``{order_ref, currency, given_back[]}``."""
        _refuse_unless_texts({"order_ref": order_ref})
        doors = self.runtime.doors
        what = _refunded(lines, amount)
        source = doors.source_of_order(platform, shop)
        return doors.flow.preview_refund(order_ref, source, lines=what[0], amount=what[1])

    def order(self, order_ref: str, *, platform: str | None = None, shop: str | None = None) -> dict[str, Any]:
        """What was applied to an order, what was given back, and when. Needs no network."""
        _refuse_unless_texts({"order_ref": order_ref})
        doors = self.runtime.doors
        return doors.flow.story(order_ref, doors.source_of_order(platform, shop))

    def _close_checkouts(self, response: Response) -> Response:
        """The view has answered: its checkouts stand, or do not."""
        if response.status_code < 400:
            self._close_each(lambda flow, row: flow.confirm(row))
        else:
            reason = f"the shop answered {response.status_code}"
            self._close_each(lambda flow, row: flow.unwind(row, reason=reason, event="shop_failed"))
        return response

    def _close_each(self, close: Callable[[Flow, Row], object]) -> None:
        """The checkouts this request made; one that cannot be closed keeps back neither the others nor the answer."""
        for row in request.environ.pop(OPEN, ()):
            try:
                close(self.runtime.doors.flow, row)
            except BridgeError as error:
                current_app.logger.error("checkout %s could not be closed: %s", row["id"], error.key)


def _refuse_unless_texts(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> None:
    for name in required:
        text_of(required, name, required=True)
    for name in optional or {}:
        text_of(optional or {}, name)


def _refunded(lines: Any, amount: int | None) -> tuple[tuple[RefundLine, ...] | None, int | None]:
    if isinstance(lines, list | tuple):
        lines = [asdict(line) if isinstance(line, RefundLine) else line for line in lines]
    body = {"lines": lines, "amount": amount}
    return lines_of(body), whole_number_of(body, "amount")
