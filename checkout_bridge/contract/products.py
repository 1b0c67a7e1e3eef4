"""Products and SKUs on the wire. Prices are integer minor units."""

from __future__ import annotations

from marshmallow import fields

from checkout_bridge.contract.fields import ContractSchema, Metadata, Money, Text, one_of


class ProductRequest(ContractSchema):
    """A product to create, or to update by ``id`` or ``source_id``."""

    id = Text()
    source_id = Text()
    name = Text()
    price = Money()
    attributes = fields.List(Text())
    metadata = Metadata()
    image_url = Text(longest=2000)


class SkuRequest(ContractSchema):
    """A SKU of a product; ``attributes`` gives values to its product's attributes."""

    id = Text()
    source_id = Text()
    sku = Text()
    price = Money()
    currency = Text(longest=3)
    attributes = fields.Dict()
    metadata = Metadata()
    image_url = Text(longest=2000)


class ProductAnswer(ProductRequest):
    """A stored product."""

    source_id = Text(allow_none=True)
    object = fields.String(validate=one_of("product"))
    created_at = Text()
    updated_at = fields.String(allow_none=True)


class SkuAnswer(SkuRequest):
    """A stored SKU."""

    source_id = Text(allow_none=True)
    product_id = Text()
    object = fields.String(validate=one_of("sku"))
    created_at = Text()
    updated_at = fields.String(allow_none=True)


class ProductList(ContractSchema):
    """A page of products, newest first."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("products"))
    products = fields.List(fields.Nested(ProductAnswer))
    total = fields.Integer()


class SkuList(ContractSchema):
    """A page of a product's SKUs, newest first."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("skus"))
    skus = fields.List(fields.Nested(SkuAnswer))
    total = fields.Integer()
