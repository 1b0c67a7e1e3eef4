"""What each kind of export reads, by the contract's name of the exported object."""

from __future__ import annotations

from collections.abc import Mapping

from checkout_bridge.engine.store.export_queries_customers import CUSTOMERS
from checkout_bridge.engine.store.export_queries_sales import ORDERS, PRODUCTS, REDEMPTIONS, SKUS
from checkout_bridge.engine.store.export_queries_source import Source
from checkout_bridge.engine.store.export_queries_vouchers import EXPIRING_POINTS, MOVEMENTS, PUBLICATIONS, VOUCHERS

SOURCES: Mapping[str, Source] = {
    "order": ORDERS,
    "voucher": VOUCHERS,
    "redemption": REDEMPTIONS,
    "publication": PUBLICATIONS,
    "customer": CUSTOMERS,
    "points_expiration": EXPIRING_POINTS,
    "voucher_transactions": MOVEMENTS,
    "product": PRODUCTS,
    "sku": SKUS,
}
