"""Orders on the wire. Amounts are integer minor units."""

from __future__ import annotations

from marshmallow import fields, validate

from checkout_bridge.contract.customers import CustomerId, CustomerRequest
from checkout_bridge.contract.fields import ContractSchema, Flag, Metadata, Moment, Money, Text, WholeNumber, one_of

MAX_ITEMS = 500
# Orders in one import.
MAX_IMPORTED = 2000
STATUSES = ("CREATED", "PAID", "CANCELED", "FULFILLED")


class ItemProduct(ContractSchema):
    """Product facts sent inside a line, for this calculation only or, with ``override``, to be kept."""

    id = Text()
    source_id = Text()
    override = Flag()
    name = Text()
    metadata = Metadata()
    price = Money()


class ItemSku(ContractSchema):
    """SKU facts sent inside a line, for this calculation only or, with ``override``, to be kept."""

    id = Text()
    source_id = Text()
    override = Flag()
    sku = Text()
    metadata = Metadata()
    price = Money()


class OrderItemRequest(ContractSchema):
    """A line item. Its amount is the given one, else price times quantity."""

    source_id = Text()
    related_object = fields.String(validate=one_of("product", "sku"))
    product_id = Text()
    sku_id = Text()
    quantity = WholeNumber(lenient=True, maximum=10**9)
    discount_quantity = WholeNumber(lenient=True, maximum=10**9)
    initial_quantity = WholeNumber(lenient=True, maximum=10**9)
    amount = Money()
    discount_amount = Money()
    initial_amount = Money()
    price = Money()
    product = fields.Nested(ItemProduct)
    sku = fields.Nested(ItemSku)
    metadata = Metadata()


class OrderItem(OrderItemRequest):
    """A line item as answered: what was sent and what it is worth; ``applied_*`` is what redeemables just did to it."""

    id = Text()
    object = fields.String(validate=one_of("order_item"))
    subtotal_amount = Money()
    applied_discount_amount = Money()
    applied_discount_quantity = WholeNumber()
    # Both are negative for pieces that gave way to others.
    applied_quantity = fields.Integer()
    applied_quantity_amount = fields.Integer()


class OrderRequest(ContractSchema):
    """An order to create, update or redeem for; an ``id`` or ``source_id`` that exists names the stored order."""

    id = Text()
    source_id = Text()
    status = fields.String(validate=one_of(*STATUSES))
    amount = Money()
    initial_amount = Money()
    discount_amount = Money()
    items = fields.List(
        fields.Nested(OrderItemRequest),
        validate=validate.Length(max=MAX_ITEMS, error=f"must not have more than {MAX_ITEMS} items"),
    )
    customer = fields.Nested(CustomerRequest)
    customer_id = Text()
    referrer = fields.Nested(CustomerRequest)
    referrer_id = Text()
    metadata = Metadata()
    created_at = Moment()


class CalculatedOrder(ContractSchema):
    """An order with what redeemables do to it. Discounts that are zero are left out."""

    id = Text()
    source_id = fields.String(allow_none=True)
    object = fields.String(validate=one_of("order"))
    status = fields.String(validate=one_of(*STATUSES))
    amount = Money()
    initial_amount = Money()
    discount_amount = Money()
    items_discount_amount = Money()
    total_discount_amount = Money()
    total_amount = Money()
    applied_discount_amount = Money()
    items_applied_discount_amount = Money()
    total_applied_discount_amount = Money()
    items = fields.List(fields.Nested(OrderItem))
    metadata = Metadata()
    customer = fields.Nested(CustomerId, allow_none=True)
    customer_id = fields.String(allow_none=True)
    referrer = fields.Nested(CustomerId, allow_none=True)
    referrer_id = fields.String(allow_none=True)


class OrderAnswer(CalculatedOrder):
    """A stored order. ``redemptions`` maps redemption ids to what was redeemed and rolled back."""

    created_at = Text()
    updated_at = fields.String(allow_none=True)
    redemptions = fields.Dict()


class OrderList(ContractSchema):
    """A page of orders, newest first unless asked for otherwise.

    ``more_starting_after`` is the ``starting_after_id`` of the next page, absent on the last. ``total`` is absent where
    pages are asked for in that way: it would count all orders for every page.
    """

    object = fields.String(validate=one_of("list"))
    data_ref = fields.String(validate=one_of("orders"))
    orders = fields.List(fields.Nested(OrderAnswer))
    total = fields.Integer()
    has_more = fields.Boolean()
    more_starting_after = fields.String()
