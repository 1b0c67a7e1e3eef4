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
    """A stored customer. Properties that were never given are left out."""

    object = fields.String(validate=one_of("customer"))
    created_at = Text()
    updated_at = fields.String(allow_none=True)


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
