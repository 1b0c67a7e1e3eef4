"""What is given back when something happens to an order: the default, the setting, the plugin, and what comes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, get_args

import pytest

from checkout_bridge.bridge.restore import RestorePolicy
from checkout_bridge.errors import InvalidInput, RedeemablesRejected
from checkout_bridge.events import Cause, Kind, Occasion

from .policies import LAST_LINE, LINES, PIECE, TWO_PIECES, PolicyWorld, back, kept, policy_worlds, rules_of
from .worlds import BACKENDS, SHOP

KINDS: tuple[Kind, ...] = ("coupon", "promotion", "gift_card", "points")
TYPES = {"coupon": "DISCOUNT_VOUCHER", "promotion": "PROMOTION_TIER", "gift_card": "GIFT_VOUCHER"}
ROW = {"platform": "generic", "order_ref": "1", "id": "chk_1"}
REST = 1001 - TWO_PIECES
numbers = count()


def policy(setting: str = "", says: Callable[..., Any] = lambda *_: None) -> RestorePolicy:
    return RestorePolicy(rules_of(setting), says)


def part(position: int, kind: str) -> dict[str, Any]:
    return {"position": position, "type": TYPES.get(kind, "LOYALTY_CARD")}


@pytest.fixture(scope="module")
def worlds(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, PolicyWorld]]:
    """One of each kind for all; every order has a reference of its own."""
    for make in policy_worlds(empty, tmp_path_factory):
        yield {kind: make(kind) for kind in BACKENDS}


@pytest.fixture(params=BACKENDS)
def world(request: pytest.FixtureRequest, worlds: dict[str, PolicyWorld]) -> PolicyWorld:
    """The policy is the default."""
    worlds[request.param].policy("", lambda *_: None)
    return worlds[request.param]


@pytest.fixture
def ref() -> str:
    """Of an order that no other test has."""
    return str(next(numbers))


@pytest.mark.parametrize("occasion", get_args(Occasion))
@pytest.mark.parametrize("kind", KINDS)
def test_by_default_all_goes_back_but_discounts_of_a_part_and_what_is_disputed(kind: Kind, occasion: Occasion) -> None:
    expected = "restore"
    if occasion == "partial_refund" and kind in ("coupon", "promotion"):
        expected = "full_only"
    if occasion == "chargeback":
        expected = "keep"
    assert policy().says(ROW, occasion, part(0, kind)) == expected


def test_of_what_is_set_later_words_count_more_and_a_star_is_all() -> None:
    said = policy("*=keep, *.coupon = full_only,cancelled=restore,cancelled.points=keep")
    told = {
        (occasion, kind): said.says(ROW, occasion, part(0, kind))
        for occasion in ("expired", "cancelled")
        for kind in KINDS
    }
    assert list(told.values()) == ["full_only", "keep", "keep", "keep", "restore", "restore", "restore", "keep"]


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("chargeback.coupon", "'chargeback.coupon' must look like"),
        ("cancelled=keep, chargebak=keep", "'chargebak' must be one of payment_failed, expired,"),
        ("chargeback.coupons=keep", "'coupons' must be one of coupon,"),
        ("chargeback=forget", "'forget' must be one of restore, keep, full_only"),
        ("chargeback=", "'' must be one of restore"),
    ],
)
def test_a_policy_that_cannot_be_read_names_the_setting_and_the_word(setting: str, named: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        rules_of(setting)
    assert str(refusal.value.details).startswith("CHECKOUT_BRIDGE_RESTORE_POLICY: ")
    assert named in str(refusal.value.details)


def test_the_plugin_is_asked_with_what_it_knows_and_decides_over_the_setting() -> None:
    asked = []

    def says(*told: str) -> Any:
        asked.append(told)
        return "restore" if told[-1] == "coupon" else None

    said = policy("chargeback.gift_card=full_only, chargeback.coupon=full_only", says)
    assert [said.says(ROW, "chargeback", part(0, kind)) for kind in KINDS] == ["restore", "keep", "full_only", "keep"]
    assert asked[2] == ("generic", "1", "chargeback", "gift_card")
    said.says({**ROW, "order_ref": None}, "expired", part(0, "points"))
    assert asked[-1] == ("generic", "chk_1", "expired", "points")


def test_discounts_share_one_rollback_so_they_are_kept_only_if_all_of_them_are() -> None:
    parts = [part(n, kind) for n, kind in enumerate(KINDS)]
    assert policy("cancelled.coupon=keep").kept(ROW, parts, "cancelled") == []
    assert policy("cancelled.coupon=keep, cancelled.points=keep").kept(ROW, parts, "cancelled") == [3]
    assert policy("cancelled.coupon=keep, cancelled.promotion=keep").kept(ROW, parts, "cancelled") == [0, 1]
    assert policy("cancelled=keep").kept(ROW, parts, None) == []


# Points are redeemed with a reward, of which no cart tells: only the faked API redeems them by their code.
TABLE = [
    (kind, backend, occasion, restoring)
    for kind, backend in [
        *((kind, backend) for kind in ("coupon", "gift_card") for backend in BACKENDS),
        ("points", "hosted"),
    ]
    for occasion in (*get_args(Cause), "full_refund")
    for restoring in ("restore", "keep", "full_only")
]


@pytest.mark.parametrize(("kind", "backend", "occasion", "restoring"), TABLE)
def test_at_the_end_of_an_order_each_kind_gets_what_is_set_for_the_occasion(
    kind: str, backend: str, occasion: Any, restoring: str, worlds: dict[str, PolicyWorld], ref: str
) -> None:
    world = worlds[backend]
    world.policy(f"*=restore, {occasion}.{kind}={restoring}", lambda *_: None)
    if kind == "points":
        world.hosted.points.add(f"CARD-{ref}")
    assert world.order_of(ref)["total"] == 501
    assert world.stands(ref) == ("confirmed", 1, 0, "PAID")

    def end() -> dict[str, Any]:
        return world.refund(ref, "r-1") if occasion == "full_refund" else world.cancel_for(ref, occasion)

    previewed = world.preview(ref)
    order = end()
    asked = "r-1" if occasion == "full_refund" else None
    is_kept = {"COUPON": (kind, restoring) == ("coupon", "keep"), "CARD": kind != "coupon" and restoring == "keep"}
    told = [("COUPON", None), ("CARD", 1001)]
    assert back(order) == [(code, amount, asked) for code, amount in told if not is_kept[code]]
    assert kept(order) == [(code, amount, occasion) for code, amount in told if is_kept[code]]
    assert world.stands(ref) == ("unwound", int(is_kept["COUPON"]), 0 if is_kept["CARD"] else 1001, "CANCELED")
    if occasion == "full_refund":
        assert previewed == [(f"{code}-{ref}", amount) for code, amount in told if not is_kept[code]]
    assert end() == order
    assert world.stands(ref)[1:3] == (int(is_kept["COUPON"]), 0 if is_kept["CARD"] else 1001)


def test_a_card_beside_a_kept_coupon_is_credited_and_one_that_is_kept_beside_a_coupon_debited(
    world: PolicyWorld, ref: str
) -> None:
    world.policy("cancelled.coupon=keep, expired.gift_card=keep")
    for cause, moved in (
        ("cancelled", Counter({"POST balance": 1})),
        ("expired", Counter({"POST rollbacks": 1, "POST balance": 1})),
    ):
        world.order_of(f"{ref}-{cause}")
        world.cable.sent.clear()
        world.cancel_for(f"{ref}-{cause}", cause)
        assert {name: world.cable.sent[name] for name in ("POST rollbacks", "POST balance")} == {
            name: moved[name] for name in ("POST rollbacks", "POST balance")
        }


def test_by_default_a_chargeback_moves_nothing_and_only_cancels_the_order(world: PolicyWorld, ref: str) -> None:
    world.order_of(ref)
    world.cable.sent.clear()
    order = world.cancel_for(ref, "chargeback", reason="disputed")
    assert (order["reason"], back(order)) == ("disputed", [])
    assert kept(order) == [("COUPON", None, "chargeback"), ("CARD", 1001, "chargeback")]
    assert world.stands(ref) == ("unwound", 1, 0, "CANCELED")
    assert sum(world.cable.sent[name] for name in ("POST rollbacks", "POST balance")) == 0


def test_a_checkout_that_never_became_an_order_gives_everything_back(world: PolicyWorld, ref: str) -> None:
    world.policy("*=keep")
    world.order_of(ref)
    row = world.flow.get(ref, SHOP)
    world.flow.unwind(row, reason="the shop answered 500", event="shop_failed")
    assert world.stands(ref) == ("unwound", 0, 1001, "CANCELED")
    assert world.order(ref)["kept"] == []


# The first piece, the second, and then the end: what goes back, what is kept, how often the coupon is used after it,
# and what the card holds.
COUPON, CARD = ("COUPON", None), "CARD"
SECOND = TWO_PIECES - PIECE
Steps = list[tuple[list[Any], list[Any], int, int]]
IN_PARTS: dict[str, Steps] = {
    "": [([(CARD, PIECE)], [], 1, PIECE), ([(CARD, SECOND)], [], 1, TWO_PIECES), ([COUPON, (CARD, REST)], [], 0, 1001)],
    "END.coupon=keep": [
        ([(CARD, PIECE)], [], 1, PIECE),
        ([(CARD, SECOND)], [], 1, TWO_PIECES),
        ([(CARD, REST)], [(*COUPON, "END")], 1, 1001),
    ],
    "END.gift_card=keep": [
        ([(CARD, PIECE)], [], 1, PIECE),
        ([(CARD, SECOND)], [], 1, TWO_PIECES),
        ([COUPON], [(CARD, REST, "END")], 0, TWO_PIECES),
    ],
    "END=keep": [
        ([(CARD, PIECE)], [], 1, PIECE),
        ([(CARD, SECOND)], [], 1, TWO_PIECES),
        ([], [(*COUPON, "END"), (CARD, REST, "END")], 1, TWO_PIECES),
    ],
    "partial_refund.coupon=restore": [
        ([COUPON, (CARD, PIECE)], [], 0, PIECE),
        ([(CARD, SECOND)], [], 0, TWO_PIECES),
        ([(CARD, REST)], [], 0, 1001),
    ],
    "partial_refund.gift_card=keep": [
        ([], [(CARD, PIECE, "partial_refund")], 1, 0),
        ([], [(CARD, SECOND, "partial_refund")], 1, 0),
        ([COUPON, (CARD, REST)], [], 0, REST),
    ],
    "partial_refund.gift_card=full_only": [([], [], 1, 0), ([], [], 1, 0), ([COUPON, (CARD, 1001)], [], 0, 1001)],
    "partial_refund.coupon=restore, partial_refund.gift_card=keep": [
        ([COUPON], [(CARD, PIECE, "partial_refund")], 0, 0),
        ([], [(CARD, SECOND, "partial_refund")], 0, 0),
        ([(CARD, REST)], [], 0, REST),
    ],
    "partial_refund=restore, END=keep": [
        ([COUPON, (CARD, PIECE)], [], 0, PIECE),
        ([(CARD, SECOND)], [], 0, TWO_PIECES),
        ([], [(CARD, REST, "END")], 0, TWO_PIECES),
    ],
    "partial_refund=keep": [
        ([], [(CARD, PIECE, "partial_refund")], 1, 0),
        ([], [(CARD, SECOND, "partial_refund")], 1, 0),
        ([(CARD, REST)], [(*COUPON, "END")], 1, REST),
    ],
}


@pytest.mark.parametrize("setting", IN_PARTS)
@pytest.mark.parametrize("end", ["full_refund", "cancelled"])
def test_in_parts_each_step_gives_what_its_preview_said_and_the_end_exactly_the_rest(
    setting: str, end: str, world: PolicyWorld, ref: str
) -> None:
    world.policy(setting.replace("END", end))
    world.order_of(ref)
    order = world.order(ref)
    for n, (goes_back, is_kept, used, balance) in enumerate(IN_PARTS[setting]):
        is_last = n == 2
        if is_last and setting == "partial_refund=keep" and end == "cancelled":
            # Its parts do not come to the whole order: what is said of a cancelled one counts.
            goes_back, is_kept, used = [COUPON, *goes_back], [], 0
        before, lines = (Counter(back(order)), Counter(kept(order))), None if is_last else {"0": 1}
        previewed = world.preview(ref, lines)
        is_cancelled = is_last and end == "cancelled"
        order = world.cancel_for(ref, "cancelled") if is_cancelled else world.refund(ref, f"r-{n}", lines)
        asked = None if is_cancelled else f"r-{n}"
        assert sorted((Counter(back(order)) - before[0]).elements()) == sorted((*one, asked) for one in goes_back)
        assert Counter(kept(order)) - before[1] == Counter((*one[:2], one[2].replace("END", end)) for one in is_kept)
        expected = ("unwound", "CANCELED") if is_last else ("confirmed", "PAID")
        assert world.stands(ref) == (expected[0], used, balance, expected[1])
        if not is_cancelled:
            assert [(code.split("-")[0], amount) for code, amount in previewed] == goes_back
            assert world.refund(ref, f"r-{n}", lines) == order
            assert world.stands(ref)[1:3] == (used, balance)


def test_of_a_card_whose_shares_were_all_kept_nothing_is_left_to_tell(world: PolicyWorld, ref: str) -> None:
    world.policy("partial_refund.gift_card=keep")
    world.order_of(ref)
    world.refund(ref, "r-1", {}, amount=9999)  # money of which nobody can tell what it is for
    assert kept(world.order(ref)) == [("CARD", 1001, "partial_refund")]
    assert world.preview(ref) == [(f"COUPON-{ref}", None)]
    assert back(world.refund(ref, "r-2")) == [("COUPON", None, "r-2")]
    assert world.stands(ref) == ("unwound", 0, 0, "CANCELED")


def test_a_coupon_that_parts_let_go_of_is_somebody_elses_then_and_stays_theirs(world: PolicyWorld, ref: str) -> None:
    world.policy("partial_refund.coupon=restore")
    world.order_of(ref)
    with pytest.raises(RedeemablesRejected):
        world.buy(f"{ref}-too", LINES, (f"COUPON-{ref}",))
    world.refund(ref, "r-1", {"1": 1})
    assert world.balance(f"CARD-{ref}") == LAST_LINE
    assert world.buy(f"{ref}-then", LINES, (f"COUPON-{ref}",))["state"] == "confirmed"
    world.refund(ref, "r-2")
    assert world.stands(ref) == ("unwound", 1, 1001, "CANCELED")
    assert world.cancel(f"{ref}-then")["state"] == "unwound"
    assert world.used(f"COUPON-{ref}") == 0
