"""Balances on the wire: credits of gift cards and points of loyalty cards, and the list of their movements."""

from __future__ import annotations

from marshmallow import fields

from checkout_bridge.contract.fields import ContractSchema, Moment, Money, Text, WholeNumber, one_of


class BalanceRequest(ContractSchema):
    """Credits, or points, to put on a card, or to take off when negative. A ``source_id`` makes it happen once."""

    amount = Money(required=True, minimum=-(10**15))
    source_id = Text()
    reason = Text()


class PointsRequest(ContractSchema):
    """Points to put on a loyalty card, or to take off when negative; here they do not expire."""

    points = WholeNumber(required=True, minimum=-(10**15))
    expiration_type = fields.String(validate=one_of("PROGRAM_RULES", "CUSTOM_DATE", "NON_EXPIRING"))
    expiration_date = Moment()
    source_id = Text()
    reason = Text()


class _Balance(ContractSchema):
    total = fields.Integer()
    balance = fields.Integer()
    type = fields.String(validate=one_of("gift_voucher", "loyalty_card"))
    operation_type = fields.String(validate=one_of("MANUAL"))
    object = fields.String(validate=one_of("balance"))
    related_object = fields.Dict()


class BalanceAnswer(_Balance):
    """What a card holds after its balance was changed by ``amount``."""

    amount = fields.Integer()


class PointsAnswer(_Balance):
    """What a loyalty card holds after its balance was changed by ``points``."""

    points = fields.Integer()


class Transaction(ContractSchema):
    """One movement on a card."""

    id = Text()
    voucher_id = Text()
    campaign_id = fields.String(allow_none=True)
    type = Text()
    source_id = fields.String(allow_none=True)
    source = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    details = fields.Dict()
    created_at = Text()


class TransactionList(ContractSchema):
    """Movements on a card, newest first."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("data"))
    data = fields.List(fields.Nested(Transaction))
    has_more = fields.Boolean()
    more_starting_after = fields.String()
