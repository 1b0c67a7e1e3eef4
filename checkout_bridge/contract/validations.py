"""Validations on the wire: what would happen if these redeemables were redeemed."""

from __future__ import annotations

from marshmallow import fields, validate

from checkout_bridge.contract.customers import CustomerRequest
from checkout_bridge.contract.fields import ContractSchema, Metadata, Money, Text, WholeNumber, one_of
from checkout_bridge.contract.orders import CalculatedOrder, OrderRequest

MAX_REDEEMABLES = 30
TTL_UNITS = ("NANOSECONDS", "MICROSECONDS", "MILLISECONDS", "SECONDS", "MINUTES", "HOURS", "DAYS")


class GiftCredits(ContractSchema):
    """How many credits of a gift card shall be used; without it, as many as the order takes."""

    credits = Money(minimum=1)


class Redeemable(ContractSchema):
    """A voucher by its code or id."""

    object = fields.String(required=True, validate=one_of("voucher"))
    id = Text(required=True, longest=200)
    gift = fields.Nested(GiftCredits)


class SessionRequest(ContractSchema):
    """A lock on what is validated, until it is redeemed or its time is up (7 days when not told)."""

    type = fields.String(required=True, validate=one_of("LOCK"))
    key = Text(longest=200)
    ttl = WholeNumber(minimum=1, maximum=10**15)
    ttl_unit = fields.String(validate=one_of(*TTL_UNITS))


class StackRequest(ContractSchema):
    """The body of a validation and of a redemption: 1 to 30 redeemables, and what they are for."""

    redeemables = fields.List(
        fields.Nested(Redeemable),
        required=True,
        validate=validate.Length(1, MAX_REDEEMABLES, error=f"must have from 1 to {MAX_REDEEMABLES} items"),
    )
    order = fields.Nested(OrderRequest)
    customer = fields.Nested(CustomerRequest)
    session = fields.Nested(SessionRequest)
    tracking_id = Text()
    metadata = Metadata()
    options = fields.Dict()


class CheckedRedeemable(ContractSchema):
    """A redeemable and what came of it: ``status`` APPLICABLE, INAPPLICABLE or SKIPPED, ``result`` says why."""

    status = fields.String(validate=one_of("APPLICABLE", "INAPPLICABLE", "SKIPPED"))
    id = Text()
    object = fields.String(validate=one_of("voucher"))
    order = fields.Nested(CalculatedOrder)
    result = fields.Dict()
    metadata = Metadata()
    applicable_to = fields.Dict()
    inapplicable_to = fields.Dict()


class SessionAnswer(SessionRequest):
    """The lock that was taken."""


class StackingRules(ContractSchema):
    """How redeemables combine; the same for the whole project."""

    redeemables_limit = fields.Integer()
    applicable_redeemables_limit = fields.Integer()
    applicable_redeemables_per_category_limit = fields.Integer(allow_none=True)
    applicable_redeemables_category_limits = fields.Dict()
    applicable_exclusive_redeemables_limit = fields.Integer()
    applicable_exclusive_redeemables_per_category_limit = fields.Integer(allow_none=True)
    exclusive_categories = fields.List(fields.String())
    joint_categories = fields.List(fields.String())
    redeemables_application_mode = fields.String()
    redeemables_sorting_rule = fields.String()
    redeemables_products_application_mode = fields.String()
    redeemables_no_effect_rule = fields.String()
    no_effect_skip_categories = fields.List(fields.String())
    no_effect_redeem_anyway_categories = fields.List(fields.String())
    redeemables_rollback_order_mode = fields.String()


class ValidationAnswer(ContractSchema):
    """Whether the redeemables apply, and the order they would make."""

    id = Text()
    valid = fields.Boolean(required=True)
    redeemables = fields.List(fields.Nested(CheckedRedeemable))
    inapplicable_redeemables = fields.List(fields.Nested(CheckedRedeemable))
    skipped_redeemables = fields.List(fields.Nested(CheckedRedeemable))
    order = fields.Nested(CalculatedOrder)
    tracking_id = Text()
    session = fields.Nested(SessionAnswer)
    stacking_rules = fields.Nested(StackingRules)
