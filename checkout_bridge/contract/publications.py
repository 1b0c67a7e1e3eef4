"""Publications on the wire: which customer was given which vouchers."""

from __future__ import annotations

from marshmallow import fields

from checkout_bridge.contract.customers import CustomerAnswer, CustomerRequest
from checkout_bridge.contract.fields import ContractSchema, Metadata, Text, WholeNumber, one_of
from checkout_bridge.contract.vouchers import VoucherAnswer

MOST_PUBLISHED = 50


class PublishedCampaign(ContractSchema):
    """The campaign to publish ``count`` vouchers of; its ``name`` may be its id."""

    name = Text(required=True)
    count = WholeNumber(minimum=1)


class PublicationBase(ContractSchema):
    """To whom, and what is to be kept of it. A ``source_id`` is used once."""

    customer = fields.Nested(CustomerRequest, required=True)
    metadata = Metadata()
    channel = Text()
    source_id = Text()


class PublicationRequest(PublicationBase):
    """Either a voucher, or vouchers of a campaign, to give to a customer."""

    voucher = Text()
    campaign = fields.Nested(PublishedCampaign)


class PublicationAnswer(ContractSchema):
    """A publication: with its ``voucher``, or with ``vouchers`` where several were asked for (codes)."""

    id = Text()
    object = fields.String(validate=one_of("publication"))
    created_at = Text()
    customer_id = Text()
    tracking_id = fields.String(allow_none=True)
    metadata = Metadata()
    channel = Text()
    source_id = fields.String(allow_none=True)
    result = fields.String(validate=one_of("SUCCESS"))
    customer = fields.Nested(CustomerAnswer)
    vouchers_id = fields.List(Text())
    voucher = fields.Nested(VoucherAnswer)
    vouchers = fields.List(Text())


class PublicationList(ContractSchema):
    """A page of publications, newest first."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("publications"))
    publications = fields.List(fields.Nested(PublicationAnswer))
    total = fields.Integer()
