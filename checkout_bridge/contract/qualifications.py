"""Qualifications on the wire: which redeemables a customer could use on an order, each looked at alone."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields

from checkout_bridge.contract.customers import CustomerRequest
from checkout_bridge.contract.fields import ContractSchema, Metadata, Text, WholeNumber, one_of, parse_moment
from checkout_bridge.contract.orders import CalculatedOrder, OrderRequest
from checkout_bridge.contract.stacking_rules import StackingRules

WALLET, AUDIENCE, STACKS = "CUSTOMER_WALLET", "AUDIENCE_ONLY", "PROMOTION_STACKS"
PRODUCTS, PRODUCTS_DISCOUNT = "PRODUCTS", "PRODUCTS_DISCOUNT"
OF_PRODUCTS = (PRODUCTS, PRODUCTS_DISCOUNT, f"{PRODUCTS}_BY_CUSTOMER", f"{PRODUCTS_DISCOUNT}_BY_CUSTOMER")
SCENARIOS = ("ALL", WALLET, AUDIENCE, *OF_PRODUCTS, STACKS)
BEST_DEAL, LEAST_DEAL = "BEST_DEAL", "LEAST_DEAL"
CAMPAIGN, VOUCHER, TIER, STACK = "campaign", "voucher", "promotion_tier", "promotion_stack"
FILTERED = (
    *("category_id", "campaign_id", "campaign_type", "resource_id", "resource_type"),
    *("voucher_type", "code", "holder_role"),
)
MOST, USUAL = 50, 5


class _Cursor(fields.String):
    """Where a page ended: an ISO 8601 time, normalised to UTC with microseconds, which ``more_starting_after`` uses."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"format": "date-time"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        try:
            return parse_moment(value).isoformat(timespec="microseconds").replace("+00:00", "Z")
        except (TypeError, ValueError, OverflowError):
            raise ValidationError("must be a valid ISO 8601 date") from None


class QualificationOptions(ContractSchema):
    """How many, which, in what order, and in what detail.

    ``filters`` is ``{junction, <field>: {conditions: {$is | $is_not | $in | $not_in: [values]}}}`` on the fields
    category_id, campaign_id, campaign_type, resource_id, resource_type, voucher_type, code and holder_role.
    """

    limit = WholeNumber(minimum=1, maximum=MOST)
    starting_after = _Cursor()
    filters = fields.Dict()
    expand = fields.List(fields.String(validate=one_of("redeemable", "category", "validation_rules")))
    sorting_rule = fields.String(validate=one_of("DEFAULT", BEST_DEAL, LEAST_DEAL))


class QualificationSession(ContractSchema):
    """With it, gift cards tell what sessions hold of them."""

    type = fields.String(validate=one_of("LOCK"))


class QualificationRequest(ContractSchema):
    """Who asks, for which order, and for which of what there is (``ALL`` when not told)."""

    customer = fields.Nested(CustomerRequest)
    order = fields.Nested(OrderRequest)
    tracking_id = Text()
    scenario = fields.String(validate=one_of(*SCENARIOS))
    options = fields.Nested(QualificationOptions)
    session = fields.Nested(QualificationSession)
    metadata = Metadata()


class QualifiedBase(ContractSchema):
    """What applies, what it takes off, and the order after it. ``id`` of a voucher is its code."""

    id = Text()
    object = fields.String(validate=one_of(CAMPAIGN, VOUCHER, TIER, STACK))
    created_at = Text()
    result = fields.Dict()
    order = fields.Nested(CalculatedOrder)
    applicable_to = fields.Dict()
    inapplicable_to = fields.Dict()
    metadata = Metadata()
    categories = fields.List(fields.Dict())
    name = fields.String(allow_none=True)
    banner = fields.String(allow_none=True)
    campaign_name = Text()
    campaign_id = Text()
    validation_rules_assignments = fields.Dict()


class Qualified(QualifiedBase):
    """The same; a promotion stack has its tiers in ``redeemables``."""

    redeemables = fields.List(fields.Nested(QualifiedBase))


class QualifiedList(ContractSchema):
    """A page. ``total`` is how many are on it; ``more_starting_after`` is there when there may be more."""

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("data"))
    data = fields.List(fields.Nested(Qualified))
    total = fields.Integer()
    has_more = fields.Boolean()
    more_starting_after = Text()


class QualificationAnswer(ContractSchema):
    """What applies, and the order as it is now."""

    redeemables = fields.Nested(QualifiedList, required=True)
    tracking_id = Text()
    order = fields.Nested(CalculatedOrder)
    stacking_rules = fields.Nested(StackingRules)
