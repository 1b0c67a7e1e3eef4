"""Vouchers on the wire: discount coupons, gift cards and loyalty cards. Amounts are integer minor units."""

from __future__ import annotations

from marshmallow import fields, validate

from checkout_bridge.contract.discounts import Discount, DiscountUpdate
from checkout_bridge.contract.fields import (
    ContractSchema,
    Flag,
    Metadata,
    Moment,
    Money,
    Text,
    WholeNumber,
    one_of,
)

DISCOUNT = "DISCOUNT_VOUCHER"
GIFT = "GIFT_VOUCHER"
LOYALTY = "LOYALTY_CARD"
KINDS = (DISCOUNT, GIFT, LOYALTY)
LONGEST_CODE = 200


class Gift(ContractSchema):
    """A gift card's money: ``amount`` is all that was ever put on it, ``balance`` what is left."""

    amount = Money()
    balance = Money()
    effect = fields.String(validate=one_of("APPLY_TO_ORDER", "APPLY_TO_ITEMS"))


class LoyaltyCard(ContractSchema):
    """The points that a card starts with."""

    points = WholeNumber(required=True)


class RedemptionLimit(ContractSchema):
    """How often a voucher may be redeemed; no quantity means without limit."""

    quantity = WholeNumber(maximum=10**9)


class CodeConfig(ContractSchema):
    """How a random code looks; in ``pattern`` each ``#`` is random, and it overrides ``length``."""

    length = WholeNumber(minimum=1, maximum=100)
    charset = Text(validate=validate.Length(2, 200, error="must have from 2 to 200 characters"))
    prefix = Text(longest=50)
    postfix = Text(longest=50)
    pattern = Text(longest=100)


class ValidityProperties(ContractSchema):
    """When something may be used: between two moments, and within that time at recurring times, days and hours.

    ``validity_timeframe`` is ``{interval, duration}`` in ISO 8601; ``validity_day_of_week`` numbers from 0, Sunday;
    ``validity_hours`` is ``{daily: [{start_time, expiration_time, days_of_week}]}``.
    """

    start_date = Moment()
    expiration_date = Moment()
    validity_timeframe = fields.Dict()
    validity_day_of_week = fields.List(WholeNumber(maximum=6))
    validity_hours = fields.Dict()


class _VoucherProperties(ValidityProperties):
    category = Text()
    category_id = Text()
    active = Flag()
    additional_info = Text(longest=5000)
    metadata = Metadata()


class VoucherRequest(_VoucherProperties):
    """A voucher to create. Without ``type`` it is a discount coupon, or what its campaign says.

    In a campaign (``campaign``: its name, or ``campaign_id``) it is like the campaign's vouchers, but for what is sent.
    """

    code = Text(longest=LONGEST_CODE)
    type = fields.String(validate=one_of(*KINDS))
    campaign = Text()
    campaign_id = Text()
    discount = fields.Nested(Discount)
    gift = fields.Nested(Gift)
    loyalty_card = fields.Nested(LoyaltyCard)
    validation_rules = fields.List(Text())
    redemption = fields.Nested(RedemptionLimit)
    code_config = fields.Nested(CodeConfig)


class VoucherUpdate(_VoucherProperties):
    """What may change on a voucher; a null date clears it, a null quantity lifts the limit."""

    discount = fields.Nested(DiscountUpdate)
    gift = fields.Nested(Gift)
    redemption = fields.Nested(RedemptionLimit)


class VoucherRedemption(ContractSchema):
    """How often a voucher was redeemed and may be; ``redeemed_amount`` on gift cards, ``redeemed_points`` on others."""

    object = fields.String()
    quantity = fields.Integer(allow_none=True)
    redeemed_quantity = fields.Integer()
    redeemed_amount = fields.Integer()
    redeemed_points = fields.Integer()
    url = fields.String()


class LoyaltyCardAnswer(LoyaltyCard):
    """A card's points: all that were ever added, and what is left of them."""

    balance = fields.Integer()
    next_expiration_date = fields.String(allow_none=True)
    next_expiration_points = fields.Integer(allow_none=True)
    pending_points = fields.Integer()
    subtracted_points = fields.Integer()
    expired_points = fields.Integer()


class VoucherAnswer(ContractSchema):
    """A stored voucher. ``redemption.quantity`` null means without limit."""

    id = Text()
    object = fields.String(validate=one_of("voucher"))
    code = Text()
    type = fields.String(validate=one_of(*KINDS))
    campaign = fields.String(allow_none=True)
    campaign_id = fields.String(allow_none=True)
    category = fields.String(allow_none=True)
    category_id = fields.String(allow_none=True)
    categories = fields.List(fields.Dict())
    start_date = fields.String(allow_none=True)
    expiration_date = fields.String()
    validity_timeframe = fields.Dict()
    validity_day_of_week = fields.List(fields.Integer())
    validity_hours = fields.Dict()
    active = fields.Boolean()
    additional_info = fields.String(allow_none=True)
    metadata = Metadata()
    discount = fields.Nested(Discount)
    gift = fields.Nested(Gift)
    loyalty_card = fields.Nested(LoyaltyCardAnswer)
    holder_id = fields.String(allow_none=True)
    publish = fields.Dict()
    validation_rules_assignments = fields.Dict()
    redemption = fields.Nested(VoucherRedemption)
    created_at = Text()
    updated_at = fields.String(allow_none=True)


class VoucherList(ContractSchema):
    """A page of vouchers, newest first."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("vouchers"))
    vouchers = fields.List(fields.Nested(VoucherAnswer))
    total = fields.Integer()
