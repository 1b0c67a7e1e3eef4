"""Lists of redemptions on the wire."""

from __future__ import annotations

from marshmallow import fields

from checkout_bridge.contract.fields import ContractSchema, one_of
from checkout_bridge.contract.redemptions import FoundRedemption


class RedemptionList(ContractSchema):
    """A page of redemptions and rollbacks, also of those that failed; newest first unless asked for otherwise."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("redemptions"))
    redemptions = fields.List(fields.Nested(FoundRedemption))
    total = fields.Integer()
