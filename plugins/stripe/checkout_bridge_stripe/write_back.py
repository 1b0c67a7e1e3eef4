"""What applies to a cart, as the one coupon that a session takes."""

from __future__ import annotations

from checkout_bridge.events import Effects, Uncarried, WriteBack
from checkout_bridge.money import format_minor
from checkout_bridge_stripe.amounts import stripe_amount

_LONGEST_NAME = 40  # of a coupon


def coupon_of(effects: Effects) -> WriteBack:
    """``{coupon}``: the body of ``POST /v1/coupons``, whose id then is the session's ``discounts[0].coupon``.

    It takes off all that applies, cards included, since a session takes one coupon only. None: nothing applies.
    """
    currency = effects.cart.currency
    off, rest = stripe_amount(min(max(effects.cart.total - effects.total, 0), effects.cart.total), currency)
    codes = " + ".join(effect.code for effect in effects.applied)
    warnings = [
        Uncarried("free_items", effect.code, "a session's lines are the shop's: add the free pieces there")
        for effect in effects.applied
        if effect.free_items
    ]
    if rest:
        message = f"Stripe takes no such fractions: {format_minor(rest, currency)} {currency} are not taken off"
        warnings.append(Uncarried("rounding", effects.applied[-1].code if effects.applied else "", message))
    coupon = {
        "amount_off": off,
        "currency": currency.lower(),
        "duration": "once",
        "max_redemptions": 1,
        "name": codes[:_LONGEST_NAME],
    }
    return WriteBack({"coupon": coupon if off else None}, tuple(warnings))
