"""The contract's numbers of one coupon, gift card or loyalty card on a cart."""

from __future__ import annotations

from .contract_numbers import (
    BY_QUANTITY,
    IN_PROPORTION,
    IN_PROPORTION_BY_QUANTITY,
    ON_LINES,
    Case,
    amount_off,
    cart,
    coupon,
    fixed_price,
    gift,
    line,
    named,
    percent_off,
    points,
    product,
    tier,
    worth,
)

FURNITURE = cart(
    product("lamp", 1, 2000),
    product("chair", 1, 8000),
    product("stool", 1, 5000),
    product("sofa", 1, 180000),
    amount=195000,
)
SOUVENIRS = cart(
    product("mug", 2, 1000), product("poster", 3, 1500), product("tshirt", 3, 2000), product("bottle", 2, 2500)
)
SHELF = cart(
    product("tshirt", 3, 2000),
    product("poster", 5, 1500),
    product("mug", 2, 1000),
    product("socks", 4, 500),
    product("bottle", 2, 2500),
)
PARTS = cart(
    named("s0", 1, 6500), named("s1", 1, 6000), named("s2", 1, 2000), named("s3", 2, 5000), named("s4", 2, 11000)
)
DRILL_AND_BOOK = cart(named("drill", "1", 10000), named("book", "1", 1500))
# Its lines were sent with amounts that are not those of their prices, and its own is neither.
ODD = cart(product("a", 1, 3000, amount=3300), product("b", 2, 3000, amount=3400), amount=6000)
ODD_LINES = cart(product("a", 1, 3300), product("b", 2, 1700))


def souvenirs(*off: int, total: int) -> dict[str, object]:
    """What a discount on the lines of the souvenirs leaves of them."""
    pieces = ((2, 1000), (3, 1500), (3, 2000), (2, 2500))
    lines = [line(*piece, discount) for piece, discount in zip(pieces, off, strict=True)]
    return worth(17500, *lines, off_lines=total, left=17500 - total)


MATCHED = ("mug", "poster", "tshirt")

ON_THE_ORDER = [
    Case(
        "an amount is at most what earlier discounts left of the order",
        cart(amount=10000, discount_amount=9200),
        [coupon(amount_off(1000))],
        worth(10000, off=10000, applied=800, left=0),
    ),
    Case(
        "an amount off the order leaves its lines alone",
        cart(named("p", 2, 6500)),
        [coupon(amount_off(1000))],
        worth(13000, line(2, 6500), off=1000, left=12000),
    ),
    Case(
        "10 percent of five lines",
        PARTS,
        [coupon(percent_off(10))],
        worth(46500, line(1, 6500), line(1, 6000), line(1, 2000), line(2, 5000), line(2, 11000), off=4650, left=41850),
    ),
    Case(
        "a promotion of 40 percent",
        cart(named("x", 2, 50000), named("y", 1, 100000)),
        [tier(percent_off(40))],
        worth(200000, line(2, 50000), line(1, 100000), off=80000, left=120000),
    ),
    Case(
        "a promotion of 15 percent",
        cart(named("d", 1, 10000, amount=10000), named("m", 1, 40000, amount=40000)),
        [tier(percent_off(15))],
        worth(50000, line(1, 10000), line(1, 40000), off=7500, left=42500),
    ),
    Case(
        "20 percent of an order without lines",
        cart(amount=200000),
        [coupon(percent_off(20))],
        worth(200000, off=40000, left=160000),
    ),
]

ON_LINES_ONLY = [
    Case(
        "an amount off each of two lines of four",
        FURNITURE,
        [coupon(amount_off(1000, ON_LINES), "lamp", "chair")],
        worth(
            195000,
            line(1, 2000, 1000),
            line(1, 8000, 1000),
            line(1, 5000),
            line(1, 180000),
            off_lines=2000,
            left=193000,
        ),
    ),
    Case(
        "an amount in proportion to two lines of four",
        FURNITURE,
        [coupon(amount_off(1000, IN_PROPORTION), "lamp", "chair")],
        worth(
            195000, line(1, 2000, 200), line(1, 8000, 800), line(1, 5000), line(1, 180000), off_lines=1000, left=194000
        ),
    ),
    Case(
        "an amount without an effect is off the lines that its rule speaks of",
        cart(product("prod_a", 1, 20000, amount=20000, discount_quantity=1), amount=20000),
        [coupon(amount_off(1000, None), "prod_a")],
        worth(20000, line(1, 20000, 1000, free=1), off_lines=1000, left=19000),
    ),
    Case(
        "20 percent of one line of two, with quantities sent as text",
        DRILL_AND_BOOK,
        [coupon(percent_off(20, ON_LINES), "book")],
        worth(11500, line(1, 10000), line(1, 1500, 300), off_lines=300, left=11200),
    ),
    Case(
        "every second line, from the second most expensive",
        SHELF,
        [
            coupon(
                amount_off(500, ON_LINES),
                *("tshirt", "poster", "mug", "socks"),
                effect="APPLY_FROM_MOST_EXPENSIVE",
                target="ITEM",
                skip_initially=1,
                repeat=2,
            )
        ],
        worth(
            22500,
            line(3, 2000),
            line(5, 1500, 500),
            line(2, 1000),
            line(4, 500, 500),
            line(2, 2500),
            off_lines=1000,
            left=21500,
        ),
    ),
    Case(
        "an amount once for each line",
        SOUVENIRS,
        [coupon(amount_off(1000, ON_LINES), *MATCHED)],
        souvenirs(1000, 1000, 1000, 0, total=3000),
    ),
    Case(
        "an amount for every piece",
        SOUVENIRS,
        [coupon(amount_off(1000, BY_QUANTITY), *MATCHED)],
        souvenirs(2000, 3000, 3000, 0, total=8000),
    ),
    Case(
        "an amount in proportion to what lines are worth",
        SOUVENIRS,
        [coupon(amount_off(1000, IN_PROPORTION), *MATCHED)],
        souvenirs(160, 360, 480, 0, total=1000),
    ),
    Case(
        "an amount in proportion to the pieces of lines",
        SOUVENIRS,
        [coupon(amount_off(1000, IN_PROPORTION_BY_QUANTITY), *MATCHED)],
        souvenirs(250, 375, 375, 0, total=1000),
    ),
    Case(
        "an amount in proportion, rounded",
        ODD_LINES,
        [coupon(amount_off(300, IN_PROPORTION), "a", "b")],
        worth(6700, line(1, 3300, 148), line(2, 1700, 152), off_lines=300, left=6400),
    ),
    Case(
        "every piece for a fixed price, and one that costs less is left alone",
        SOUVENIRS,
        [coupon(fixed_price(1000), *MATCHED)],
        souvenirs(0, 1500, 3000, 0, total=4500),
    ),
    Case(
        "10 percent of three lines of four",
        SOUVENIRS,
        [coupon(percent_off(10, ON_LINES), *MATCHED)],
        souvenirs(200, 450, 600, 0, total=1250),
    ),
]

CARDS = [
    Case(
        "a gift card gives all it has",
        cart(
            named("g0", 2, 6500),
            named("g1", 2, 5000),
            named("g2", 2, 4500),
            named("g3", 3, 29900),
            named("g4", 4, 11000),
        ),
        [gift(21500)],
        worth(
            165700,
            *(line(2, 6500), line(2, 5000), line(2, 4500), line(3, 29900), line(4, 11000)),
            off=21500,
            left=144200,
        ),
        spent=21500,
    ),
    Case(
        "a gift card on one line gives what was asked",
        cart(product("comic", 1, 1600), product("cup", 1, 3000)),
        [gift(1000, ON_LINES, "cup", asked=300)],
        worth(4600, line(1, 1600), line(1, 3000, 300), off_lines=300, left=4300),
        spent=300,
    ),
    Case(
        "a gift card on quantities sent as text",
        DRILL_AND_BOOK,
        [gift(2500)],
        worth(11500, line(1, 10000), line(1, 1500), off=2500, left=9000),
        spent=2500,
    ),
    Case(
        "a gift card with less than the order costs is empty afterwards",
        cart(named("A", 1, 26500), amount=26500),
        [gift(10000)],
        worth(26500, line(1, 26500), off=10000, left=16500),
        spent=10000,
    ),
    Case(
        "300 points at 20.00 for 100 pay an order of 60.00",
        ODD,
        [points(300, pay=20, of=100)],
        worth(6000, line(1, 3000, amount=3300), line(2, 3000, amount=3400), off=6000, left=0),
        spent=300,
    ),
    Case(
        "200 points at 20.00 for 100 pay 40.00 of it",
        ODD,
        [points(200, pay=20, of=100)],
        worth(6000, line(1, 3000, amount=3300), line(2, 3000, amount=3400), off=4000, left=2000),
        spent=200,
    ),
]

ALONE = [*ON_THE_ORDER, *ON_LINES_ONLY, *CARDS]
