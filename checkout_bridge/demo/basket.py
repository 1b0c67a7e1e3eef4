"""The pages of the cart: change it, enter codes and gift cards, and hand it out as JSON."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from checkout_bridge.demo.cart import Cart, CodeKind, InvalidEntry, parse_quantity
from checkout_bridge.demo.catalogue import Product, find_product
from checkout_bridge.demo.promotions import promotions_of

blueprint = Blueprint("basket", __name__)


@blueprint.get("/cart")
def show_cart() -> str:
    return cart_page()


@blueprint.get("/cart.json")
def cart_json() -> dict[str, Any]:
    return Cart(session).to_dict()


@blueprint.post("/cart/items")
def add_item() -> Response:
    product = named_product(request.form.get("product", ""))
    Cart(session).add(product, parse_quantity(request.form.get("quantity", "1"), least=1))
    flash(f"{product.name} is in your cart.")
    return to_cart()


@blueprint.post("/cart/items/<sku>")
def set_item(sku: str) -> Response:
    quantity = parse_quantity(request.form.get("quantity", ""), least=0)
    Cart(session).set_quantity(named_product(sku), quantity)
    return to_cart()


@blueprint.post("/cart/codes", defaults={"kind": "codes"})
@blueprint.post("/cart/gift-cards", defaults={"kind": "gift_cards"})
def enter_code(kind: CodeKind) -> Response:
    Cart(session).enter(kind, request.form.get("code", ""))
    return to_cart()


@blueprint.post("/cart/codes/remove", defaults={"kind": "codes"})
@blueprint.post("/cart/gift-cards/remove", defaults={"kind": "gift_cards"})
def remove_code(kind: CodeKind) -> Response:
    Cart(session).remove(kind, request.form.get("code", ""))
    return to_cart()


def cart_page(refusal: str | None = None) -> str:
    """The cart with its codes as they stand in this request; ``refusal`` says why an order was not made."""
    return render_template("cart.html", promotions=promotions_of(request.environ), refusal=refusal)


def named_product(name: str) -> Product:
    """The product a form speaks of; an unknown one raises InvalidEntry."""
    product = find_product(name)
    if product is None:
        raise InvalidEntry("We do not sell this product.")
    return product


def to_cart() -> Response:
    return redirect(url_for("basket.show_cart"), 303)
