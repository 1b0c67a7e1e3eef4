"""Rewards on the wire: what points of a loyalty card buy, and in which campaigns."""

from __future__ import annotations

import math
from typing import Any

from marshmallow import ValidationError, fields

from checkout_bridge.contract.fields import ContractSchema, Flag, Metadata, Text, WholeNumber, one_of


class Ratio(fields.Float):
    """A number above 0, kept as written; some SDKs send it as text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        number = _number_in(value) if isinstance(value, str) else value
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 < number <= 10**9:
            raise ValidationError("must be number above 0 and up to 1000000000")
        return number


class RewardCoin(ContractSchema):
    """Every ``points_ratio`` points pay ``exchange_ratio``, which is in major units of money."""

    exchange_ratio = Ratio(required=True)
    points_ratio = WholeNumber(minimum=1, lenient=True, load_default=1)


class RewardProduct(ContractSchema):
    """The product, or the SKU of it, that one gets."""

    id = Text(required=True)
    sku_id = Text()


class RewardParameters(ContractSchema):
    """One of them, by the type of the reward."""

    coin = fields.Nested(RewardCoin)
    product = fields.Nested(RewardProduct)
    campaign = fields.Dict()


class RewardAttributes(ContractSchema):
    """How a material reward is shown."""

    image_url = Text(longest=2000)
    description = Text(longest=5000)


class RewardUpdate(ContractSchema):
    """What may change of a reward; its type stays."""

    name = Text()
    type = fields.String(validate=one_of("COIN", "MATERIAL", "CAMPAIGN"))
    parameters = fields.Nested(RewardParameters)
    stock = WholeNumber()
    attributes = fields.Nested(RewardAttributes)
    metadata = Metadata()


class RewardRequest(RewardUpdate):
    """A reward to create; its type follows from its parameters."""

    parameters = fields.Nested(RewardParameters, required=True)


class RewardAnswer(RewardUpdate):
    """A stored reward; ``redeemed`` counts how often it was had."""

    id = Text()
    name = Text(allow_none=True)
    stock = WholeNumber(allow_none=True)
    redeemed = fields.Integer()
    object = fields.String(validate=one_of("reward"))
    created_at = Text()
    updated_at = fields.String(allow_none=True)


class RewardList(ContractSchema):
    """A page of rewards, newest first."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("data"))
    data = fields.List(fields.Nested(RewardAnswer))
    total = fields.Integer()


class RewardPrice(ContractSchema):
    """What a material reward costs, in points."""

    points = WholeNumber(minimum=1)
    auto_redeem = Flag()


class RewardAssignmentParameters(ContractSchema):
    """The price in a loyalty campaign."""

    loyalty = fields.Nested(RewardPrice, required=True)


class RewardAssignmentUpdate(ContractSchema):
    """What may change of an assignment."""

    parameters = fields.Nested(RewardAssignmentParameters)
    validation_rules = fields.List(Text())


class CampaignAssignmentRequest(RewardAssignmentUpdate):
    """A reward to have in the campaign at hand."""

    reward = Text(required=True)


class RewardAssignmentRequest(RewardAssignmentUpdate):
    """A campaign, by id or name, in which to have the reward at hand."""

    campaign = Text(required=True)


class RewardAssignmentAnswer(ContractSchema):
    """A stored assignment."""

    id = Text()
    reward_id = Text()
    related_object_id = Text()
    related_object_type = fields.String(validate=one_of("campaign"))
    parameters = fields.Nested(RewardAssignmentParameters)
    object = fields.String(validate=one_of("reward_assignment"))
    created_at = Text()
    updated_at = fields.String(allow_none=True)


class RewardAssignmentList(ContractSchema):
    """A page of assignments, newest first."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("data"))
    data = fields.List(fields.Nested(RewardAssignmentAnswer))
    total = fields.Integer()


def _number_in(text: str) -> int | float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() else number
