"""The pages of an order: place it, look at it, cancel, refund or ship it."""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from checkout_bridge.demo.basket import cart_page
from checkout_bridge.demo.cart import Cart
from checkout_bridge.demo.orders import Order, OrderBook
from checkout_bridge.demo.promotions import Promotions, promotions_of

blueprint = Blueprint("ordering", __name__)


class Step(NamedTuple):
    """A change of status: which orders it is open to, and where it leads."""

    sources: tuple[str, ...]
    target: str


STEPS = {
    "cancel": Step(("paid",), "cancelled"),
    "refund": Step(("paid", "shipped"), "refunded"),
    "ship": Step(("paid",), "shipped"),
}


@blueprint.post("/checkout")
def place_order() -> Response | tuple[str, int]:
    cart = Cart(session)
    promotions = promotions_of(request.environ)
    if not cart.lines:
        return cart_page("Your cart is empty, so there is nothing to order."), 400
    if promotions.forbid_checkout:
        return cart_page(why_not(promotions)), 409
    if request.form.get("simulate") == "decline":
        return cart_page("Your payment was declined; nothing was charged and your codes are untouched."), 402
    ref = order_book().place(cart.lines, promotions.applied, promotions.payable(cart.subtotal), promotions.currency)
    cart.empty()
    flash("Thank you! Your order is placed.")
    return to_order(ref)


@blueprint.get("/orders")
def list_orders() -> str:
    return render_template("orders.html", orders=order_book().recent())


@blueprint.get("/orders/<ref>")
def show_order(ref: str) -> str:
    return order_page(known_order(ref))


@blueprint.post("/orders/<ref>/<any(cancel, refund, ship):action>")
def move_order(ref: str, action: str) -> Response | tuple[str, int]:
    """Doing it twice is harmless; doing what the status does not allow answers 409 and changes nothing."""
    step = STEPS[action]
    moved = order_book().move(ref, step.sources, step.target)
    order = known_order(ref)
    if moved or order.status == step.target:
        return to_order(order.ref)
    refusal = f"This order is already {order.status}, so it cannot be {step.target} any more."
    return order_page(order, refusal), 409


def why_not(promotions: Promotions) -> str:
    """The sentence above a cart that was not turned into an order."""
    if promotions.unreachable:
        return "Your order was not placed: codes cannot be checked right now. Nothing was charged, please try again."
    return "Your order was not placed: a code cannot be used. Nothing was charged. Remove it, or try another."


def known_order(ref: str) -> Order:
    """The order of this reference, or the 404 page."""
    order = order_book().find(ref)
    if order is None:
        abort(404, description="There is no such order.")
    return order


def order_page(order: Order, refusal: str | None = None) -> str:
    open_steps = [action for action, step in STEPS.items() if order.status in step.sources]
    return render_template(
        "order.html", order=order, open_steps=open_steps, refusal=refusal, promotions=promotions_of(request.environ)
    )


def order_book() -> OrderBook:
    book: OrderBook = current_app.extensions["shop_orders"]
    return book


def to_order(ref: str) -> Response:
    return redirect(url_for("ordering.show_order", ref=ref), 303)
