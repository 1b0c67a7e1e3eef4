"""The contract's numbers of several redeemables on one order."""

from __future__ import annotations

from .contract_numbers import (
    ON_LINES,
    Case,
    amount_off,
    cart,
    coupon,
    gift,
    line,
    more_than,
    named,
    percent_off,
    tier,
    worth,
)

_SHIRTS = cart(named("mug", 3, 1000), named("tshirt", 3, 2000), named("bottle", 2, 2500))
_TEN, _TWENTY = coupon(percent_off(10)), coupon(percent_off(20))
_TWENTY_OVER_100 = coupon(percent_off(20), rules=more_than(10000))

STACKS = [
    Case(
        "an amount off two lines, then one off the order",
        _SHIRTS,
        [
            coupon(amount_off(2000, ON_LINES, aggregated_amount_limit=5000), "mug", "tshirt"),
            coupon(amount_off(2500)),
        ],
        worth(
            14000,
            *(line(3, 1000, 2000), line(3, 2000, 2000), line(2, 2500)),
            off=2500,
            off_lines=4000,
            left=7500,
        ),
        steps=[
            worth(14000, line(3, 1000, 2000), line(3, 2000, 2000), line(2, 2500), off_lines=4000, left=10000),
            worth(
                14000,
                *(line(3, 1000, 2000, applied=0), line(3, 2000, 2000, applied=0), line(2, 2500)),
                off=2500,
                off_lines=4000,
                applied_lines=0,
                left=7500,
            ),
        ],
    ),
    Case(
        "a gift card, 20 percent of what it left, and a promotion",
        cart(amount=200000),
        [gift(1000, asked=100), coupon(percent_off(20)), tier(amount_off(8000))],
        worth(200000, off=48080, left=151920),
        steps=[
            worth(200000, off=100, left=199900),
            worth(200000, off=40080, applied=39980, left=159920),
            worth(200000, off=48080, applied=8000, left=151920),
        ],
        spent=100,
    ),
    Case(
        "10 and 20 percent of what the first leaves",
        cart(amount=10000),
        [_TEN, _TWENTY],
        worth(10000, off=2800, left=7200),
        steps=[worth(10000, off=1000, left=9000), worth(10000, off=2800, applied=1800, left=7200)],
    ),
    Case(
        "10 and 20 percent of what the order was",
        cart(amount=10000),
        [_TEN, _TWENTY],
        worth(10000, off=3000, left=7000),
        steps=[worth(10000, off=1000, left=9000), worth(10000, off=3000, applied=2000, left=7000)],
        stacking={"discount_calculation_mode": "INITIAL_AMOUNT"},
    ),
    Case(
        "10 percent bring the order below what the 20 percent need",
        cart(amount=10500),
        [_TEN, _TWENTY_OVER_100],
        worth(10500, off=1050, left=9450),
        stacking={"redeemables_application_mode": "PARTIAL", "redeemables_sorting_rule": "REQUESTED_ORDER"},
        left_out=(1,),
    ),
    Case(
        "20 percent that come first have what they need",
        cart(amount=10500),
        [_TWENTY_OVER_100, _TEN],
        worth(10500, off=2940, left=7560),
        steps=[worth(10500, off=2100, left=8400), worth(10500, off=2940, applied=840, left=7560)],
        stacking={"redeemables_application_mode": "PARTIAL"},
    ),
]
