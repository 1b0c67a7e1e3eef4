"""Rules about the items of an order, by product, SKU and collection; and on which lines a discount is by collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import EngineClient


@pytest.fixture(autouse=True)
def ids(engine: EngineClient) -> dict[str, str]:
    """A shirt with a red SKU and a mug in the catalogue, and a collection of the shirt: their ids."""
    made = {
        "shirt": engine.post("/v1/products", {"source_id": "shirt", "price": 1000, "metadata": {"kind": "wear"}}),
        "mug": engine.post("/v1/products", {"source_id": "mug", "price": 400, "metadata": {"kind": "china"}}),
        "red": engine.post("/v1/products/shirt/skus", {"source_id": "red", "price": 1500}),
    }
    products = [{"object": "product", "id": made["shirt"]["id"]}]
    wear = {"name": "Wear", "type": "STATIC", "products": products}
    made["wear"] = engine.post("/v1/product-collections", wear)
    return {name: one["id"] for name, one in made.items()}


def line(name: str, quantity: int = 1, **facts: Any) -> dict[str, Any]:
    """A line of a product, or of the SKU ``red``, by source id."""
    kind = "sku" if name == "red" else "product"
    return {"related_object": kind, "source_id": name, "quantity": quantity, **facts}


def obey(engine: EngineClient, which: str, meant: dict[str, Any], **subrule: Any) -> None:
    """Create the coupon ``CODE`` with one rule about the items meant, with at most one subrule."""
    engine.coupon("CODE", amount_off=1)
    rules = {"1": {"name": f"order.items.{subrule.pop('about')}", **subrule}} if subrule else {}
    engine.obey("CODE", rules={"1": {"name": f"order.items.{which}", "conditions": meant, "rules": rules}})


def is_valid(engine: EngineClient, *items: dict[str, Any]) -> bool:
    answer = engine.validate("CODE", order={"items": items} if items else {"amount": 100})
    if not answer["valid"]:
        (one,) = answer["inapplicable_redeemables"]
        assert one["result"]["error"]["key"] == "order_rules_violated"
    return bool(answer["valid"])


def reason(engine: EngineClient, *items: dict[str, Any]) -> Any:
    (one,) = engine.validate("CODE", order={"items": items})["inapplicable_redeemables"]
    return one["result"]["details"].get("reason")


@pytest.mark.parametrize(
    ("which", "only_shirts", "mixed", "only_mugs", "nothing"),
    [
        ("any", True, True, False, False),
        ("every", True, False, False, False),
        ("none", False, False, True, True),
    ],
)
def test_any_every_or_none_of_the_items_is_meant(
    engine: EngineClient, which: str, only_shirts: bool, mixed: bool, only_mugs: bool, nothing: bool
) -> None:
    obey(engine, which, {"$is": [{"object": "product", "source_id": "shirt"}]})

    assert is_valid(engine, line("shirt"), line("red")) is only_shirts
    assert is_valid(engine, line("shirt"), line("mug")) is mixed
    assert is_valid(engine, line("mug")) is only_mugs
    assert is_valid(engine) is nothing


@pytest.mark.parametrize(("which", "wins", "loses"), [("cheapest", "mug", "shirt"), ("most_expensive", "red", "mug")])
def test_the_cheapest_or_dearest_item_is_meant(engine: EngineClient, which: str, wins: str, loses: str) -> None:
    kind = "sku" if wins == "red" else "product"
    obey(engine, which, {"$is": [{"object": kind, "source_id": wins}]})

    assert is_valid(engine, line("shirt"), line("mug"), line("red")) is True
    # Given that there is none of it: something else is the cheapest or dearest.
    assert is_valid(engine, line("shirt"), line(loses)) is False
    assert is_valid(engine) is False


def test_a_price_of_the_cart_decides_which_is_the_cheapest(engine: EngineClient) -> None:
    obey(engine, "cheapest", {"$is": [{"object": "product", "source_id": "shirt"}]})

    assert is_valid(engine, line("shirt", price=300), line("mug")) is True
    assert is_valid(engine, line("shirt", price=500), line("mug")) is False


@pytest.mark.parametrize("named", ["object", "type", "bare"])
@pytest.mark.parametrize("condition", ["$is", "$in", "$from"])
def test_things_are_named_by_objects_or_bare_ids(
    engine: EngineClient, ids: dict[str, str], condition: str, named: str
) -> None:
    name = ids["shirt"]
    told = {"object": {"object": "product", "id": name}, "type": {"type": "product", "id": name}, "bare": name}
    obey(engine, "any", {condition: [told[named]]})

    assert is_valid(engine, line("shirt")) is True
    assert is_valid(engine, line("mug")) is False


@pytest.mark.parametrize("named", ["object", "bare"])
def test_a_collection_means_what_is_in_it(engine: EngineClient, ids: dict[str, str], named: str) -> None:
    told = {"object": {"object": "products_collection", "id": ids["wear"]}, "bare": ids["wear"]}
    obey(engine, "every", {"$is": [told[named]]})

    assert is_valid(engine, line("shirt"), line("red")) is True
    assert is_valid(engine, line("shirt"), line("mug")) is False


def test_a_sku_does_not_mean_its_product(engine: EngineClient, ids: dict[str, str]) -> None:
    obey(engine, "any", {"$is": [{"object": "sku", "id": ids["red"]}]})

    assert is_valid(engine, line("red")) is True
    assert is_valid(engine, line("shirt")) is False


@pytest.mark.parametrize("condition", ["$is_not", "$not_in"])
def test_all_others_may_be_meant(engine: EngineClient, ids: dict[str, str], condition: str) -> None:
    obey(engine, "any", {condition: [ids["shirt"]]})

    assert is_valid(engine, line("mug")) is True
    assert is_valid(engine, line("red")) is False


@pytest.mark.parametrize(
    ("about", "enough", "right", "wrong"),
    [
        ("quantity", 3, [line("shirt", 3)], [line("shirt", 2), line("red", 2), line("mug", 9)]),
        ("aggregated_quantity", 4, [line("shirt", 2), line("red", 2)], [line("shirt", 3), line("mug", 9)]),
        ("price", 1200, [line("red")], [line("shirt", 2), line("mug", price=5000)]),
        ("amount", 2000, [line("shirt", 2)], [line("shirt"), line("red"), line("mug", 9)]),
        ("aggregated_amount", 2500, [line("shirt"), line("red")], [line("shirt", 2), line("mug", 9)]),
    ],
)
def test_subrules_measure_the_items_meant(
    engine: EngineClient, ids: dict[str, str], about: str, enough: int, right: list[Any], wrong: list[Any]
) -> None:
    obey(engine, "any", {"$is": [ids["wear"]]}, about=about, conditions={"$more_than_or_equal": [enough]})

    assert is_valid(engine, *right) is True
    assert is_valid(engine, *wrong) is False


def test_subrules_ask_metadata_of_the_items(engine: EngineClient, ids: dict[str, str]) -> None:
    conditions = {"$is": ["L"]}
    obey(engine, "every", {"$is": [ids["wear"]]}, about="metadata", property="size", conditions=conditions)

    large, small = line("shirt", metadata={"size": "L"}), line("shirt", metadata={"size": "S"})
    assert is_valid(engine, large) is True
    assert is_valid(engine, large, small) is False
    assert is_valid(engine, line("shirt")) is False


def test_subrules_combine_as_their_logic_says(engine: EngineClient, ids: dict[str, str]) -> None:
    engine.coupon("CODE", amount_off=1)
    many = {"name": "order.items.quantity", "conditions": {"$more_than": [4]}}
    dear = {"name": "order.items.price", "conditions": {"$more_than": [2000]}}
    rule = {"name": "order.items.any", "conditions": {"$is": [ids["shirt"]]}}
    engine.obey("CODE", rules={"1": {**rule, "rules": {"1": many, "2": dear, "logic": "1 or 2"}}})

    assert is_valid(engine, line("shirt", 5)) is True
    assert is_valid(engine, line("shirt", price=2001)) is True
    assert is_valid(engine, line("shirt", 4, price=2000)) is False


def test_a_reason_tells_the_number_that_is_wrong(engine: EngineClient, ids: dict[str, str]) -> None:
    obey(engine, "any", {"$is": [ids["wear"]]}, about="aggregated_quantity", conditions={"$more_than_or_equal": [3]})

    assert reason(engine, line("shirt"), line("red"), line("mug", 9)) == "needs 3, cart has 2"
    assert reason(engine, line("mug", 9)) == "needs 3, cart has 0"


def test_what_must_not_be_there_is_given_no_number_as_a_reason(engine: EngineClient, ids: dict[str, str]) -> None:
    obey(engine, "none", {"$is": [ids["shirt"]]}, about="quantity", conditions={"$less_than": [5]})

    assert is_valid(engine, line("shirt", 5)) is True
    assert reason(engine, line("shirt", 3), line("shirt", 9)) == "not met: order.items.none"


@pytest.mark.parametrize(
    ("name", "conditions", "right", "wrong"),
    [
        ("order.items.price_any", {"$more_than": [400]}, ["mug", "shirt"], ["mug", "mug"]),
        ("order.items.price_each", {"$more_than": [400]}, ["red", "shirt"], ["mug", "shirt"]),
        ("product.id", {"$is": ["shirt"]}, ["mug", "red"], ["mug"]),
        ("product.id", {"$is_not": ["shirt"]}, ["mug"], ["mug", "red"]),
        ("sku.id", {"$is": ["red"]}, ["mug", "red"], ["shirt"]),
        ("product.price", {"$is": [1500]}, ["red"], ["shirt"]),
        ("sku.price", {"$less_than": [500]}, ["mug"], ["shirt"]),
        ("product.metadata", {"$is": ["wear"]}, ["red", "mug"], ["mug"]),
    ],
)
def test_names_ask_all_lines(
    engine: EngineClient, name: str, conditions: dict[str, Any], right: list[str], wrong: list[str]
) -> None:
    engine.coupon("CODE", amount_off=1)
    asked = {"property": "kind"} if name.endswith("metadata") else {}
    engine.obey("CODE", rules={"1": {"name": name, "conditions": conditions, **asked}})

    assert is_valid(engine, *map(line, right)) is True
    assert is_valid(engine, *map(line, wrong)) is False
    assert is_valid(engine) is (conditions == {"$is_not": ["shirt"]})


@pytest.mark.parametrize("name", ["product.quantity", "sku.quantity"])
def test_quantities_are_asked_line_by_line(engine: EngineClient, name: str) -> None:
    engine.coupon("CODE", amount_off=1)
    engine.obey("CODE", rules={"1": {"name": name, "conditions": {"$more_than_or_equal": [3]}}})

    assert is_valid(engine, line("mug"), line("red", 3)) is True
    assert is_valid(engine, line("mug", 2), line("red", 2)) is False
    assert reason(engine, line("mug", 2), line("red")) == "needs 3, cart has 2"


@pytest.mark.parametrize(("which", "one_of_two"), [("any", True), ("each", False)])
def test_metadata_of_lines_is_asked_of_any_or_each(engine: EngineClient, which: str, one_of_two: bool) -> None:
    engine.coupon("CODE", amount_off=1)
    rule = {"name": f"order.items.metadata_{which}", "property": "size", "conditions": {"$is": ["L"]}}
    engine.obey("CODE", rules={"1": rule})
    large, small = line("shirt", metadata={"size": "L"}), line("shirt", metadata={"size": "S"})

    assert is_valid(engine, large, large) is True
    assert is_valid(engine, large, small) is one_of_two
    assert is_valid(engine, small, line("shirt")) is False


def test_each_price_that_is_too_low_is_the_reason_and_not_the_others(engine: EngineClient) -> None:
    engine.coupon("CODE", amount_off=1)
    engine.obey("CODE", rules={"1": {"name": "order.items.price_each", "conditions": {"$more_than": [1000]}}})

    assert reason(engine, line("mug"), line("red")) == "needs more than 10.00, cart has 4.00"


def discounted(answer: Any) -> list[int]:
    return [item.get("discount_amount", 0) for item in answer["order"]["items"]]


def test_a_discount_on_a_collection_tells_what_is_in_it(engine: EngineClient, ids: dict[str, str]) -> None:
    engine.coupon("CODE", percent_off=10)
    engine.obey("CODE", applicable_to={"included": [{"object": "products_collection", "id": ids["wear"]}]})

    answer = engine.validate("CODE", order={"items": [line("mug"), line("red"), line("shirt", 2)]})

    assert discounted(answer) == [0, 150, 200]
    listed = answer["redeemables"][0]["applicable_to"]
    told = [(one["object"], one["id"], one["strict"], one["order_item_indices"]) for one in listed["data"]]
    assert told == [("products_collection", ids["wear"], False, [1, 2]), ("product", ids["shirt"], True, [1, 2])]
    assert (listed["total"], listed["data_ref"], listed["object"]) == (2, "data", "list")


def test_what_is_excluded_is_out_though_its_collection_is_included(engine: EngineClient, ids: dict[str, str]) -> None:
    engine.coupon("CODE", percent_off=10)
    included = [{"object": "products_collection", "id": ids["wear"]}]
    excluded = [{"object": "sku", "id": ids["red"]}]
    engine.obey("CODE", applicable_to={"included": included, "excluded": excluded})

    answer = engine.validate("CODE", order={"items": [line("red"), line("shirt")]})

    assert discounted(answer) == [0, 100]
    (out,) = answer["redeemables"][0]["inapplicable_to"]["data"]
    assert (out["id"], out["order_item_indices"]) == (ids["red"], [0])


def test_an_excluded_collection_is_out_of_everything(engine: EngineClient, ids: dict[str, str]) -> None:
    engine.coupon("CODE", percent_off=10)
    excluded = [{"object": "products_collection", "id": ids["wear"]}]
    engine.obey("CODE", applicable_to={"included_all": True, "excluded": excluded})

    assert discounted(engine.validate("CODE", order={"items": [line("red"), line("mug")]})) == [0, 40]


def test_a_collection_that_is_gone_means_nothing(engine: EngineClient, ids: dict[str, str]) -> None:
    obey(engine, "any", {"$is": [ids["wear"]]})
    engine.delete(f"/v1/product-collections/{ids['wear']}")

    assert is_valid(engine, line("shirt")) is False
