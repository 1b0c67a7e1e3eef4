"""Customers on the wire: the request, the answer, and the short form inside other bodies."""

from __future__ import annotations

from marshmallow import fields

from checkout_bridge.contract.fields import ContractSchema, Metadata, Text, one_of


class CustomerRequest(ContractSchema):
    """A customer to create or update: by ``id`` or ``source_id``; ``id`` wins when both are sent."""

    id = Text()
    source_id = Text()
    name = Text()
    email = Text()
    phone = Text()
    description = Text(longest=5000)
    address = fields.Dict()
    birthdate = Text()
    birthday = Text()
    metadata = Metadata()


class CustomerAnswer(CustomerRequest):
    """A stored customer. Properties that were never given are left out.

    ``summary`` is ``{redemptions{total_redeemed, total_failed, total_succeeded, total_rolled_back,
    total_rollback_failed, total_rollback_succeeded, gift{redeemed_amount, amount_to_go}, loyalty_card{redeemed_points,
    points_to_go}}, orders{total_amount, total_count, average_amount, last_order_amount, last_order_date}}``, of orders
    that are paid or fulfilled; ``loyalty`` is ``{points, referred_customers, campaigns{<name>: {points,
    referred_customers}}}``.
    """

    object = fields.String(validate=one_of("customer"))
    source_id = Text(allow_none=True)
    summary = fields.Dict()
    loyalty = fields.Dict()
    referrals = fields.Dict()
    created_at = Text()
    updated_at = fields.String(allow_none=True)


class CustomerList(ContractSchema):
    """A page of customers, newest first unless asked for otherwise."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("customers"))
    customers = fields.List(fields.Nested(CustomerAnswer))
    total = fields.Integer()
    has_more = fields.Boolean()


class PermanentDeletion(ContractSchema):
    """What was deleted with a customer; the contract spells ``object`` so."""

    id = Text()
    created_at = Text()
    related_object_id = Text()
    related_object = fields.String(validate=one_of("customer"))
    status = fields.String(validate=one_of("DONE"))
    data_json = fields.Dict()
    object = fields.String(validate=one_of("pernament_deletion"))


class CustomerId(ContractSchema):
    """The short form inside orders."""

    id = Text()
    object = fields.String(validate=one_of("customer"))


class SimpleCustomer(ContractSchema):
    """The form inside redemptions."""

    id = Text()
    name = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    source_id = fields.String(allow_none=True)
    metadata = Metadata()
    object = fields.String(validate=one_of("customer"))
