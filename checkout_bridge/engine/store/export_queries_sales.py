"""What exports of orders, redemptions, products and SKUs read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, case, select

from checkout_bridge.engine.store import redemptions as redemption_lists
from checkout_bridge.engine.store.export_queries_source import Columns, Source
from checkout_bridge.engine.store.schema import catalogue, customers, orders, redemptions, vouchers
from checkout_bridge.engine.store.vouchers import TIER


def named(table: Any, *names: str) -> dict[str, ColumnElement[Any]]:
    """Columns under their own names."""
    return {name: table.c[name] for name in names}


def customer_of(customer_id: ColumnElement[Any], what: ColumnElement[Any]) -> ColumnElement[Any]:
    """Something about the customer with this id, for each row."""
    return select(what).where(customers.c.id == customer_id).scalar_subquery()


_ORDER_COLUMNS: Columns = {
    **named(orders, "id", "source_id", "status", "created_at", "updated_at", "customer_id", "referrer_id"),
    **named(orders, "amount", "discount_amount", "items_discount_amount", "total_amount"),
    "total_discount_amount": orders.c.amount - orders.c.total_amount,
    "metadata": orders.c.body["metadata"],
}
ORDERS = Source(
    orders,
    columns=_ORDER_COLUMNS,
    filtered=_ORDER_COLUMNS,
    orders=named(orders, "created_at", "updated_at", "status", "source_id"),
)

_card = select(vouchers.c.type).where(vouchers.c.id == redemptions.c.related_object_id).scalar_subquery()
_REDEMPTION_COLUMNS: Columns = {
    **named(redemptions, "id", "object", "voucher_code", "customer_id", "date", "result", "tracking_id", "order_id"),
    **named(redemptions, "order_amount", "failure_code", "failure_message", "metadata"),
    "campaign": redemption_lists.FILTERED["campaign_name"],
    "promotion_tier_id": case(
        (redemptions.c.related_object_type == "promotion_tier", redemptions.c.related_object_id),
    ),
    "customer_source_id": customer_of(redemptions.c.customer_id, customers.c.source_id),
    "customer_name": customer_of(redemptions.c.customer_id, customers.c.body["name"].as_string()),
    "gift_amount": case((_card == "GIFT_VOUCHER", redemptions.c.amount)),
    "loyalty_points": case((_card == "LOYALTY_CARD", redemptions.c.amount)),
}
REDEMPTIONS = Source(
    redemptions,
    columns=_REDEMPTION_COLUMNS,
    filtered={
        **_REDEMPTION_COLUMNS,
        **redemption_lists.FILTERED,
        "status": redemptions.c.status,
        "related_object": redemptions.c.related_object_type,
        "customer": redemptions.c.customer_id,
        "voucher": redemptions.c.voucher_code,
    },
    orders=redemption_lists.ORDERED,
)


def _of_catalogue(kind: str, *names: str) -> Source:
    columns = {
        **named(catalogue, "id", "source_id", "price", "created_at", "updated_at"),
        **{name: catalogue.c.body[name].as_string() for name in names},
        "image_url": catalogue.c.body["image_url"].as_string(),
        "attributes": catalogue.c.body["attributes"],
        "metadata": catalogue.c.body["metadata"],
        **(named(catalogue, "product_id") if kind == "sku" else {}),
    }
    return Source(
        catalogue,
        columns=columns,
        filtered={name: column for name, column in columns.items() if name != "attributes"},
        orders={"created_at": catalogue.c.number},
        where=(catalogue.c.kind == kind,),
    )


PRODUCTS = _of_catalogue("product", "name")
SKUS = _of_catalogue("sku", "sku", "currency")
# A promotion tier is a row among the vouchers, and no voucher.
IS_VOUCHER = vouchers.c.type != TIER
