"""Campaigns on the wire: what their vouchers are like, or which promotion tiers they have."""

from __future__ import annotations

from marshmallow import fields, validate

from checkout_bridge.contract.discounts import Discount, DiscountUpdate
from checkout_bridge.contract.fields import ContractSchema, Flag, Metadata, Moment, Text, WholeNumber, one_of
from checkout_bridge.contract.promotions import TierAnswer, TierRequest
from checkout_bridge.contract.vouchers import (
    DISCOUNT,
    GIFT,
    KINDS,
    LONGEST_CODE,
    LOYALTY,
    CodeConfig,
    Gift,
    LoyaltyCard,
    RedemptionLimit,
    ValidityProperties,
    VoucherRedemption,
)

PROMOTION = "PROMOTION"
LOYALTY_PROGRAM = "LOYALTY_PROGRAM"
# Type of voucher -> the type of its campaign.
TYPE_OF_VOUCHERS = {DISCOUNT: "DISCOUNT_COUPONS", GIFT: "GIFT_VOUCHERS", LOYALTY: LOYALTY_PROGRAM}
TYPES = (*TYPE_OF_VOUCHERS.values(), PROMOTION)
AUTO_UPDATE, STATIC, STANDALONE = "AUTO_UPDATE", "STATIC", "STANDALONE"
MOST_VOUCHERS = 10_000


class CampaignVoucher(ContractSchema):
    """What a campaign's vouchers are like."""

    type = fields.String(validate=one_of(*KINDS))
    discount = fields.Nested(Discount)
    gift = fields.Nested(Gift)
    loyalty_card = fields.Nested(LoyaltyCard)
    redemption = fields.Nested(RedemptionLimit)
    code_config = fields.Nested(CodeConfig)


class Promotion(ContractSchema):
    """The tiers of a new promotion campaign."""

    tiers = fields.List(
        fields.Nested(TierRequest), validate=validate.Length(max=100, error="must have at most 100 items")
    )


class _CampaignProperties(ValidityProperties):
    description = Text(longest=5000)
    category = Text()
    category_id = Text()
    metadata = Metadata()
    activity_duration_after_publishing = Text()
    auto_join = Flag()
    join_once = Flag()


class CampaignRequest(_CampaignProperties):
    """A campaign to create; its type follows from that of its vouchers where it is left out. STATIC by default."""

    name = Text(required=True, validate=validate.Length(1, 500, error="must have from 1 to 500 characters"))
    campaign_type = fields.String(validate=one_of(*TYPES))
    type = fields.String(validate=one_of(AUTO_UPDATE, STATIC, STANDALONE))
    voucher = fields.Nested(CampaignVoucher)
    promotion = fields.Nested(Promotion)
    vouchers_count = WholeNumber(maximum=MOST_VOUCHERS)
    validation_rules = fields.List(Text())
    use_voucher_metadata_schema = Flag()
    active = Flag()


class CampaignUpdate(_CampaignProperties):
    """What may change on a campaign; a null date clears it. A changed discount is that of all its vouchers."""

    type = fields.String(validate=one_of(AUTO_UPDATE, STATIC))
    discount = fields.Nested(DiscountUpdate)
    gift = fields.Nested(Gift)
    unset_metadata_fields = fields.List(Text())


class CampaignVoucherRequest(ContractSchema):
    """In what a voucher may differ from the others of its campaign."""

    code = Text(longest=LONGEST_CODE)
    category = Text()
    start_date = Moment()
    expiration_date = Moment()
    additional_info = Text(longest=5000)
    metadata = Metadata()
    redemption = fields.Nested(RedemptionLimit)
    code_config = fields.Nested(CodeConfig)


class CampaignVoucherAnswer(CampaignVoucher):
    """What a campaign's vouchers are like, with the way in which their codes are made."""

    redemption = fields.Nested(VoucherRedemption)
    is_referral_code = fields.Boolean()


class TierList(ContractSchema):
    """Promotion tiers: all of a campaign, or a page of all."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("tiers"))
    tiers = fields.List(fields.Nested(TierAnswer))
    total = fields.Integer()
    has_more = fields.Boolean()


class CampaignAnswer(ContractSchema):
    """A stored campaign."""

    id = Text()
    name = Text()
    object = fields.String(validate=one_of("campaign"))
    campaign_type = fields.String(validate=one_of(*TYPES))
    type = fields.String(validate=one_of(AUTO_UPDATE, STATIC, STANDALONE))
    description = Text()
    active = fields.Boolean()
    start_date = fields.String(allow_none=True)
    expiration_date = fields.String(allow_none=True)
    category = fields.String(allow_none=True)
    category_id = fields.String(allow_none=True)
    categories = fields.List(fields.Dict())
    metadata = Metadata()
    voucher = fields.Nested(CampaignVoucherAnswer)
    promotion = fields.Nested(TierList)
    auto_join = fields.Boolean()
    join_once = fields.Boolean()
    use_voucher_metadata_schema = fields.Boolean()
    protected = fields.Boolean()
    readonly = fields.Boolean()
    vouchers_count = fields.Integer()
    creation_status = fields.String(validate=one_of("DONE"))
    vouchers_generation_status = fields.String(validate=one_of("DONE"))
    validation_rules_assignments = fields.Dict()
    created_at = Text()
    updated_at = fields.String(allow_none=True)


class CampaignList(ContractSchema):
    """A page of campaigns, newest first."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("campaigns"))
    campaigns = fields.List(fields.Nested(CampaignAnswer))
    total = fields.Integer()


class AsyncAction(ContractSchema):
    """The id under which work can be asked for; here it is done already."""

    async_action_id = Text()
