"""The amount fields of orders and lines, as the contract names them. What is zero is left out."""

from __future__ import annotations

from checkout_bridge.engine.pricing.order import Line, OrderState


def order_fields(state: OrderState, since: OrderState | None = None) -> dict[str, int]:
    """The fields of an order in a state; with ``since`` also what was applied from that state to this one."""
    discounts = {
        "discount_amount": state.discount,
        "items_discount_amount": state.items_discount,
        "total_discount_amount": state.discount + state.items_discount,
    }
    fields = {"amount": state.amount}
    if state.initial_amount is not None:
        fields["initial_amount"] = state.initial_amount
    fields |= {name: value for name, value in discounts.items() if value}
    fields["total_amount"] = state.total
    if since is not None:
        fields |= _applied(state.discount - since.discount, state.items_discount - since.items_discount)
    return fields


def _applied(order: int, items: int) -> dict[str, int]:
    """Without any effect both are told as zero; otherwise only the part there is."""
    parts = {"applied_discount_amount": order, "items_applied_discount_amount": items}
    told = {name: value for name, value in parts.items() if value} or {"applied_discount_amount": 0}
    return {**told, "total_applied_discount_amount": order + items}


def line_fields(line: Line, since: Line | None = None) -> dict[str, int]:
    """The fields of a line; with ``since`` also what was applied to it from there to here."""
    fields: dict[str, int] = {}
    if line.quantity or line.initial_quantity is not None:
        fields["quantity"] = line.quantity
    if line.amount is not None:
        fields |= {"amount": line.amount, "subtotal_amount": line.subtotal}
    known = {
        "price": line.price,
        "discount_amount": line.discount or None,
        "discount_quantity": line.free or None,
        "initial_quantity": line.initial_quantity,
        "initial_amount": line.initial_amount,
    }
    if since is not None:
        known |= {
            "applied_discount_amount": line.discount - since.discount or None,
            "applied_discount_quantity": line.free - since.free or None,
            "applied_quantity": line.quantity - since.quantity or None,
            "applied_quantity_amount": (line.amount or 0) - (since.amount or 0) or None,
        }
    return fields | {name: value for name, value in known.items() if value is not None}
