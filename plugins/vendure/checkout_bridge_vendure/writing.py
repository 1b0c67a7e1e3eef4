"""What applies to an order in Vendure's own terms: surcharges that take something off."""

from __future__ import annotations

from typing import Any

from checkout_bridge.events import Effect, Effects, Uncarried, WriteBack
from checkout_bridge.money import allocate, format_minor
from checkout_bridge_vendure.amounts import Precision
from checkout_bridge_vendure.orders import SKU

_TENDER = ("GIFT_VOUCHER", "LOYALTY_CARD")


def write_back(effects: Effects, precision: Precision) -> WriteBack:
    """``{surcharges: [{sku, description, listPrice, listPriceIncludesTax, orderLineId}], rejected: [...]}``.

    ``listPrice`` is negative, in the shop's own integers. A discount has one surcharge for each line it is on, so that
    it can be taxed as that line is; what is paid with has one alone, whose ``orderLineId`` is null and which is not
    taxed. A code that takes nothing off has one of 0, so that the order tells it.
    """
    cart = effects.cart
    left = {line.line_id: line.amount for line in cart.lines}
    surcharges: list[dict[str, Any]] = []
    warnings: list[Uncarried] = []
    for effect in effects.applied:
        shares = _shares(effect, left)
        units, lost = precision.shop_units(sum(shares.values()), cart.currency)
        by_line: dict[str | None, int] = {None: units}
        if effect.type not in _TENDER and units:
            by_line = dict(zip(shares, allocate(units, list(shares.values())), strict=True))
        surcharges += [_surcharge(effect.code, line_id, off) for line_id, off in by_line.items() if off or not units]
        warnings += _uncarried(effect, sum(shares.values()), lost, cart.currency)
    rejected = [{"code": one.code, "key": one.key, "message": one.message} for one in effects.rejected]
    return WriteBack({"surcharges": surcharges, "rejected": rejected}, tuple(warnings))


def _surcharge(code: str, line_id: str | None, off: int) -> dict[str, Any]:
    return {
        "sku": SKU + code,
        "description": code,
        "listPrice": -off,
        "listPriceIncludesTax": True,
        "orderLineId": line_id,
    }


def _shares(effect: Effect, left: dict[str, int]) -> dict[str, int]:
    """What goes off each line in minor units, never more than is left of it; ``left`` is brought down by it."""
    rest, shares = effect.amount, {}
    for line_id, amount in effect.allocations.items():
        share = min(amount, left.get(line_id, 0), rest)
        if share > 0:
            shares[line_id] = share
            left[line_id] -= share
            rest -= share
    return shares


def _uncarried(effect: Effect, on_lines: int, lost: int, currency: str) -> list[Uncarried]:
    warnings = []
    if on_lines < effect.amount:
        amount = format_minor(effect.amount - on_lines, currency)
        warnings.append(Uncarried("not_on_lines", effect.code, f"{amount} {currency} is not on any line of the order"))
    if lost:
        message = f"{format_minor(lost, currency)} {currency} is finer than the shop's precision"
        warnings.append(Uncarried("finer_than_the_shop", effect.code, message))
    for item in effect.free_items:
        what = item.sku or item.product_id or "an unnamed product"
        message = f"{item.quantity} of {what} for nothing: a surcharge cannot add a line"
        warnings.append(Uncarried("free_items", effect.code, message))
    return warnings
