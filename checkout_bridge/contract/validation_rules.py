"""Validation rules on the wire: on what orders a voucher may be used, and on which of their lines."""

from __future__ import annotations

from marshmallow import fields

from checkout_bridge.contract.fields import ContractSchema, Flag, Metadata, Money, Text, WholeNumber, one_of

EFFECTS = (
    "APPLY_TO_EVERY",
    "APPLY_TO_CHEAPEST",
    "APPLY_FROM_CHEAPEST",
    "APPLY_TO_MOST_EXPENSIVE",
    "APPLY_FROM_MOST_EXPENSIVE",
)


class ApplicableItem(ContractSchema):
    """A product, SKU or collection, which of its pieces count, and limits: pieces a line and in all, amount a line and
    in all. ``price`` is what a piece costs under a FIXED discount, ``price_formula`` gives it in major units.
    """

    object = fields.String(required=True, validate=one_of("product", "sku", "products_collection"))
    id = Text()
    source_id = Text()
    product_id = Text()
    product_source_id = Text()
    strict = Flag()
    price = Money()
    price_formula = Text(longest=2000)
    effect = fields.String(validate=one_of(*EFFECTS))
    quantity_limit = WholeNumber(minimum=1)
    aggregated_quantity_limit = WholeNumber(minimum=1)
    amount_limit = Money(minimum=1)
    aggregated_amount_limit = Money(minimum=1)
    skip_initially = WholeNumber(maximum=10**6)
    repeat = WholeNumber(minimum=1, maximum=10**6)
    target = fields.String(validate=one_of("ITEM", "UNIT"))


class ApplicableTo(ContractSchema):
    """``included`` less ``excluded``, or everything less ``excluded``."""

    included = fields.List(fields.Nested(ApplicableItem))
    excluded = fields.List(fields.Nested(ApplicableItem))
    included_all = Flag()


class ValidationRuleRequest(ContractSchema):
    """``rules`` are numbered, and ``rules.logic`` says how they combine: ``"1 and (2 or 3)"``."""

    name = Text()
    rules = fields.Dict()
    error = fields.Dict()
    applicable_to = fields.Nested(ApplicableTo)
    type = fields.String(validate=one_of("expression", "basic", "advanced", "complex"))
    context_type = Text()
    metadata = Metadata()


class ValidationRuleAnswer(ValidationRuleRequest):
    """A stored validation rule."""

    id = Text()
    name = Text(allow_none=True)
    applicable_to = fields.Nested(ApplicableTo, allow_none=True)
    object = fields.String(validate=one_of("validation_rules"))
    assignments_count = fields.Integer()
    created_at = Text()
    updated_at = fields.String(allow_none=True)


class ValidationRuleList(ContractSchema):
    """A page of validation rules, newest first."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("data"))
    data = fields.List(fields.Nested(ValidationRuleAnswer))
    total = fields.Integer()


class AssignmentRequest(ContractSchema):
    """What a rule is for."""

    related_object_type = fields.String(required=True, validate=one_of("voucher", "promotion_tier", "campaign"))
    related_object_id = Text(required=True)


class Assignment(AssignmentRequest):
    """A stored assignment."""

    id = Text()
    rule_id = Text()
    object = fields.String(validate=one_of("validation_rules_assignment"))
    validation_status = Text()
    created_at = Text()
    updated_at = fields.String(allow_none=True)


class AssignmentList(ContractSchema):
    """A rule's assignments."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("data"))
    data = fields.List(fields.Nested(Assignment))
    total = fields.Integer()
