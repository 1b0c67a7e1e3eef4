"""Redemptions and rollbacks on the wire. Credits are integer minor units, negative where they are given back."""

from __future__ import annotations

from marshmallow import fields

from checkout_bridge.contract.customers import CustomerRequest, SimpleCustomer
from checkout_bridge.contract.fields import ContractSchema, Metadata, Text, one_of
from checkout_bridge.contract.orders import CalculatedOrder, OrderAnswer, OrderRequest
from checkout_bridge.contract.validations import CheckedRedeemable
from checkout_bridge.contract.vouchers import VoucherAnswer


class RollbackRequest(ContractSchema):
    """Why a redemption is rolled back. ``order`` and ``customer`` only cross-check that they are the redemption's."""

    reason = Text()
    tracking_id = Text()
    customer = fields.Nested(CustomerRequest)
    order = fields.Nested(OrderRequest)
    metadata = Metadata()


class _Entry(ContractSchema):
    id = Text()
    date = Text()
    customer_id = fields.String(allow_none=True)
    tracking_id = fields.String(allow_none=True)
    metadata = fields.Dict(allow_none=True)
    amount = fields.Integer()
    redemption = fields.String(allow_none=True)
    result = fields.String(validate=one_of("SUCCESS", "FAILURE"))
    order = fields.Nested(OrderAnswer, allow_none=True)
    channel = fields.Dict()
    customer = fields.Nested(SimpleCustomer, allow_none=True)
    related_object_type = fields.String(validate=one_of("voucher", "promotion_tier", "redemption"))
    related_object_id = Text()
    failure_code = Text()
    failure_message = Text()
    voucher = fields.Nested(VoucherAnswer)
    promotion_tier = fields.Dict()
    gift = fields.Dict()
    loyalty_card = fields.Dict()
    reward = fields.Dict()
    related_redemptions = fields.Dict()


class RedemptionAnswer(_Entry):
    """A redemption; ``redemption`` is its parent's id when it is part of a stack."""

    object = fields.String(validate=one_of("redemption"))
    status = fields.String(validate=one_of("SUCCEEDED", "FAILED", "ROLLED_BACK"))
    session = fields.Dict()


class RollbackAnswer(_Entry):
    """A rollback; ``redemption`` is the id of what was rolled back."""

    object = fields.String(validate=one_of("redemption_rollback"))
    status = fields.String(validate=one_of("SUCCEEDED", "FAILED"))
    reason = fields.String(allow_none=True)


class FoundRedemption(RedemptionAnswer):
    """What has this id: a redemption or a rollback; ``object`` tells which."""

    object = fields.String(validate=one_of("redemption", "redemption_rollback"))
    reason = fields.String(allow_none=True)


class RedeemAnswer(ContractSchema):
    """What was redeemed; ``parent_redemption`` only when there were two or more."""

    redemptions = fields.List(fields.Nested(RedemptionAnswer))
    parent_redemption = fields.Nested(RedemptionAnswer)
    order = fields.Nested(CalculatedOrder)
    inapplicable_redeemables = fields.List(fields.Nested(CheckedRedeemable))
    skipped_redeemables = fields.List(fields.Nested(CheckedRedeemable))


class RollbacksAnswer(ContractSchema):
    """What was rolled back of a stack."""

    rollbacks = fields.List(fields.Nested(RollbackAnswer))
    parent_rollback = fields.Nested(RollbackAnswer)
    order = fields.Nested(CalculatedOrder)


class VoucherRedemptions(ContractSchema):
    """The redemptions and rollbacks of a voucher, newest first."""

    quantity = fields.Integer(allow_none=True)
    redeemed_quantity = fields.Integer()
    object = fields.String(validate=one_of("list"))
    url = fields.String()
    data_ref = fields.String(validate=one_of("redemption_entries"))
    total = fields.Integer()
    redemption_entries = fields.List(fields.Dict())
