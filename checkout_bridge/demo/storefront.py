"""The pages one looks at before buying: the catalogue and the products."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from checkout_bridge.demo.catalogue import BY_SLUG, PRODUCTS

blueprint = Blueprint("storefront", __name__)


@blueprint.get("/")
def show_catalogue() -> str:
    return render_template("catalogue.html", products=PRODUCTS)


@blueprint.get("/products/<slug>")
def show_product(slug: str) -> str:
    product = BY_SLUG.get(slug)
    if product is None:
        abort(404, description="We do not sell this product.")
    return render_template("product.html", product=product)
