"""The HTTP door: ``/bridge/...`` as a small Flask app of its own, apart from the shop's."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from checkout_bridge.bridge import webhooks
from checkout_bridge.bridge.payloads import cause_of, lines_of, refuse_unless_of_a_refund, text_of, whole_number_of
from checkout_bridge.bridge.shop import Headers
from checkout_bridge.contract.fields import parse_moment
from checkout_bridge.errors import Forbidden, InvalidInput, StorageFailed, Unauthorized
from checkout_bridge.web import MatchedRule, answer_errors, read_json

if TYPE_CHECKING:
    from checkout_bridge.bridge.doors import Doors

# A worker says every few seconds that it is there.
WORKER_LATE = timedelta(minutes=1)
_NO_WORKER = "no worker was seen in the last minute: start one with `checkout-bridge worker`"
_LEFT_ALONE = "the promotions API has failed several times in a row, and is left alone for a while"
OPEN = ("/bridge/health", "/bridge/webhooks/")


def create_endpoints(doors: Doors) -> Flask:
    """The app behind ``/bridge/``; all but health and webhooks need ``Authorization: Bearer`` with the token."""
    app = Flask("checkout_bridge.bridge", static_folder=None)
    app.url_rule_class = MatchedRule
    app.config["MAX_CONTENT_LENGTH"] = doors.max_body
    answer_errors(app)
    app.before_request(_guard(doors.token))
    views: dict[str, Callable[..., Any]] = {
        "POST /bridge/quote": lambda: _quote(doors),
        "DELETE /bridge/quotes/<quote_id>": lambda quote_id: _release(doors, quote_id),
        "POST /bridge/checkout": lambda: _checkout(doors),
        "GET /bridge/orders/<path:ref>": lambda ref: _show(doors, ref),
        "POST /bridge/orders/<path:ref>/cancel": lambda ref: _cancel(doors, ref),
        "POST /bridge/orders/<path:ref>/reinstate": lambda ref: _reinstate(doors, ref),
        "POST /bridge/orders/<path:ref>/refund": lambda ref: _refund(doors, ref),
        "POST /bridge/orders/<path:ref>/refund/preview": lambda ref: _preview(doors, ref),
        "POST /bridge/webhooks/<platform>": lambda platform: _webhook(doors, platform),
        "GET /bridge/health": lambda: health(doors),
    }
    for declared, view in views.items():
        method, rule = declared.split(" ")
        app.add_url_rule(rule, declared, view, methods=[method])
    app.add_url_rule("/bridge/metrics", "GET /bridge/metrics", lambda: _metrics(doors))
    app.after_request(_count(doors))
    return app


def _quote(doors: Doors) -> dict[str, Any]:
    body = _json()
    source = doors.source(text_of(body, "platform"), text_of(body, "shop"))
    cart = doors.cart(_required(body, "cart"), source.platform)
    hold = body.get("hold", False)
    if not isinstance(hold, bool):
        raise InvalidInput("Property .hold must be boolean")
    return doors.quote(cart, source, hold=hold, client=text_of(body, "client"))


def _release(doors: Doors, quote_id: str) -> tuple[str, int]:
    doors.flow.release(quote_id)
    return "", 204


def _checkout(doors: Doors) -> dict[str, Any]:
    body = _json()
    source = doors.source(text_of(body, "platform"), text_of(body, "shop"))
    order_ref = text_of(body, "order_ref", required=True)
    cart = doors.cart(_required(body, "cart"), source.platform)
    return doors.flow.checkout(cart, source, order_ref or "", quote_id=text_of(body, "quote_id"))


def _show(doors: Doors, ref: str) -> dict[str, Any]:
    return doors.flow.story(ref, doors.source_of_order(request.args.get("platform"), request.args.get("shop")))


def _cancel(doors: Doors, ref: str) -> dict[str, Any]:
    body = _json()
    source = doors.source_of_order(*_shop_in(body))
    told = {"event_id": text_of(body, "event_id"), "reason": text_of(body, "reason")}
    return doors.flow.cancel(ref, source, **told, cause=cause_of(body))


def _reinstate(doors: Doors, ref: str) -> dict[str, Any]:
    body = _json()
    source = doors.source_of_order(*_shop_in(body))
    return doors.flow.reinstate(ref, source, event_id=text_of(body, "event_id"), reason=text_of(body, "reason"))


def _refund(doors: Doors, ref: str) -> dict[str, Any]:
    body = _json()
    refund_id = text_of(body, "refund_id", required=True) or ""
    refuse_unless_of_a_refund(body)
    source = doors.source_of_order(*_shop_in(body))
    lines, amount = lines_of(body), whole_number_of(body, "amount")
    return doors.flow.refund(ref, source, refund_id=refund_id, lines=lines, amount=amount)


def _preview(doors: Doors, ref: str) -> dict[str, Any]:
    body = _json()
    refuse_unless_of_a_refund(body)
    source = doors.source_of_order(*_shop_in(body))
    return doors.flow.preview_refund(ref, source, lines=lines_of(body), amount=whole_number_of(body, "amount"))


def _webhook(doors: Doors, platform: str) -> Response:
    answer = webhooks.receive(doors, platform, Headers(request.headers.items()), request.get_data())
    return Response(answer.body, answer.status, content_type=answer.content_type)


def health(doors: Doors) -> dict[str, Any]:
    """``{status: ok | degraded, plugins[], broken_plugins[{name, error}], backend, ledger, worker, warnings[]}``.

    ``worker`` is when one was last seen. Without any the shop goes on, so it is a warning; so is a promotions API that
    this process leaves alone for a while because it has failed.
    """
    from checkout_bridge.bridge.ledger.workers import last_seen

    seen = None
    try:
        doors.ledger.shops()
        seen = last_seen(doors.ledger.database)
        ledger = "ok"
    except StorageFailed as error:
        ledger = str(error)
    late = seen is None or parse_moment(seen) < datetime.now(UTC) - WORKER_LATE
    broken = [{"name": broken.name, "error": broken.error} for broken in doors.plugins.broken]
    return {
        "status": "degraded" if broken or ledger != "ok" else "ok",
        "plugins": doors.plugins.names,
        "broken_plugins": broken,
        "backend": doors.backend,
        "ledger": ledger,
        "worker": seen,
        "warnings": [*([_NO_WORKER] if late else []), *([_LEFT_ALONE] if doors.is_backend_left_alone() else [])],
    }


def _metrics(doors: Doors) -> Response:
    return Response(doors.metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _guard(token: str) -> Callable[[], None]:
    def check_token() -> None:
        if request.path.startswith(OPEN):
            return
        if not token:
            raise Forbidden("Forbidden", details="This door is closed: CHECKOUT_BRIDGE_TOKEN is not set")
        sent = request.headers.get("Authorization", "")
        if not hmac.compare_digest(sent.encode(), f"Bearer {token}".encode()):
            raise Unauthorized("Unauthorized", details="Header Authorization must be Bearer and the bridge's token")

    return check_token


def _count(doors: Doors) -> Callable[[Response], Response]:
    def count(response: Response) -> Response:
        doors.metrics.requests.labels(request.endpoint or "unknown", response.status_code).inc()
        return response

    return count


def _json() -> Mapping[str, Any]:
    body = read_json()
    if not isinstance(body, dict):
        raise InvalidInput("Payload must be an object")
    return body


def _required(body: Mapping[str, Any], name: str) -> Any:
    if body.get(name) is None:
        raise InvalidInput(f"Payload should have required property '{name}'")
    return body[name]


def _shop_in(body: Mapping[str, Any]) -> tuple[str | None, str | None]:
    platform = text_of(body, "platform") or request.args.get("platform")
    return platform, text_of(body, "shop") or request.args.get("shop")
