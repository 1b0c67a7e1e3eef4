"""Loyalty programs on the wire: campaigns of loyalty cards, and their members."""

from __future__ import annotations

from marshmallow import fields

from checkout_bridge.contract.campaigns import CampaignRequest
from checkout_bridge.contract.fields import Text, one_of
from checkout_bridge.contract.publications import PublicationBase


class LoyaltyRequest(CampaignRequest):
    """A loyalty program to create."""

    campaign_type = fields.String(validate=one_of("LOYALTY_PROGRAM"))


class MemberRequest(PublicationBase):
    """A customer to make a member: with the card of this code, or with any card of the program."""

    voucher = Text()
