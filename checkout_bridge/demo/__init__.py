"""A small storefront that knows nothing of the bridge: it owns cart, orders and pages, and is told what codes do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from secrets import token_hex

from flask import Flask, render_template, request, session
from flask_bootstrap import Bootstrap5
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from checkout_bridge.demo import basket, ordering, storefront
from checkout_bridge.demo.cart import Cart, InvalidEntry
from checkout_bridge.demo.orders import OrderBook
from checkout_bridge.demo.prices import price

MAX_BODY_BYTES = 64 * 1024


def create_shop(config: Mapping[str, object]) -> Flask:
    """A shop ready to be served.

    ``config`` holds ``SHOP_DATABASE`` (path of the shop's own SQLite file, made when missing), ``SECRET_KEY`` and,
    if wanted, ``SHOP_CODES``: a callable returning ``[{code, title, status}]``, asked by every page that shows the
    box of codes to try; an entry may add ``kind: "gift"`` so that its link fills in the gift card form. Other keys
    are Flask's own. Raises KeyError when a needed key is missing.
    """
    shop = Flask(__name__)
    shop.config.from_mapping(
        BOOTSTRAP_SERVE_LOCAL=True,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        SESSION_COOKIE_NAME="shop_session",
        SESSION_COOKIE_SAMESITE="Lax",
    )
    shop.config.from_mapping(config, SECRET_KEY=config["SECRET_KEY"])
    shop.extensions["shop_orders"] = OrderBook(Path(str(config["SHOP_DATABASE"])))
    Bootstrap5(shop)

    for blueprint in (storefront.blueprint, basket.blueprint, ordering.blueprint):
        shop.register_blueprint(blueprint)
    shop.before_request(name_the_guest)
    shop.register_error_handler(InvalidEntry, invalid_entry)
    shop.register_error_handler(HTTPException, problem)
    shop.add_template_filter(price)
    shop.context_processor(lambda: {"cart": Cart(session), "codes_to_try": codes_to_try(shop)})
    return shop


def codes_to_try(shop: Flask) -> Callable[[], list[dict[str, str]]]:
    """The callable behind the box of codes; without one the list is empty and the box stays hidden."""
    listed: Callable[[], list[dict[str, str]]] | None = shop.config.get("SHOP_CODES")
    return listed or list


def name_the_guest() -> None:
    """Give each visitor an anonymous customer id at the first page, so that later requests all carry the same one."""
    if not (request.endpoint or "").endswith("static"):
        session.setdefault("customer_id", f"guest-{token_hex(8)}")


def invalid_entry(error: InvalidEntry) -> tuple[str, int]:
    """What the visitor sent cannot be taken: 400, and the cart is as it was."""
    return render_template("problem.html", title="That did not work", message=str(error)), 400


def problem(error: HTTPException) -> Response:
    """Every other refusal, in the look of the shop. Redirects made by the router pass unchanged."""
    response = error.get_response(request.environ)
    if response.status_code >= 400:
        response.set_data(render_template("problem.html", title=error.name, message=error.description))
    return response


__all__ = ["create_shop"]
