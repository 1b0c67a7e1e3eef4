"""The WSGI door: recognises the shop's own requests, and redeems, confirms and gives back around its views."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from checkout_bridge.bridge import report
from checkout_bridge.bridge.identity import Source, new_checkout_id, new_refund_id
from checkout_bridge.bridge.routes import Match
from checkout_bridge.bridge.shop import Answer, Environ, Request, StartResponse, WsgiApp, fetch_json
from checkout_bridge.errors import (
    BridgeError,
    Conflict,
    InvalidInput,
    NotFound,
    RedeemablesRejected,
    RequestError,
    StorageFailed,
)
from checkout_bridge.events import Cancellation, Cart, Refund

if TYPE_CHECKING:
    from checkout_bridge.bridge.doors import Doors

STATE = "checkout_bridge.state"
# What the shop's view has redeemed through the Python door, and not yet answered for.
OPEN = "checkout_bridge.open"
PREFIX = "/bridge/"
Row = dict[str, Any]
log = logging.getLogger(__name__)


class BridgeMiddleware:
    """Wraps a shop's WSGI app. A request it does not know goes straight through, untouched."""

    def __init__(self, app: WsgiApp, doors: Doors) -> None:
        self._app = app
        self._doors = doors
        self._kinds: dict[str, Callable[[Visit], Iterable[bytes]]] = {
            "cart": Visit.show_cart,
            "checkout": Visit.checkout,
            "order": Visit.show_order,
            "cancel": Visit.cancel,
            "refund": Visit.refund,
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(PREFIX):
            return self._doors.endpoints(environ, start_response)
        match = self._doors.routes.match(environ["REQUEST_METHOD"], path)
        try:
            if match is None:
                return self._app(environ, start_response)
            return self._kinds[match.kind](Visit(self._app, self._doors, match, environ, start_response))
        except BaseException:
            abandon(environ, self._doors)
            raise


def abandon(environ: Environ, doors: Doors) -> None:
    """The shop's failure reached the server: nothing stands that its view redeemed through the Python door."""
    for row in environ.pop(OPEN, ()):
        _unwind(doors, row, "the shop failed")


def _unwind(doors: Doors, row: Row, reason: str) -> None:
    """Give back what was redeemed for an order that the shop did not make; the shop's own failure or answer goes on."""
    try:
        doors.flow.unwind(row, reason=reason, event="shop_failed")
    except BridgeError as error:
        log.error("checkout %s not given back: %s", row["id"], error.key)


class Visit:
    """One request to the shop that the bridge takes part in. Its view always finds a state."""

    def __init__(
        self, app: WsgiApp, doors: Doors, match: Match, environ: Environ, start_response: StartResponse
    ) -> None:
        self._app = app
        self._match = match
        self._environ = environ
        self._start_response = start_response
        self._doors = doors
        self._hooks = doors.hooks(match.platform)
        self._source = Source(match.platform, doors.shop)
        self._request = Request(environ, ref=match.ref, max_body=doors.max_body)
        environ[STATE] = report.nothing()

    def show_cart(self) -> Iterable[bytes]:
        """Price the cart for the view. When it cannot be priced the view says so."""
        cart: Cart | None = None
        try:
            cart = self._cart()
            if cart is not None:
                self._environ[STATE] = self._doors.flow.price(cart, self._source).told()
        except BridgeError as error:
            log.warning("cart not priced: %s", error.key)
            self._environ[STATE] = report.failed(cart, _rejections(error))
        return self._pass_through()

    def checkout(self) -> Iterable[bytes]:
        """Redeem, run the view, and confirm; or give back when the view fails."""
        cart: Cart | None = None
        checkout_id = new_checkout_id()
        try:
            cart = self._cart()
            if cart is None:
                return self._pass_through()
            row = self._doors.flow.redeem(cart, self._source, checkout_id=checkout_id)
        except RequestError as error:
            # The shop's view decides what a checkout without these codes is: it is told which, and why.
            log.info("checkout without its codes: %s", error.key)
            self._environ[STATE] = report.failed(cart, _rejections(error), checkout_id)
            return self._pass_through()
        except BridgeError as error:
            log.warning("promotions not reachable at checkout: %s", error.key)
            self._environ[STATE] = report.failed(cart, [], checkout_id)
            return self._refuse() if cart and cart.has_redeemables else self._pass_through()
        self._environ[STATE] = self._doors.flow.report(row)
        return self._run_checkout(row)

    def _run_checkout(self, row: Row) -> Iterable[bytes]:
        try:
            answer = Answer(self._app, self._environ)
        except BaseException:
            _unwind(self._doors, row, "the shop failed")
            raise
        try:
            self._close_checkout(row, answer)
            return answer.pass_on(self._start_response)
        except BaseException:
            answer.close()
            raise

    def _close_checkout(self, row: Row, answer: Answer) -> None:
        if not self._succeeded(answer):
            _unwind(self._doors, row, f"the shop answered {answer.status}")
            return
        try:
            order_ref = self._hooks.order_ref_of(response=answer)
        except BaseException:
            # Reading the answer ran the rest of the view, which failed.
            _unwind(self._doors, row, "the shop failed")
            raise
        try:
            self._doors.flow.confirm(row, order_ref)
        except BridgeError as error:
            # The shop has its order: its answer goes out, and the row waits for a person.
            log.error("checkout %s not confirmed: %s", row["id"], error.key)

    def show_order(self) -> Iterable[bytes]:
        """Tell the view what was applied to the order, and what was given back."""
        try:
            self._tell_state(self._ref)
        except StorageFailed as error:
            log.warning("order %s shown without its state: %s", self._ref, error.key)
        return self._pass_through()

    def cancel(self) -> Iterable[bytes]:
        """Run the view; when it succeeded, give everything back."""
        event = Cancellation(self._ref, "cancelled by the shop")
        return self._run_then(
            self._ref, event, lambda: self._doors.flow.cancel(self._ref, self._source, reason=event.reason)
        )

    def refund(self) -> Iterable[bytes]:
        """Run the view; when it succeeded, give back what was refunded."""
        try:
            refund = self._hooks.refund_for(request=self._request) or Refund(self._ref, new_refund_id(self._ref))
        except RequestError as error:
            # The shop may well refund what we cannot read: nothing is given back, and the ledger says so.
            log.warning("refund of order %s not understood: %s", self._ref, error.details)
            return self._run_then(self._ref, None, None, "refund_not_understood")
        return self._run_then(
            refund.order_ref,
            refund,
            lambda: self._doors.flow.refund(
                refund.order_ref, self._source, refund_id=refund.refund_id, lines=refund.lines, amount=refund.amount
            ),
        )

    def _run_then(
        self,
        order_ref: str,
        event: Cancellation | Refund | None,
        give_back: Callable[[], Any] | None,
        asked: str | None = None,
    ) -> Iterable[bytes]:
        """The intent is written down before the view, the give-back happens only after it succeeded.

        While the intent cannot be written down the view does not run: what it did could be lost.
        """
        try:
            row = self._tell_state(order_ref)
            if row is not None:
                self._doors.flow.note(row, asked or f"{self._match.kind}_asked")
        except StorageFailed as error:
            log.error("%s of order %s not let through: %s", self._match.kind, order_ref, error.key)
            return self._refuse()
        if row is None or event is None or give_back is None:
            return self._pass_through()
        answer = Answer(self._app, self._environ)
        try:
            if self._succeeded(answer):
                self._give_back(row, event, give_back)
        except BridgeError as error:
            # The shop has done its part; the ledger knows what is still owed.
            log.warning("checkout %s not given back: %s", row["id"], error.key)
        except BaseException:
            answer.close()
            raise
        return answer.pass_on(self._start_response)

    def _give_back(self, row: Row, event: Cancellation | Refund, give_back: Callable[[], Any]) -> None:
        try:
            give_back()
        except InvalidInput as error:
            # The shop has refunded what cannot be: the ledger says so.
            self._doors.flow.note(row, f"{self._match.kind}_refused", detail=error.details)
            raise
        except Conflict as error:
            # Something else is going on with the order, and the shop will not ask again.
            from checkout_bridge.bridge.put_aside import is_passing, put_aside

            if is_passing(error):
                put_aside(self._doors.ledger, self._source, event, str(error))
            raise

    @property
    def _ref(self) -> str:
        return self._match.ref or ""

    def _tell_state(self, order_ref: str) -> Row | None:
        try:
            row = self._doors.flow.get(order_ref, self._source)
        except NotFound:
            return None
        self._environ[STATE] = self._doors.flow.report(row)
        return row

    def _cart(self) -> Cart | None:
        def fetch(path: str) -> Any:
            found = fetch_json(self._app, self._environ, path)
            if found is None:
                log.warning("the shop shows no JSON at %s", path)
            return found

        cart: Cart | None = self._hooks.cart_for(request=self._request, fetch=fetch)
        return cart if cart is not None and cart.lines else None

    def _succeeded(self, answer: Answer) -> bool:
        said = self._hooks.succeeded(kind=self._match.kind, status=answer.status, headers=answer.headers)
        return 200 <= answer.status < 400 if said is None else bool(said)

    def _pass_through(self) -> Iterable[bytes]:
        return self._app(self._environ, self._start_response)

    def _refuse(self) -> Iterable[bytes]:
        """The view does not run: nothing was charged and nothing changed in the shop."""
        body = b"Discounts and gift cards cannot be reached right now. Nothing was done; please try again."
        status = HTTPStatus(503)
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        self._start_response(f"{status.value} {status.phrase}", [*headers, ("Retry-After", "10")])
        return [body]


def _rejections(error: BridgeError) -> list[dict[str, Any]]:
    if isinstance(error, RedeemablesRejected):
        return error.rejected
    if isinstance(error, RequestError):
        return [{"code": None, "key": error.key, "message": str(error)}]
    return []
