"""Promotion tiers and stacks on the wire: discounts that need no code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, pre_load, validate

from checkout_bridge.contract.discounts import Discount, DiscountUpdate
from checkout_bridge.contract.fields import ContractSchema, Flag, Metadata, Text, WholeNumber, one_of
from checkout_bridge.contract.vouchers import ValidityProperties

MOST_STACKED = 30


def _wrapped(data: Any) -> Any:
    """An action, also when it came without its ``discount`` wrapper."""
    is_bare = isinstance(data, Mapping) and "discount" not in data and "type" in data
    return {"discount": data} if is_bare else data


class Action(ContractSchema):
    """What a tier does: ``{discount}``, or the discount itself."""

    discount = fields.Nested(Discount, required=True)

    @pre_load
    def _wrap(self, data: Any, **_: Any) -> Any:
        return _wrapped(data)


class ActionUpdate(ContractSchema):
    """What may change of what a tier does."""

    discount = fields.Nested(DiscountUpdate)

    @pre_load
    def _wrap(self, data: Any, **_: Any) -> Any:
        return _wrapped(data)


class _TierProperties(ValidityProperties):
    banner = Text()
    category = Text()
    category_id = Text()
    hierarchy = WholeNumber(maximum=10**6)
    metadata = Metadata()


class TierRequest(_TierProperties):
    """A tier to create; without ``hierarchy`` it comes after the others of its campaign."""

    name = Text(required=True)
    action = fields.Nested(Action, required=True)
    active = Flag()
    validation_rules = fields.List(Text())


class TierUpdate(_TierProperties):
    """What may change on a tier; a null date clears it."""

    name = Text()
    action = fields.Nested(ActionUpdate)


class TierAnswer(ContractSchema):
    """A stored tier, with its campaign and with what was redeemed of it."""

    id = Text()
    object = fields.String(validate=one_of("promotion_tier"))
    name = Text()
    banner = fields.String(allow_none=True)
    action = fields.Nested(Action)
    hierarchy = fields.Integer()
    metadata = Metadata()
    active = fields.Boolean()
    start_date = fields.String(allow_none=True)
    expiration_date = fields.String(allow_none=True)
    validity_timeframe = fields.Dict()
    validity_day_of_week = fields.List(fields.Integer())
    validity_hours = fields.Dict()
    campaign = fields.Dict()
    campaign_id = Text()
    promotion_id = Text()
    category_id = fields.String(allow_none=True)
    categories = fields.List(fields.Dict())
    summary = fields.Dict()
    validation_rule_assignments = fields.Dict()
    created_at = Text()
    updated_at = fields.String(allow_none=True)


class StackedTiers(ContractSchema):
    """The tiers of a stack, in the order in which they apply."""

    ids = fields.List(
        Text(),
        required=True,
        validate=validate.Length(1, MOST_STACKED, error=f"must have from 1 to {MOST_STACKED} items"),
    )
    hierarchy_mode = fields.String(validate=one_of("MANUAL"))


class PromotionStackRequest(ContractSchema):
    """A stack to create: tiers of one campaign that are redeemed together."""

    name = Text(required=True)
    tiers = fields.Nested(StackedTiers, required=True)
    category_id = Text()


class PromotionStackUpdate(ContractSchema):
    """What may change on a stack."""

    name = Text()
    tiers = fields.Nested(StackedTiers)
    category_id = Text()


class PromotionStackAnswer(ContractSchema):
    """A stored stack."""

    id = Text()
    object = fields.String(validate=one_of("promotion_stack"))
    name = Text()
    tiers = fields.Nested(StackedTiers)
    campaign_id = Text()
    category_id = fields.String(allow_none=True)
    categories = fields.List(fields.Dict())
    created_at = Text()
    updated_at = fields.String(allow_none=True)


class PromotionStackList(ContractSchema):
    """Stacks of a campaign, or a page of all."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("data"))
    data = fields.List(fields.Nested(PromotionStackAnswer))
    total = fields.Integer()
