"""What the shop sells: six products, fixed in code. Prices are integer cents."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """One thing for sale. ``price`` is in cents; ``slug`` names its page and its picture."""

    slug: str
    sku: str
    name: str
    price: int
    summary: str
    details: str

    @property
    def product_id(self) -> str:
        return f"p-{self.slug}"

    @property
    def picture(self) -> str:
        """The file of its picture, below the shop's static folder."""
        return f"products/{self.slug}.svg"


PRODUCTS = (
    Product(
        "mug",
        "MUG-01",
        "Stoneware mug",
        1250,
        "Thick walls, warm hands.",
        "Glazed inside, bare clay outside. Holds 320 ml and survives the dishwasher.",
    ),
    Product(
        "kettle",
        "KETTLE-01",
        "Gooseneck kettle",
        8900,
        "A thin, steady stream.",
        "Stainless steel, 0.9 l, with a thermometer in the lid. Works on gas, electric and induction hobs.",
    ),
    Product(
        "grinder",
        "GRINDER-01",
        "Hand grinder",
        14900,
        "Forty clicks from espresso to press.",
        "Steel burrs on two bearings, 30 g in a minute, and a crank that folds away for the road.",
    ),
    Product(
        "beans",
        "BEANS-01",
        "House blend beans",
        1890,
        "Chocolate, hazelnut, orange peel.",
        "1 kg of whole beans, roasted medium. Good for filter and for espresso, best within six weeks.",
    ),
    Product(
        "filters",
        "FILTERS-01",
        "Paper filter set",
        720,
        "One hundred cones, no paper taste.",
        "Unbleached paper in size 02, double-crimped at the seam. Goes on the compost with the grounds.",
    ),
    Product(
        "tumbler",
        "TUMBLER-01",
        "Travel tumbler",
        2400,
        "Hot for five hours.",
        "Double-walled steel, 350 ml, with a lid that closes tight enough to be thrown into a bag.",
    ),
)

BY_SLUG = {product.slug: product for product in PRODUCTS}
BY_SKU = {product.sku: product for product in PRODUCTS}


def find_product(name: str) -> Product | None:
    """The product with this slug, product id or sku."""
    return BY_SLUG.get(name) or BY_SKU.get(name) or BY_SLUG.get(name.removeprefix("p-"))
