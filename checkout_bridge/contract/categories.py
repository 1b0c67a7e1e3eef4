"""Categories on the wire: redeemables of a lower hierarchy come first."""

from __future__ import annotations

from marshmallow import fields

from checkout_bridge.contract.fields import ContractSchema, Text, WholeNumber, one_of


class CategoryUpdate(ContractSchema):
    """What may change of a category."""

    name = Text()
    hierarchy = WholeNumber()


class CategoryRequest(CategoryUpdate):
    """A category to create; without a hierarchy it has 1."""

    name = Text(required=True)
    hierarchy = WholeNumber(load_default=1)


class CategoryAnswer(CategoryUpdate):
    """A stored category."""

    id = Text()
    object = fields.String(validate=one_of("category"))
    created_at = Text()
    updated_at = fields.String(allow_none=True)


class CategoryList(ContractSchema):
    """A page of categories, newest first."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("data"))
    data = fields.List(fields.Nested(CategoryAnswer))
    total = fields.Integer()
