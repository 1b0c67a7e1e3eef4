"""Validations on the wire: what would happen if these redeemables were redeemed."""

from __future__ import annotations

from marshmallow import fields, validate

from checkout_bridge.contract.customers import CustomerRequest
from checkout_bridge.contract.fields import ContractSchema, Metadata, Money, Text, WholeNumber, one_of
from checkout_bridge.contract.orders import CalculatedOrder, OrderRequest
from checkout_bridge.contract.stacking_rules import StackingRules

MAX_REDEEMABLES = 30
TTL_UNITS = ("NANOSECONDS", "MICROSECONDS", "MILLISECONDS", "SECONDS", "MINUTES", "HOURS", "DAYS")


class GiftCredits(ContractSchema):
    """How many credits of a gift card shall be used; without it, as many as the order takes."""

    credits = Money(minimum=1)


class RewardChoice(ContractSchema):
    """What a loyalty card is redeemed for; ``points`` to pay with, without it as many as the order takes."""

    id = Text(required=True, longest=200)
    points = WholeNumber(minimum=1)


class Redeemable(ContractSchema):
    """A voucher by its code or id, a promotion tier, or a promotion stack, which must be alone."""

    object = fields.String(required=True, validate=one_of("voucher", "promotion_tier", "promotion_stack"))
    id = Text(required=True, longest=200)
    gift = fields.Nested(GiftCredits)
    reward = fields.Nested(RewardChoice)


class SessionRequest(ContractSchema):
    """A lock on what is validated, until it is redeemed or its time is up (7 days when not told)."""

    type = fields.String(required=True, validate=one_of("LOCK"))
    key = Text(longest=200)
    ttl = WholeNumber(minimum=1, maximum=10**15)
    ttl_unit = fields.String(validate=one_of(*TTL_UNITS))


class Options(ContractSchema):
    """``expand``: what the answer tells in more detail. Without ``order`` in it no redeemable has its own order."""

    expand = fields.List(fields.String(validate=one_of("order", "redeemable", "redemption", "category")))


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
    options = fields.Nested(Options)


class CheckedRedeemable(ContractSchema):
    """A redeemable and what came of it: ``status`` APPLICABLE, INAPPLICABLE or SKIPPED, ``result`` says why."""

    status = fields.String(validate=one_of("APPLICABLE", "INAPPLICABLE", "SKIPPED"))
    id = Text()
    object = fields.String(validate=one_of("voucher", "promotion_tier"))
    order = fields.Nested(CalculatedOrder)
    result = fields.Dict()
    metadata = Metadata()
    applicable_to = fields.Dict()
    inapplicable_to = fields.Dict()
    categories = fields.List(fields.Dict())
    campaign_id = Text()
    campaign_name = Text()
    name = fields.String(allow_none=True)
    redemption = fields.Dict()


class SessionAnswer(SessionRequest):
    """The lock that was taken."""


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
