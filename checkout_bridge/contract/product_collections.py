"""Product collections on the wire: products and SKUs by name, or whatever matches a filter."""

from __future__ import annotations

from marshmallow import fields

from checkout_bridge.contract.fields import ContractSchema, Metadata, Money, Text, one_of


class CollectedItem(ContractSchema):
    """A product or SKU by its id or source id."""

    id = Text(required=True)
    object = fields.String(required=True, validate=one_of("product", "sku"))
    product_id = Text()


class CollectionUpdate(ContractSchema):
    """What may change of a collection: ``products`` of a STATIC one, ``filter`` of an AUTO_UPDATE one."""

    name = Text()
    type = fields.String(validate=one_of("STATIC", "AUTO_UPDATE"))
    products = fields.List(fields.Nested(CollectedItem))
    filter = fields.Dict()


class CollectionRequest(CollectionUpdate):
    """A collection to create; STATIC unless told."""

    name = Text(required=True)
    type = fields.String(load_default="STATIC", validate=one_of("STATIC", "AUTO_UPDATE"))


class CollectionAnswer(CollectionUpdate):
    """A stored collection."""

    id = Text()
    object = fields.String(validate=one_of("products_collection"))
    created_at = Text()
    updated_at = fields.String(allow_none=True)


class CollectionList(ContractSchema):
    """A page of collections, newest first."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("data"))
    data = fields.List(fields.Nested(CollectionAnswer))
    total = fields.Integer()


class CollectedAnswer(ContractSchema):
    """A product or SKU of a collection; ``attributes`` are names of a product's, and an object of a SKU's."""

    id = Text()
    source_id = Text(allow_none=True)
    product_id = Text()
    object = fields.String(validate=one_of("product", "sku"))
    name = Text()
    sku = Text()
    price = Money()
    currency = Text()
    attributes = fields.Raw()
    metadata = Metadata()
    image_url = Text()
    created_at = Text()
    updated_at = fields.String(allow_none=True)


class CollectedList(ContractSchema):
    """A page of the products and SKUs of a collection, newest first."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("data"))
    data = fields.List(fields.Nested(CollectedAnswer))
    total = fields.Integer()
