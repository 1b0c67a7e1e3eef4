"""What our Flask apps have in common: reading JSON bodies, numbering requests, and answering errors."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import Rule

from checkout_bridge.contract.ids import new_id
from checkout_bridge.errors import BridgeError, InvalidInput, NotFound, PayloadTooLarge, RequestError

log = logging.getLogger(__name__)


class MatchedRule(Rule):
    """A route that is ready to be matched at once, and to build a URL only when one is asked for.

    Getting ready to build is nearly all that an app with many routes costs to make.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        prepare = super()._compile_builder

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            bound: Callable[..., tuple[str, str]] = prepare(append_unknown).__get__(rule, None)
            return bound(**values)

        return build


def answer_errors(app: Flask) -> None:
    """Number every request (``g.request_id``) and answer whatever goes wrong with the contract's error body."""
    app.before_request(_number)
    app.register_error_handler(BridgeError, refuse)
    app.register_error_handler(HTTPException, _refuse_http)
    app.register_error_handler(Exception, _fail)


def read_json() -> Any:
    """The parsed body; an absent one counts as an empty object. Raises InvalidInput when it is not JSON."""
    body = request.get_data(cache=True)
    if not body:
        return {}
    try:
        return json.loads(body, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        raise InvalidInput("Payload must be valid JSON") from None


def refuse(error: BridgeError) -> Response:
    """The error body, with the error's status."""
    response = jsonify(error.to_dict(g.request_id))
    response.status_code = error.status
    return response


def _number() -> None:
    g.request_id = new_id("v-")


def _finite(text: str) -> float:
    """A number of JSON's: NaN and infinities are not, and databases refuse them."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _refuse_http(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        return refuse(PayloadTooLarge("Payload too large", details="The body is over the limit"))
    if error.code == 404:
        return refuse(NotFound("Resource not found", details=f"Cannot find {request.method} {request.path}"))
    key = str(error.name or "error").lower().replace(" ", "_")
    response = refuse(RequestError(str(error.name), key=key, status=error.code or 400, details=error.description))
    if error.code == 405 and hasattr(error, "valid_methods"):
        response.headers["Allow"] = ", ".join(error.valid_methods or ())
    return response


def _fail(error: Exception) -> Response:
    log.error("request %s failed", g.request_id, exc_info=error)
    return refuse(BridgeError("Internal error", details="The server failed; its log says why"))
