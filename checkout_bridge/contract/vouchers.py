"""Vouchers on the wire: discount coupons and gift cards. Amounts are integer minor units."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from checkout_bridge.contract.fields import (
    ContractSchema,
    Flag,
    Metadata,
    Moment,
    Money,
    Percentage,
    Text,
    WholeNumber,
    one_of,
)

DISCOUNT = "DISCOUNT_VOUCHER"
GIFT = "GIFT_VOUCHER"
LONGEST_CODE = 200


ITEM_EFFECTS = (
    "APPLY_TO_ITEMS",
    "APPLY_TO_ITEMS_PROPORTIONALLY",
    "APPLY_TO_ITEMS_PROPORTIONALLY_BY_QUANTITY",
    "APPLY_TO_ITEMS_BY_QUANTITY",
)
UNIT_EFFECTS = ("ADD_MISSING_ITEMS", "ADD_NEW_ITEMS", "ADD_MANY_ITEMS", "REPLACE_ITEMS")
# Type -> the property that says how much, and the effects it may have.
DISCOUNT_TYPES = {
    "AMOUNT": ("amount_off", ("APPLY_TO_ORDER", *ITEM_EFFECTS)),
    "PERCENT": ("percent_off", ("APPLY_TO_ORDER", "APPLY_TO_ITEMS")),
    "FIXED": ("fixed_amount", ("APPLY_TO_ORDER", "APPLY_TO_ITEMS")),
    "UNIT": ("unit_off", UNIT_EFFECTS),
}


class FreeUnits(ContractSchema):
    """Free pieces of one product or SKU: one of several in ``units``."""

    unit_off = WholeNumber(required=True, minimum=1, maximum=10**6)
    unit_type = Text(required=True)
    effect = fields.String(validate=one_of("ADD_MISSING_ITEMS", "ADD_NEW_ITEMS"))


class Discount(ContractSchema):
    """What a coupon is worth: ``{type: AMOUNT, amount_off}``, ``{type: PERCENT, percent_off, amount_limit?}``,
    ``{type: FIXED, fixed_amount}`` or ``{type: UNIT, unit_off, unit_type}``; ``effect`` says on what.
    """

    type = fields.String(required=True, validate=one_of(*DISCOUNT_TYPES))
    amount_off = Money()
    percent_off = Percentage()
    amount_limit = Money()
    aggregated_amount_limit = Money()
    fixed_amount = Money()
    unit_off = WholeNumber(minimum=1, maximum=10**6)
    unit_type = Text()
    units = fields.List(
        fields.Nested(FreeUnits), validate=validate.Length(1, 100, error="must have from 1 to 100 items")
    )
    effect = Text()

    @validates_schema
    def _fits_its_type(self, data: dict[str, Any], **_: Any) -> None:
        needed, effects = DISCOUNT_TYPES[data["type"]]
        if data.get("effect", effects[0]) not in effects:
            message = f"must be equal to one of the allowed values: {', '.join(effects)}"
            raise ValidationError({"effect": [message]})
        if data.get("effect") == "ADD_MANY_ITEMS":
            needed = "units"
        elif data["type"] == "UNIT" and "unit_type" not in data:
            raise ValidationError({"unit_type": ["Missing data for required field."]})
        if needed not in data:
            raise ValidationError({needed: ["Missing data for required field."]})


class Gift(ContractSchema):
    """A gift card's money: ``amount`` is all that was ever put on it, ``balance`` what is left."""

    amount = Money()
    balance = Money()
    effect = fields.String(validate=one_of("APPLY_TO_ORDER", "APPLY_TO_ITEMS"))


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


class _VoucherProperties(ContractSchema):
    category = Text()
    start_date = Moment()
    expiration_date = Moment()
    active = Flag()
    additional_info = Text(longest=5000)
    metadata = Metadata()


class VoucherRequest(_VoucherProperties):
    """A voucher to create. Without ``type`` it is a discount coupon."""

    code = Text(longest=LONGEST_CODE)
    type = fields.String(validate=one_of(DISCOUNT, GIFT))
    discount = fields.Nested(Discount)
    gift = fields.Nested(Gift)
    redemption = fields.Nested(RedemptionLimit)
    code_config = fields.Nested(CodeConfig)


class DiscountUpdate(Discount):
    """What may change on a discount; its type may not."""

    type = fields.String(validate=one_of(*DISCOUNT_TYPES))

    @validates_schema
    def _fits_its_type(self, data: dict[str, Any], **_: Any) -> None:
        """What was not sent stays."""


class VoucherUpdate(_VoucherProperties):
    """What may change on a voucher; a null date clears it, a null quantity lifts the limit."""

    discount = fields.Nested(DiscountUpdate)
    gift = fields.Nested(Gift)
    redemption = fields.Nested(RedemptionLimit)


class VoucherRedemption(ContractSchema):
    """How often a voucher was redeemed and may be; ``redeemed_amount`` on gift cards."""

    object = fields.String()
    quantity = fields.Integer(allow_none=True)
    redeemed_quantity = fields.Integer()
    redeemed_amount = fields.Integer()
    url = fields.String()


class VoucherAnswer(ContractSchema):
    """A stored voucher. ``redemption.quantity`` null means without limit."""

    id = Text()
    object = fields.String(validate=one_of("voucher"))
    code = Text()
    type = fields.String(validate=one_of(DISCOUNT, GIFT))
    category = fields.String(allow_none=True)
    start_date = fields.String(allow_none=True)
    expiration_date = fields.String()
    active = fields.Boolean()
    additional_info = fields.String(allow_none=True)
    metadata = Metadata()
    discount = fields.Nested(Discount)
    gift = fields.Nested(Gift)
    redemption = fields.Nested(VoucherRedemption)
    created_at = Text()
    updated_at = fields.String(allow_none=True)


class VoucherList(ContractSchema):
    """A page of vouchers, newest first."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("vouchers"))
    vouchers = fields.List(fields.Nested(VoucherAnswer))
    total = fields.Integer()


class BalanceRequest(ContractSchema):
    """Credits to put on a gift card, or to take off when negative. A ``source_id`` makes it happen once."""

    amount = Money(required=True, minimum=-(10**15))
    source_id = Text()
    reason = Text()


class BalanceAnswer(ContractSchema):
    """What a gift card holds after its balance was changed."""

    amount = fields.Integer()
    total = fields.Integer()
    balance = fields.Integer()
    type = fields.String(validate=one_of("gift_voucher"))
    operation_type = fields.String(validate=one_of("MANUAL"))
    object = fields.String(validate=one_of("balance"))
    related_object = fields.Dict()


class Transaction(ContractSchema):
    """One movement on a gift card."""

    id = Text()
    voucher_id = Text()
    type = Text()
    source_id = fields.String(allow_none=True)
    source = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    details = fields.Dict()
    created_at = Text()


class TransactionList(ContractSchema):
    """Movements on a gift card, newest first."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("data"))
    data = fields.List(fields.Nested(Transaction))
    has_more = fields.Boolean()
    more_starting_after = fields.String()
