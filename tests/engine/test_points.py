"""Redeeming points of loyalty cards: paying with them, buying things with them, and having them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient

ORDER = {"source_id": "cart-1", "amount": 20_000}
COIN = {"name": "Cash", "parameters": {"coin": {"exchange_ratio": 20, "points_ratio": 100}}}
MUG = {"name": "A mug", "parameters": {"product": {"id": "prod_mug"}}, "stock": 2}


@pytest.fixture(autouse=True)
def card(engine: EngineClient) -> Any:
    """The card ``CARD`` with 1000 points, of a program that belongs to nobody yet."""
    voucher = {"type": "LOYALTY_CARD", "loyalty_card": {"points": 1000}}
    engine.post("/v1/loyalties", {"name": "Club", "voucher": voucher})
    return engine.post("/v1/campaigns/Club/vouchers/CARD", {})


@pytest.fixture
def coin(engine: EngineClient) -> str:
    """The id of a reward that pays 20.00 for 100 points."""
    made = engine.post("/v1/rewards", COIN)
    engine.post(f"/v1/rewards/{made['id']}/assignments", {"campaign": "Club"})
    return str(made["id"])


@pytest.fixture
def mug(engine: EngineClient) -> str:
    """The id of a reward of which there are two, for 400 points each."""
    made = engine.post("/v1/rewards", MUG)
    price = {"parameters": {"loyalty": {"points": 400}}}
    engine.post(f"/v1/rewards/{made['id']}/assignments", {"campaign": "Club", **price})
    return str(made["id"])


def paying(reward: str, points: int | None = None, code: str = "CARD", **request: Any) -> dict[str, Any]:
    """A request with one card."""
    told = {"id": reward} if points is None else {"id": reward, "points": points}
    return {"redeemables": [{"object": "voucher", "id": code, "reward": told}], "order": ORDER, **request}


def redeem(engine: EngineClient, *asked: Any, status: int = 200, **request: Any) -> Any:
    return engine.post("/v1/redemptions", paying(*asked, **request), status=status)


def validate(engine: EngineClient, *asked: Any, **request: Any) -> Any:
    return engine.post("/v1/validations", paying(*asked, **request))


def error_of(answer: Any) -> Any:
    (one,) = answer["inapplicable_redeemables"]
    return one["result"]["error"]


def balance(engine: EngineClient, code: str = "CARD") -> int:
    return int(engine.voucher(code)["loyalty_card"]["balance"])


def movements(engine: EngineClient) -> list[tuple[str, int, int]]:
    """Kind, points and balance after it of what moved on the card, newest first."""
    rows = engine.get("/v1/vouchers/CARD/transactions")["data"]
    told = [(one["type"], one["details"]["balance"]) for one in rows]
    return [(kind, change["points"], change["balance"]) for kind, change in told]


def test_points_pay_by_their_ratio(engine: EngineClient, coin: str) -> None:
    validated = validate(engine, coin, 300)
    done = redeem(engine, coin, 300)

    assert validated["redeemables"][0]["result"] == {"loyalty_card": {"points": 300}}
    assert validated["order"]["total_amount"] == done["order"]["total_amount"] == 14_000
    assert done["order"]["discount_amount"] == 6000
    (redemption,) = done["redemptions"]
    assert (redemption["amount"], redemption["loyalty_card"]) == (300, {"points": 300})
    assert "gift" not in redemption
    assert redemption["voucher"]["loyalty_card"]["balance"] == 700
    assert balance(engine) == 700
    assert movements(engine) == [("POINTS_REDEMPTION", -300, 700)]


def test_no_more_points_are_spent_than_the_order_needs(engine: EngineClient, coin: str) -> None:
    done = redeem(engine, coin, 300, order={"amount": 5001})

    # 250 points pay 50.00, one more pays the last cent.
    assert (done["order"]["total_amount"], done["redemptions"][0]["amount"]) == (0, 251)
    assert balance(engine) == 749


def test_as_many_points_as_the_order_takes_when_none_are_told(engine: EngineClient, coin: str) -> None:
    assert redeem(engine, coin)["redemptions"][0]["amount"] == 1000
    assert balance(engine) == 0


def test_points_see_what_the_redeemables_before_have_left(engine: EngineClient, coin: str) -> None:
    engine.coupon("HALF", percent_off=50)
    coupon = {"object": "voucher", "id": "HALF"}
    body = paying(coin, order={"amount": 4000})

    done = engine.post("/v1/redemptions", {**body, "redeemables": [coupon, *body["redeemables"]]})

    assert [one["amount"] for one in done["redemptions"] if "amount" in one] == [100]
    assert done["order"]["total_amount"] == 0


def test_a_card_needs_a_reward(engine: EngineClient) -> None:
    error = engine.redeem("CARD", order=ORDER, status=400)

    assert (error["key"], error["message"]) == ("missing_reward", "Missing reward")
    assert error_of(engine.validate("CARD", order=ORDER))["key"] == "missing_reward"
    assert balance(engine) == 1000


def test_a_reward_must_be_one_of_the_program(engine: EngineClient) -> None:
    elsewhere = engine.post("/v1/rewards", COIN)["id"]

    for reward in (elsewhere, "rew_none"):
        error = redeem(engine, reward, 10, status=404)
        assert (error["key"], error["details"]) == ("not_found", f"Cannot find reward with id {reward}")


@pytest.mark.parametrize(("request_", "key"), [({"order": {}}, "missing_amount"), ({}, "missing_order")])
def test_points_pay_only_where_it_is_known_what_is_to_be_paid(
    engine: EngineClient, coin: str, request_: dict[str, Any], key: str
) -> None:
    body = {**{name: value for name, value in paying(coin, 10).items() if name != "order"}, **request_}

    assert engine.post("/v1/redemptions", body, status=400)["key"] == key
    assert error_of(engine.post("/v1/validations", body))["key"] == key


def test_more_points_than_there_are_cannot_be_spent(engine: EngineClient, coin: str) -> None:
    error = redeem(engine, coin, 1001, status=400)

    assert (error["key"], error["message"]) == ("loyalty_card_points_exceeded", "loyalty card points exceeded")
    assert error["reason"] == "needs 1001 points, card has 1000"
    assert error_of(validate(engine, coin, 1001))["reason"] == error["reason"]
    assert balance(engine) == 1000


def test_an_empty_card_pays_nothing(engine: EngineClient, coin: str) -> None:
    redeem(engine, coin)

    error = redeem(engine, coin, order={"amount": 100}, status=400)

    assert error["key"] == "loyalty_card_points_exceeded"
    assert error["reason"] == "needs more than 0 points, card has 0"


def test_a_thing_costs_its_points_and_takes_nothing_off(engine: EngineClient, mug: str) -> None:
    validated = validate(engine, mug)
    done = redeem(engine, mug)

    assert validated["redeemables"][0]["result"] == {"loyalty_card": {"points": 400}}
    assert done["order"]["total_amount"] == 20_000
    assert done["redemptions"][0]["amount"] == 400
    assert (balance(engine), engine.get(f"/v1/rewards/{mug}")["redeemed"]) == (600, 1)


def test_a_thing_needs_no_order(engine: EngineClient, mug: str) -> None:
    body = {"redeemables": paying(mug)["redeemables"]}

    assert engine.post("/v1/redemptions", body)["redemptions"][0]["amount"] == 400
    assert balance(engine) == 600


def test_a_thing_for_which_the_points_do_not_reach_is_refused(engine: EngineClient, mug: str) -> None:
    redeem(engine, mug)
    redeem(engine, mug)
    engine.put(f"/v1/rewards/{mug}", {"stock": 9})

    error = redeem(engine, mug, status=400)

    assert (error["key"], error["reason"]) == ("loyalty_card_points_exceeded", "needs 400 points, card has 200")
    assert (balance(engine), engine.get(f"/v1/rewards/{mug}")["redeemed"]) == (200, 2)


def test_no_more_things_are_given_than_there_are(engine: EngineClient, mug: str) -> None:
    for code in ("SECOND", "THIRD"):
        engine.post(f"/v1/campaigns/Club/vouchers/{code}", {})
    redeem(engine, mug)
    redeem(engine, mug, code="SECOND")

    error = redeem(engine, mug, code="THIRD", status=400)

    assert (error["key"], error["reason"]) == ("quantity_exceeded", "of the reward there were 2, all are redeemed")
    assert error_of(validate(engine, mug, code="THIRD"))["key"] == "quantity_exceeded"
    assert balance(engine, "THIRD") == 1000


def test_the_last_thing_is_not_given_to_two_cards_of_one_stack(engine: EngineClient, mug: str) -> None:
    engine.post("/v1/campaigns/Club/vouchers/SECOND", {})
    engine.put(f"/v1/rewards/{mug}", {"stock": 1})
    before = engine.everything()

    cards = [*paying(mug)["redeemables"], *paying(mug, code="SECOND")["redeemables"]]
    error = engine.post("/v1/redemptions", {"redeemables": cards, "order": ORDER}, status=400)

    assert error["key"] == "quantity_exceeded"
    assert engine.everything() == before


def test_a_redemption_tells_its_reward(engine: EngineClient, coin: str, mug: str) -> None:
    assignment = engine.get(f"/v1/rewards/{coin}/assignments")["data"][0]["id"]

    (paid,) = redeem(engine, coin, 100)["redemptions"]
    (bought,) = redeem(engine, mug)["redemptions"]

    told = paid["reward"]
    assert (told["id"], told["name"], told["type"], told["assignment_id"]) == (coin, "Cash", "COIN", assignment)
    assert told["parameters"] == COIN["parameters"]
    assert (bought["reward"]["id"], bought["reward"]["type"]) == (mug, "MATERIAL")
    assert engine.get(f"/v1/redemptions/{paid['id']}")["reward"] == told


@pytest.mark.parametrize("kind", ["coin", "mug"])
def test_a_rollback_gives_points_and_thing_back(
    engine: EngineClient, request: pytest.FixtureRequest, kind: str
) -> None:
    reward = request.getfixturevalue(kind)
    done = redeem(engine, reward, *([400] if kind == "coin" else []))

    back = engine.roll_back(done["redemptions"][0]["id"])

    assert (back["amount"], back["loyalty_card"]) == (-400, {"points": -400})
    assert back["reward"]["id"] == reward
    assert movements(engine) == [("POINTS_REFUND", 400, 1000), ("POINTS_REDEMPTION", -400, 600)]
    card = engine.voucher("CARD")
    assert card["redemption"]["redeemed_quantity"] == card["redemption"]["redeemed_points"] == 0
    assert (card["loyalty_card"]["points"], card["loyalty_card"]["balance"]) == (1000, 1000)
    assert engine.get(f"/v1/rewards/{reward}")["redeemed"] == 0
    assert engine.get("/v1/orders/cart-1")["total_amount"] == 20_000


def test_a_stack_with_a_card_goes_back_as_a_whole(engine: EngineClient, coin: str, mug: str) -> None:
    engine.coupon("CODE", amount_off=100)
    engine.post("/v1/campaigns/Club/vouchers/SECOND", {})
    redeemables = [
        {"object": "voucher", "id": "CODE"},
        *paying(coin, 200)["redeemables"],
        *paying(mug, code="SECOND")["redeemables"],
    ]
    done = engine.post("/v1/redemptions", {"redeemables": redeemables, "order": ORDER})
    assert (done["order"]["total_amount"], balance(engine), balance(engine, "SECOND")) == (15_900, 800, 600)

    engine.roll_back_stack(done["parent_redemption"]["id"])

    assert balance(engine) == balance(engine, "SECOND") == 1000
    assert engine.get(f"/v1/rewards/{mug}")["redeemed"] == 0


def test_points_go_back_though_their_reward_is_gone(engine: EngineClient, mug: str) -> None:
    done = redeem(engine, mug)
    engine.delete(f"/v1/rewards/{mug}")

    engine.roll_back(done["redemptions"][0]["id"])

    assert balance(engine) == 1000


def test_a_session_holds_points_for_its_own_redemption(engine: EngineClient, coin: str) -> None:
    session = {"type": "LOCK", "key": "mine"}
    assert validate(engine, coin, 700, session=session)["valid"] is True

    refused = redeem(engine, coin, 400, status=400)
    assert refused["reason"] == "needs 400 points, card has 300"
    # Others have what is not held: 300 points.
    assert validate(engine, coin)["redeemables"][0]["result"]["loyalty_card"]["points"] == 300

    assert redeem(engine, coin, 800, session=session)["redemptions"][0]["amount"] == 800
    assert redeem(engine, coin, 200, order={"amount": 20_000})["redemptions"][0]["amount"] == 200


def test_a_session_holds_the_price_of_a_thing(engine: EngineClient, coin: str, mug: str) -> None:
    validate(engine, mug, session={"type": "LOCK", "key": "mine"})

    assert validate(engine, coin)["redeemables"][0]["result"]["loyalty_card"]["points"] == 600


@pytest.mark.parametrize("is_known", [True, False])
def test_a_card_is_its_holders_alone(engine: EngineClient, coin: str, is_known: bool) -> None:
    card = engine.post("/v1/loyalties/Club/members", {"customer": {"source_id": "ann"}})["code"]
    bob = {"customer": {"source_id": "bob"}}
    if is_known:
        engine.post("/v1/customers", bob["customer"])

    error = redeem(engine, coin, 10, code=card, status=400, **bob)

    assert error["key"] == "invalid_customer"
    assert balance(engine, card) == 1000
    assert error_of(validate(engine, coin, 10, code=card, **bob))["key"] == "invalid_customer"
    redeem(engine, coin, 10, code=card, customer={"source_id": "ann"})
    redeem(engine, coin, 10, code=card)
    assert balance(engine, card) == 980
