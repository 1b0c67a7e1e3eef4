"""The contract's numbers of free and exchanged pieces."""

from __future__ import annotations

from .contract_numbers import (
    MISSING,
    NEW,
    Case,
    amount_off,
    cart,
    coupon,
    free,
    free_many,
    line,
    named,
    percent_off,
    product,
    sku,
    tier,
    worth,
)

GIFTS = cart(
    product("red", 1, 2900),
    product("blue", 1, 3100),
    product("red", 1, 2900),
    sku("comic", 1, 1700),
    product("vase", 1, 1500),
    product("iphone", 1, 60000),
)
CATALOGUE = {"sku_phone": 210000, "roses": 500, "comic": 1700, "vase": 1500, "iphone": 60000}
RED, BLUE, COMIC, VASE, IPHONE = line(1, 2900), line(1, 3100), line(1, 1700), line(1, 1500), line(1, 60000)

FREE = [
    Case(
        "missing and new pieces of several things, two of them not in the cart yet",
        GIFTS,
        [
            tier(
                free_many(
                    *(free(MISSING, 11, "sku_phone"), free(NEW, 22, "comic")),
                    free(MISSING, 111, "iphone"),
                    free(MISSING, 222, "vase"),
                )
            )
        ],
        worth(
            9351000,
            *(RED, BLUE, RED),
            line(23, 1700, 37400, free=22, before=(1, 1700)),
            line(222, 1500, 333000, free=222, before=(1, 1500)),
            line(111, 60000, 6660000, free=111, before=(1, 60000)),
            line(11, 210000, 2310000, free=11),
            off_lines=9340400,
            left=10600,
            before=72100,
        ),
        prices=CATALOGUE,
    ),
    Case(
        "one missing and one new piece of what is in the cart, with quantities sent as text",
        cart(product("red", "1", 2900), product("blue", "1", 3100), amount=6000),
        [coupon(free_many(free(MISSING, 1, "red"), free(NEW, 1, "blue")))],
        worth(
            9100,
            line(1, 2900, 2900, free=1, before=(1, 2900)),
            line(2, 3100, 3100, free=1, before=(1, 3100)),
            off_lines=6000,
            left=3100,
            before=6000,
        ),
    ),
    Case(
        "five pieces, four of them missing",
        GIFTS,
        [tier(free(MISSING, 5, "vase"))],
        worth(
            78100,
            *(RED, BLUE, RED, COMIC),
            line(5, 1500, 7500, free=5, before=(1, 1500)),
            IPHONE,
            off_lines=7500,
            left=70600,
            before=72100,
        ),
        prices=CATALOGUE,
    ),
    Case(
        "23 missing pieces of which one is there",
        GIFTS,
        [tier(free(MISSING, 23, "comic"))],
        worth(
            109500,
            *(RED, BLUE, RED),
            line(23, 1700, 39100, free=23, before=(1, 1700)),
            *(VASE, IPHONE),
            off_lines=39100,
            left=70400,
            before=72100,
        ),
        prices=CATALOGUE,
    ),
    Case(
        "a missing piece that is not in the cart comes at the end with the catalogue's price",
        cart(named("d", 1, 10000, amount=10000), named("m", 1, 40000, amount=40000)),
        [tier(free(MISSING, 1, "c"))],
        worth(
            53500,
            *(line(1, 10000), line(1, 40000)),
            line(1, 3500, 3500, free=1)
            | {"applied_quantity": 1, "applied_quantity_amount": 3500}
            | {"applied_discount_quantity": 1},
            off_lines=3500,
            left=50000,
            before=50000,
        ),
        prices={"c": 3500},
    ),
    Case(
        "45 new pieces of a SKU that is not in the cart",
        GIFTS,
        [tier(free(NEW, 45, "sku_phone"))],
        worth(
            9522100,
            *(RED, BLUE, RED, COMIC, VASE, IPHONE),
            line(45, 210000, 9450000, free=45),
            off_lines=9450000,
            left=72100,
            before=72100,
        ),
        prices=CATALOGUE,
    ),
    Case(
        "a new piece joins the line of its product",
        cart(product("mug", 1, 1000), named("bottle", 2, 2500)),
        [coupon(free(NEW, 1, "mug"))],
        worth(
            7000,
            *(line(2, 1000, 1000, free=1, before=(1, 1000)), line(2, 2500)),
            off_lines=1000,
            left=6000,
            before=6000,
        ),
    ),
    Case(
        "new pieces on an order with a discount and a free line already",
        cart(
            named("k", 1, 9500),
            named("j", 1, 18500),
            product("ship", 1, None, discount_quantity=1),
            amount=28000,
            discount_amount=8400,
        ),
        [coupon(free(NEW, 3, "sku_8"))],
        worth(
            117700,
            *(line(1, 9500), line(1, 18500), line(1, 0, free=1), line(3, 29900, 89700, free=3)),
            off=8400,
            applied=0,
            off_lines=89700,
            left=19600,
            before=28000,
        ),
        prices={"sku_8": 29900},
    ),
    Case(
        "a new piece without a price anywhere has no amounts",
        cart(named("bottle", 2, 2500)),
        [coupon(free(NEW, 1, "mug"))],
        worth(5000, line(2, 2500), line(1, 0, free=1), left=5000, before=5000),
        prices={"mug": None},
    ),
]

EXCHANGED = [
    Case(
        "one of three exchanged for something cheaper",
        cart(product("shirt", 3, 2500)),
        [coupon(free("REPLACE_ITEMS", 1, "cap"), "shirt")],
        worth(6000, line(2, 2500, before=(3, 7500)), line(1, 1000), left=6000, before=7500),
        prices={"cap": 1000},
    ),
    Case(
        "one of three exchanged for something dearer, whose difference is off",
        cart(product("shirt", 3, 2000)),
        [coupon(free("REPLACE_ITEMS", 1, "coat"), "shirt")],
        worth(6500, line(2, 2000, before=(3, 6000)), line(1, 2500, 500), off_lines=500, left=6000, before=6000),
        prices={"coat": 2500},
    ),
]

# A line that was sent without a quantity has none: its amount is replaced by that of the piece.
_UNCOUNTED = {"product_id": "prod_b", "sku_id": "sku_b", "initial_quantity": 0, "amount": 26500, "price": 26500}

AFTER_OTHERS = [
    Case(
        "3 percent, then 10 percent of lines, then a free piece of a line without a quantity",
        cart(named("A", 1, 26500, amount=26500, discount_amount=2650), _UNCOUNTED, amount=53000),
        [
            coupon({"type": "PERCENT", "percent_off": 3, "effect": "APPLY_TO_ORDER"}),
            coupon(percent_off(10, "APPLY_TO_ITEMS"), "A", "sku_b"),
            coupon(free(MISSING, 1, "sku_b")),
        ],
        worth(
            53000,
            line(1, 26500, 5035, applied=2385),
            line(1, 26500, 26500, free=1),
            off=1511,
            off_lines=31535,
            applied_lines=28885,
            left=19954,
            before=53000,
        ),
        steps=[
            worth(
                53000,
                line(1, 26500, 2650, applied=0),
                line(0, 26500, amount=26500),
                off=1511,
                off_lines=2650,
                applied_lines=0,
                left=48839,
            ),
            worth(
                53000,
                line(1, 26500, 5035, applied=2385),
                line(0, 26500, 2650, amount=26500),
                off=1511,
                applied=0,
                off_lines=7685,
                applied_lines=5035,
                left=43804,
            ),
            worth(
                53000,
                line(1, 26500, 5035, applied=0),
                line(1, 26500, 26500, applied=23850, free=1),
                off=1511,
                applied=0,
                off_lines=31535,
                applied_lines=23850,
                left=19954,
                before=53000,
            ),
        ],
        prices={"sku_b": 26500},
    ),
    Case(
        "a free piece is worth its full price after 30 percent off the order, and nothing is left of it for the next",
        cart(named("A", 4, 26500), sku("sku_h", 1, 64900), amount=170900),
        [
            coupon(percent_off(30)),
            coupon(free(MISSING, 1, "sku_h")),
            coupon(amount_off(1000, "APPLY_TO_ITEMS"), "sku_h"),
        ],
        worth(
            170900,
            *(line(4, 26500), line(1, 64900, 64900, free=1, before=(1, 64900))),
            off=51270,
            off_lines=64900,
            left=54730,
            before=170900,
        ),
        steps=[
            worth(170900, line(4, 26500), line(1, 64900), off=51270, left=119630),
            worth(
                170900,
                *(line(4, 26500), line(1, 64900, 64900, free=1, before=(1, 64900))),
                off=51270,
                applied=0,
                off_lines=64900,
                left=54730,
                before=170900,
            ),
            worth(
                170900,
                *(line(4, 26500), line(1, 64900, 64900, applied=0, free=1, before=(1, 64900))),
                off=51270,
                applied=0,
                off_lines=64900,
                applied_lines=0,
                left=54730,
                before=170900,
            ),
        ],
        prices={"sku_h": 64900},
    ),
]

UNITS = [*FREE, *EXCHANGED, *AFTER_OTHERS]
