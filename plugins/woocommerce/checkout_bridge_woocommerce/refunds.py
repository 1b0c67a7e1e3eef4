"""WooCommerce's refunds: money alone as its orders list them, pieces of lines where a refund tells them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from marshmallow import fields

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.fields import ContractSchema, Text
from checkout_bridge.errors import InvalidInput
from checkout_bridge.events import Ignored, Refund, RefundLine
from checkout_bridge.money import round_minor, to_decimal
from checkout_bridge_woocommerce.payloads import Identifier, is_whole


class _Meta(ContractSchema):
    key = Text(longest=255)
    value = fields.Raw()


class _RefundedItem(ContractSchema):
    quantity = fields.Raw(load_default=0)
    meta_data = fields.List(fields.Nested(_Meta))


class ListedRefund(ContractSchema):
    """A refund as an order lists it; ``line_items`` are there where the shop adds them."""

    id = Identifier(required=True)
    total = fields.Raw()
    amount = fields.Raw()
    line_items = fields.List(fields.Nested(_RefundedItem))


class _Refund(ListedRefund):
    order_id = Identifier()
    parent_id = Identifier()
    currency = Text(longest=3)
    links = fields.Dict(data_key="_links")


_REFUND = _Refund()


def refund(
    order_ref: str, told: Mapping[str, Any], currency: str, field: str, indivisible: Collection[str] = ()
) -> Refund | None:
    """One refund, None when no money went back with it. Raises InvalidInput, naming the field.

    ``field`` is where it is in the payload. ``indivisible`` are the lines whose pieces cannot be counted: what was
    refunded of them is money. The amount has tax and shipping in it, so that it never stands for the whole order.
    """
    if lines := _lines(told, field, indivisible):
        return Refund(order_ref, str(told["id"]), lines)
    name = "total" if "total" in told else "amount"
    exact = to_decimal(told.get(name), f"{field}{name}")
    (amount,) = round_minor([abs(exact)], currency, f"{field}{name}")
    return Refund(order_ref, str(told["id"]), (), amount) if amount else None


def refund_created(payload: Any) -> Refund | Ignored:
    """A refund sent by itself, as WooCommerce's API shows it. Raises InvalidInput, naming the field.

    It names no currency, so one of money alone needs it added.
    """
    told = load(_REFUND, payload)
    order_ref = _order_ref(told)
    if "currency" not in told and not _lines(told, "", ()):
        raise InvalidInput("Payload should have required property 'currency'")
    return refund(order_ref, told, told.get("currency", ""), "") or Ignored("no money was refunded")


def _lines(told: Mapping[str, Any], field: str, indivisible: Collection[str]) -> tuple[RefundLine, ...]:
    """What was refunded by the piece; nothing where one line of it cannot be told in whole pieces of one bought."""
    pieces: Counter[str] = Counter()
    for i, item in enumerate(told.get("line_items", ())):
        quantity = -to_decimal(item["quantity"], f"{field}line_items[{i}].quantity")
        if quantity == 0:
            continue
        bought = next((one["value"] for one in item.get("meta_data", ()) if one.get("key") == "_refunded_item_id"), "")
        if quantity < 0 or not is_whole(quantity) or not str(bought).isdecimal() or str(bought) in indivisible:
            return ()
        pieces[str(bought)] += int(quantity)
    return tuple(RefundLine(line_id, quantity) for line_id, quantity in pieces.items())


def _order_ref(told: Mapping[str, Any]) -> str:
    """The order that it is of: named, or the last part of the link to it."""
    named = told.get("order_id") or told.get("parent_id")
    if named:
        return str(named)
    try:
        ref = str(told["links"]["up"][0]["href"]).rstrip("/").rpartition("/")[2]
    except (KeyError, IndexError, TypeError):
        ref = ""
    if not ref.isdecimal():
        raise InvalidInput("Payload should have required property 'order_id'")
    return ref
